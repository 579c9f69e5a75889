"""AVIF, by Pillow: 8 bits a channel."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from PIL import Image

from scotopic.photo import formats
from scotopic.photo.boxes import boxes
from scotopic.photo.carried import items, nclx
from scotopic.photo.codecs import pillow
from scotopic.photo.photo import Photo


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """An AVIF file, and no notes."""
    options = {"quality": quality or pillow.DEFAULT_QUALITY, "subsampling": "4:4:4"}
    data = without_times(pillow.save(photo, formats.FORMATS["AVIF"], options))
    if photo.colour and photo.colour.codes:
        data = nclx.with_codes(data, photo.colour.codes)
    return data, ()


def without_times(data: bytes) -> bytes:
    """An AVIF file whose tracks do not say when they were made.

    libavif writes the time into animations; the same picture would not give the
    same bytes again. ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2.
    """
    result = bytearray(data)
    for start in _headers(data):
        size = 8 if data[start] == 1 else 4  # the version says how long a time is
        result[start + 4 : start + 4 + 2 * size] = bytes(2 * size)
    return bytes(result)


def _headers(data: bytes) -> Iterator[int]:
    """Where the headers with times of creation and modification begin."""
    for _, top, end in boxes(data, 0, len(data), b"moov"):
        yield from (start for _, start, _ in boxes(data, top, end, b"mvhd"))
        for _, track, past in boxes(data, top, end, b"trak"):
            yield from (start for _, start, _ in boxes(data, track, past, b"tkhd"))
            for _, media, stop in boxes(data, track, past, b"mdia"):
                yield from (start for _, start, _ in boxes(data, media, stop, b"mdhd"))


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with its colour, and a note if Pillow reads fewer bits than its file has."""
    if not photo.icc_profile:
        photo = replace(photo, colour=nclx.colour_of(data))
    if not _has_more_bits(data):
        return photo
    return replace(photo, notes=(*photo.notes, "more than 8 bits a channel read as 8"))


def clean_aperture(image: Image.Image, data: bytes) -> tuple[int, int, int, int] | None:
    """The part of a still AVIF picture that is to be shown, before it is turned upright.

    Pillow gives all of the coded picture. ISO/IEC 14496-12, 12.1.4; 23008-12, 6.5.9.

    Parameters
    ----------
    image : PIL image
        Of any format, as Pillow has opened it.
    data : bytes
        Its file.

    Returns
    -------
    left, top, right, bottom : int, or None for all of it
    """
    if image.format != "AVIF" or getattr(image, "n_frames", 1) > 1:
        return None
    size = image.size
    found = next((start for name, start, _ in items.of_the_picture(data) if name == b"clap"), None)
    if found is None or len(data) < found + 32:
        return None
    numbers = struct.unpack(">IIIIiIiI", data[found : found + 32])
    if 0 in numbers[1::2]:
        return None
    width, height, right, down = (
        Fraction(above, below) for above, below in zip(numbers[::2], numbers[1::2], strict=True)
    )
    left = math.floor((size[0] - width) / 2 + right)
    top = math.floor((size[1] - height) / 2 + down)
    box = (left, top, left + round(width), top + round(height))
    is_inside = 0 <= left < box[2] <= size[0] and 0 <= top < box[3] <= size[1]
    return box if is_inside else None


def _has_more_bits(data: bytes) -> bool:
    """Whether an AVIF file has more than 8 bits a channel, by its first box av1C.

    AV1-ISOBMFF, 2.3.3.
    """
    at = data.find(b"av1C")
    return at > 0 and bool(data[at + 6 : at + 7]) and bool(data[at + 6] & 0x40)

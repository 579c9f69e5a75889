"""JPEG 2000: read by Pillow or, with more than 8 bits a channel, by imagecodecs, which writes it.

Metadata stands in boxes beside the pixels. ISO/IEC 15444-1, annex I; the identifiers of
the boxes for EXIF, XMP and IPTC are those that exiftool and Photoshop use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.photo import images
from scotopic.photo.boxes import box, boxes
from scotopic.photo.carried import iptc
from scotopic.photo.carried.exif_block import PREFIX
from scotopic.photo.codecs import deep, pillow
from scotopic.photo.photo import Photo
from scotopic.types import Array

_EXIF = b"JpgTiffExif->JP2"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_CODESTREAM, _STYLE = b"\xff\x4f\xff\x51", b"\xff\x52"


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A JP2 file, and no notes."""
    pixels = images.joined(photo.pixels, photo.alpha)
    pixels = np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if photo.lossless:
        options: dict[str, Any] = {"reversible": True}
    else:
        options = {"level": _ratio_of_signal(quality or pillow.DEFAULT_QUALITY)}
    made = bytes(deep.package().jpeg2k_encode(pixels, codecformat="jp2", **options))
    return _with_boxes(made, photo), ()


def _ratio_of_signal(quality: int) -> float:
    """The PSNR, in dB, that stands for a quality from 1 to 99."""
    return 25 + quality / 4


def _with_boxes(made: bytes, photo: Photo) -> bytes:
    """A JP2 file with boxes for what a photo carries."""
    parts = []
    for name, start, end in boxes(made, 0, len(made), b""):
        if name == b"jp2h":
            parts.append(box(name, _header(made[start:end], photo)))
            continue
        if name == b"jp2c":
            parts += [box(b"uuid", key + value) for key, value in _beside(photo)]
        parts.append(box(name, made[start:end]))
    return b"".join(parts)


def _beside(photo: Photo) -> Iterator[tuple[bytes, bytes]]:
    if photo.exif:
        yield _EXIF, photo.exif.removeprefix(PREFIX)
    if photo.xmp:
        yield _XMP, photo.xmp
    records = iptc.records_of(photo.photoshop) if photo.photoshop else None
    if records:
        yield _IPTC, records


def _header(content: bytes, photo: Photo) -> bytes:
    """The box jp2h with the colour profile, which channel is alpha, and the resolution."""
    parts = []
    for name, start, end in boxes(content, 0, len(content), b""):
        given = content[start:end]
        if name == b"colr" and photo.icc_profile:
            given = b"\x02\0\0" + photo.icc_profile
        parts.append(box(name, given))
    if photo.alpha is not None:
        colours = photo.pixels.shape[-1]
        kinds = [(index, 0, index + 1) for index in range(colours)] + [(colours, 1, 0)]
        table = b"".join(_bytes(number, 2) for kind in kinds for number in kind)
        parts.append(box(b"cdef", _bytes(len(kinds), 2) + table))
    if photo.dpi is not None:
        across, down = photo.dpi
        hundredths = max(photo.dpi) * 100 < 2**16
        scale, power = (100, 2) if hundredths else (1, 4)
        # Dots per metre as a fraction over 254 and a power of ten: dpi * 100 / 2.54.
        sides = b"".join(
            _bytes(min(round(dpi * scale), 2**16 - 1), 2) + _bytes(254, 2) for dpi in (down, across)
        )
        parts.append(box(b"res ", box(b"resc", sides + bytes([power, power]))))
    return b"".join(parts)


def info(data: bytes) -> dict[str, bytes]:
    """EXIF, XMP and colour profile of a file, under Pillow's names."""
    names = {_EXIF: "exif", _XMP: "xmp"}
    found = {names[key]: value for key, value in _uuids(data) if key in names}
    if "exif" in found:
        found["exif"] = PREFIX + found["exif"].removeprefix(PREFIX)
    for _, start, end in boxes(data, 0, len(data), b"jp2h"):
        for _, first, past in boxes(data, start, end, b"colr"):
            if data[first] in (2, 3):
                found["icc_profile"] = data[first + 3 : past]
    return found


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with its file's IPTC records, and whether it was compressed without loss."""
    records = dict(_uuids(data)).get(_IPTC)
    resources = iptc.resources_of(records) if records else None
    return replace(photo, photoshop=resources, lossless=is_lossless(image, data))


def is_lossless(image: Image.Image, data: bytes) -> bool:
    """Whether a file is compressed without loss, by its transform. ISO/IEC 15444-1, A.6.1."""
    at = data.find(_STYLE, max(0, data.find(_CODESTREAM)))
    return at >= 0 and data[at + 13 : at + 14] == b"\x01"


def is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether a file has more than 8 bits a channel."""
    return bits(data) > 8


def bits(data: bytes) -> int:
    """Bits a channel, the most of all. ISO/IEC 15444-1, A.5.1."""
    at = data.find(_CODESTREAM)
    if at < 0:
        return 8
    channels = int.from_bytes(data[at + 40 : at + 42], "big")
    sizes = data[at + 42 : at + 42 + 3 * min(channels, 16) : 3]
    return max(((size & 0x7F) + 1 for size in sizes), default=8)


def decode_deep(image: Image.Image, data: bytes) -> Array:
    """Pixels of a file of more than 8 bits a channel, uint16, with alpha as the last channel.

    Raises
    ------
    UnreadableError
        For signed numbers, and for more than 16 bits.
    """
    profile = "icc_profile" in info(data)
    # With a profile the decoder would convert colours to sRGB; the bare pixels have none.
    found = boxes(data, 0, len(data), b"jp2c")
    start, end = next(((first, past) for _, first, past in found), (0, len(data)))
    array = np.asarray(deep.package().jpeg2k_decode(data[start:end] if profile else data))
    return deep.widened(array, bits(data))


def _uuids(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    for _, start, end in boxes(data, 0, len(data), b"uuid"):
        yield data[start : start + 16], data[start + 16 : end]


def _bytes(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")

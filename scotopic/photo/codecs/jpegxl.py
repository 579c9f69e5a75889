"""JPEG XL, by imagecodecs, which gives and takes pixels alone; metadata stands in boxes.

ISO/IEC 18181-2, clause 9 (boxes). The codestream has a place for a colour profile, but
imagecodecs neither reads nor writes it there: results are in sRGB.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.errors import UnreadableError
from scotopic.photo import formats, images
from scotopic.photo.boxes import box, boxes
from scotopic.photo.carried import curves, exif
from scotopic.photo.carried.exif_block import PREFIX
from scotopic.photo.codecs import deep, pillow
from scotopic.photo.codecs.jpegxl_header import JxlHeader, header_of, with_curve_of_srgb
from scotopic.photo.images import Decoded
from scotopic.photo.photo import Photo

_BARE = b"\xff\x0a"
_MOST_TEXT = 2**26
"""Most bytes of metadata that is packed: a small file can claim any number."""


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A JPEG XL file, and no notes."""
    colours = photo.pixels
    if colours.dtype == np.uint16 and not photo.lossless:
        # libjxl is told by imagecodecs that numbers of 16 bits are linear, and changes them
        # by that where it loses some. What is said of them is put right behind it.
        colours = curves.decoded(colours, np.uint16, curves.LINEAR)
    pixels = images.joined(colours, photo.alpha)
    pixels = np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    options: dict[str, Any] = {"lossless": True}
    if not photo.lossless:
        options = {"distance": _distance(quality or pillow.DEFAULT_QUALITY)}
    made = bytes(deep.package().jpegxl_encode(pixels, usecontainer=True, **options))
    parts = []
    for name, start, end in boxes(made, 0, len(made), b""):
        content = made[start:end]
        if name == b"jxlc":
            content = with_curve_of_srgb(content)
            parts += [box(*each) for each in _beside(photo)]
        parts.append(box(name, content))
    return b"".join(parts), ()


def _beside(photo: Photo) -> Iterator[tuple[bytes, bytes]]:
    if photo.exif:
        yield b"Exif", bytes(4) + photo.exif.removeprefix(PREFIX)
    if photo.xmp:
        yield b"xml ", photo.xmp


def _distance(quality: int) -> float:
    """The distance of libjxl for a quality from 1 to 100, as its own programs have it."""
    if quality >= 30:
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


def is_jxl(data: bytes) -> bool:
    """Whether a file is JPEG XL."""
    return formats.of_content(data) is formats.FORMATS["JPEGXL"]


def open_jxl(data: bytes) -> tuple[Image.Image, JxlHeader]:
    """What a file says, before its pixels are decoded.

    Returns
    -------
    image : PIL image
        Empty; it stands for the file where functions take what Pillow has opened.
    header : JxlHeader
    """
    image = Image.new("RGB", (1, 1))
    image.format = "JPEGXL"
    return image, header_of(_codestream(data))


def info(data: bytes) -> dict[str, bytes]:
    """EXIF and XMP of a file, under Pillow's names. Packed boxes that are damaged are passed over."""
    found = {}
    for name, content in _metadata(data):
        if name == b"Exif" and len(content) > 4:
            block = content[4 + int.from_bytes(content[:4], "big") :]
            # The codestream tells how the picture stands, and the decoder turns it.
            found["exif"] = exif.of_result(block) if exif.has_header(block) else block
        if name == b"xml ":
            found["xmp"] = content
    return found


def decode(data: bytes, header: JxlHeader) -> Decoded:
    """Pixels of the first frame, upright, and notes.

    Raises
    ------
    MissingPackageError
        Without imagecodecs.
    UnreadableError
        For colours other than RGB or gray.
    """
    array = np.asarray(deep.package().jpegxl_decode(data, index=0))
    if array.ndim > 3 or (array.ndim == 3 and array.shape[-1] > 4):
        raise UnreadableError("a JPEG XL of other channels than RGB or gray and alpha")
    notes = []
    if not header.is_srgb and header.linear_at is None:
        notes.append("colour profile or space of a JPEG XL not read: colours are taken as sRGB")
    if header.is_animated:
        notes.append("an animated JPEG XL: the first frame is taken")
    if array.dtype.kind == "f":
        notes.append("floating-point numbers cut to 0 to 1, at 16 bits a channel")
        array = np.rint(65535 * np.clip(np.nan_to_num(array), 0, 1)).astype(np.uint16)
    elif header.bits != 8:
        array = deep.widened(array, header.bits)
    taken = images.split(array, notes=tuple(notes))
    if header.linear_at is None:
        return taken
    notes.append("linear light given the curve of sRGB")
    return replace(taken, **_curved(taken), notes=tuple(notes))


def _curved(taken: Decoded) -> dict[str, Any]:
    alpha = taken.alpha
    if alpha is not None and alpha.dtype == np.uint8:
        alpha = deep.widened(alpha, 8)
    return {"pixels": curves.encoded(taken.pixels, curves.LINEAR), "alpha": alpha}


def is_lossless(image: Image.Image, data: bytes) -> bool:
    """Whether a file is compressed without loss, and does not hold a JPEG."""
    holds_jpeg = any(boxes(data, 0, len(data), b"jbrd"))
    return not header_of(_codestream(data)).is_xyb and not holds_jpeg


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with whether its file was compressed without loss, and a note on damage."""
    read = {name for name, _ in _metadata(data)}
    stored = {name for name, _, _ in _stored(data)}
    notes = (*photo.notes, "metadata left out: it is damaged") if stored - read else photo.notes
    return replace(photo, lossless=is_lossless(image, data), notes=notes)


def _codestream(data: bytes) -> bytes:
    """The start of the codestream."""
    if data.startswith(_BARE):
        return data[:300]
    for name, start, end in boxes(data, 0, len(data), b"jxl"):
        if name in (b"jxlc", b"jxlp"):
            start += 4 if name == b"jxlp" else 0
            return data[start : min(end, start + 300)]
    raise UnreadableError("damaged: a JPEG XL without a picture")


def _metadata(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the boxes Exif and xml, unpacked; not of those that are damaged."""
    for name, is_packed, content in _stored(data):
        if not is_packed:
            yield name, content
            continue
        with contextlib.suppress(ValueError, RuntimeError):  # of which imagecodecs' errors are
            yield name, bytes(deep.package().brotli_decode(content, out=_MOST_TEXT))


def _stored(data: bytes) -> Iterator[tuple[bytes, bool, bytes]]:
    """Names of these boxes, whether they are packed, and what is in them."""
    if data.startswith(_BARE):
        return
    for name, start, end in boxes(data, 0, len(data), b""):
        is_packed = name == b"brob"
        first = start + 4 if is_packed else start
        name = data[start:first] or name
        if name in (b"Exif", b"xml "):
            yield name, is_packed, data[first:end]

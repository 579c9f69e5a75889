"""JPEG XL, by imagecodecs, which gives and takes pixels alone; metadata stands in boxes.

ISO/IEC 18181-2, clause 9 (boxes). The codestream has a place for a colour profile, but
imagecodecs neither reads nor writes it there: results are in sRGB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.errors import UnreadableError
from scotopic.photo import images
from scotopic.photo.boxes import boxes
from scotopic.photo.carried import curves, exif
from scotopic.photo.carried.exif_block import PREFIX
from scotopic.photo.codecs import deep, pillow
from scotopic.photo.codecs.jpeg2000 import widened
from scotopic.photo.codecs.jpegxl_header import JxlHeader, header_of, with_curve_of_srgb
from scotopic.photo.images import Decoded
from scotopic.photo.photo import Photo

_BARE = b"\xff\x0a"
_MOST_TEXT = 2**26
"""Most bytes of metadata that is packed: a small file can claim any number."""


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A JPEG XL file, and no notes. Without a quality one that was lossless is so again."""
    is_lossless = quality == 100 or (photo.lossless and quality is None)
    colours = photo.pixels
    if colours.dtype == np.uint16 and not is_lossless:
        # libjxl is told by imagecodecs that numbers of 16 bits are linear, and changes them
        # by that where it loses some. What is said of them is put right behind it.
        colours = curves.decoded(colours, np.uint16, curves.LINEAR)
    pixels = images.joined(colours, photo.alpha)
    pixels = np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    options: dict[str, Any] = {"lossless": True}
    if not is_lossless:
        options = {"distance": _distance(quality or pillow.DEFAULT_QUALITY)}
    made = bytes(deep.package().jpegxl_encode(pixels, usecontainer=True, **options))
    parts = []
    for name, start, end in boxes(made, 0, len(made), b""):
        content = made[start:end]
        if name == b"jxlc":
            content = with_curve_of_srgb(content)
            parts += [_box(*each) for each in _beside(photo)]
        parts.append(_box(name, content))
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


def open_jxl(data: bytes) -> tuple[Image.Image, JxlHeader]:
    """What a file says, before its pixels are decoded.

    Returns
    -------
    image : PIL image
        Empty, with what the file carries in its ``info``.
    header : JxlHeader
    """
    image = Image.new("RGB", (1, 1))
    image.format = "JPEGXL"
    for name, content in _boxes(data).items():
        if name == b"Exif" and len(content) > 4:
            block = content[4 + int.from_bytes(content[:4], "big") :]
            # The codestream tells how the picture stands, and the decoder turns it.
            image.info["exif"] = exif.of_result(block) if exif.has_header(block) else block
        if name == b"xml ":
            image.info["xmp"] = content
    return image, header_of(_codestream(data))


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
        array = widened(array, header.bits)
    taken = images.split(array, notes=tuple(notes))
    if header.linear_at is None:
        return taken
    notes.append("linear light given the curve of sRGB")
    return replace(taken, **_curved(taken), notes=tuple(notes))


def _curved(taken: Decoded) -> dict[str, Any]:
    alpha = taken.alpha
    if alpha is not None and alpha.dtype == np.uint8:
        alpha = widened(alpha, 8)
    return {"pixels": curves.encoded(taken.pixels, curves.LINEAR), "alpha": alpha}


def is_lossless(image: Image.Image, data: bytes) -> bool:
    """Whether a file is compressed without loss, and does not hold a JPEG."""
    return not header_of(_codestream(data)).is_xyb and b"jbrd" not in _boxes(data)


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with whether its file was compressed without loss."""
    photo.lossless = is_lossless(image, data)
    return photo


def _codestream(data: bytes) -> bytes:
    """The start of the codestream."""
    if data.startswith(_BARE):
        return data[:300]
    for name, start, end in boxes(data, 0, len(data), b"jxl"):
        if name in (b"jxlc", b"jxlp"):
            start += 4 if name == b"jxlp" else 0
            return data[start : min(end, start + 300)]
    raise UnreadableError("damaged: a JPEG XL without a picture")


def _boxes(data: bytes) -> dict[bytes, bytes]:
    """Boxes of a file beside its codestream, by their names; those that are packed unpacked."""
    if data.startswith(_BARE):
        return {}
    result = {}
    for name, start, end in boxes(data, 0, len(data), b""):
        if name == b"brob":
            name, content = data[start : start + 4], data[start + 4 : end]
            result[name] = bytes(deep.package().brotli_decode(content, out=_MOST_TEXT))
        elif not name.startswith(b"jxl"):
            result[name] = data[start:end]
    return result


def _box(name: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + name + content

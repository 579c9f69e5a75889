"""PNG of 8 bits a channel by Pillow, of 16 by imagecodecs, with the same chunks beside pixels."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from scotopic.photo import formats, images
from scotopic.photo.carried.colour import Colour
from scotopic.photo.codecs import deep, pillow
from scotopic.photo.photo import Photo, readable

_XMP_TEXT = "XML:com.adobe.xmp"
_HEAD = 8 + 25
"""Bytes of the signature and the chunk IHDR."""
_OF_PIXELS = (b"IHDR", b"IDAT", b"IEND")
_COLOUR = (b"cICP", b"cHRM", b"gAMA", b"sRGB", b"mDCV", b"mDCv")
_LIGHT = (b"cLLI", b"cLLi")


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A PNG file, and no notes. There is no quality: all is kept."""
    if photo.pixels.dtype != np.uint16:
        png, beside = _saved(photo), b""
    else:
        png = deep.encode_png(images.joined(photo.pixels, photo.alpha))
        beside = _chunks_beside_pixels(photo)
    return png[:_HEAD] + _colour_chunks(photo.colour) + beside + png[_HEAD:], ()


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with what its file says by numbers of its colours.

    How bright its lights are at most is left out: that is so no more.
    """
    found: dict[bytes, bytes] = {}
    for kind, chunk in _chunks(data):
        if kind in _OF_PIXELS[1:]:
            break
        found.setdefault(kind, chunk)
    kept = b"".join(chunk for kind, chunk in found.items() if kind in _COLOUR)
    notes = photo.notes
    if any(kind in _LIGHT for kind in found):
        notes = (*notes, "content light level left out: it is another one now")
    return replace(photo, colour=_colour_of(found, kept) if kept else None, notes=notes)


def _colour_of(found: dict[bytes, bytes], kept: bytes) -> Colour:
    codes, xy, exponent = found.get(b"cICP", b"")[8:10], None, None
    if len(codes) == 2:
        return Colour((codes[0], codes[1]), chunks=kept)
    if b"sRGB" not in found:
        chromaticities = found.get(b"cHRM", b"")[8:40]
        if len(chromaticities) == 32:
            xy = tuple(np.frombuffer(chromaticities, ">u4") / 100_000)
        gamma = int.from_bytes(found.get(b"gAMA", b"")[8:12], "big")
        exponent = 100_000 / gamma if gamma else None
    return Colour(None, xy, exponent, kept)


def _colour_chunks(colour: Colour | None) -> bytes:
    if colour is None or colour.chunks or colour.codes is None:
        return b"" if colour is None else colour.chunks
    data = b"cICP" + bytes((*colour.codes, 0, 1))  # RGB, of the full range
    return (4).to_bytes(4, "big") + data + zlib.crc32(data).to_bytes(4, "big")


def _saved(photo: Photo) -> bytes:
    return pillow.save(photo, formats.FORMATS["PNG"], {"pnginfo": _text(photo)})


def _text(photo: Photo) -> Any:
    info = PngImagePlugin.PngInfo()
    for key, value in photo.text.items():
        info.add_itxt(key, readable(value))
    if photo.xmp:
        info.add_itxt(_XMP_TEXT, photo.xmp.decode("utf-8", "replace"))
    return info


def _chunks_beside_pixels(photo: Photo) -> bytes:
    """The chunks that Pillow writes for a photo of 8 bits beside those of the pixels."""
    small = replace(photo, pixels=np.zeros((1, 1, 3), np.uint8), alpha=None, animation=None)
    return b"".join(chunk for kind, chunk in _chunks(_saved(small)) if kind not in _OF_PIXELS)


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Name of each chunk, and all of it."""
    result, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        result.append((png[at + 4 : at + 8], png[at : at + 12 + length]))
        at += 12 + length
    return result

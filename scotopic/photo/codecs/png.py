"""PNG of 8 bits a channel by Pillow, of 16 by imagecodecs, with the same chunks beside pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import PngImagePlugin

from scotopic.photo import formats, images
from scotopic.photo.codecs import deep, pillow
from scotopic.photo.photo import Photo

_XMP_TEXT = "XML:com.adobe.xmp"
_HEAD = 8 + 25
"""Bytes of the signature and the chunk IHDR."""
_OF_PIXELS = (b"IHDR", b"IDAT", b"IEND")


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A PNG file, and no notes. There is no quality: all is kept."""
    if photo.pixels.dtype != np.uint16:
        return _saved(photo), ()
    png = deep.encode_png(images.joined(photo.pixels, photo.alpha))
    return png[:_HEAD] + _chunks_beside_pixels(photo) + png[_HEAD:], ()


def _saved(photo: Photo) -> bytes:
    return pillow.save(photo, formats.FORMATS["PNG"], {"pnginfo": _text(photo)})


def _text(photo: Photo) -> Any:
    info = PngImagePlugin.PngInfo()
    for key, value in photo.text.items():
        info.add_itxt(key, value)
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

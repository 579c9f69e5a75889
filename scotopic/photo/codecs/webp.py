"""WebP, by Pillow."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from scotopic.photo import formats
from scotopic.photo.codecs import pillow
from scotopic.photo.cut_off import MOST_CLAIMED, Completed, fill
from scotopic.photo.photo import Photo


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A WebP file, and no notes."""
    options = {"quality": quality or pillow.DEFAULT_QUALITY, "lossless": photo.lossless}
    return pillow.save(photo, formats.FORMATS["WEBP"], options), ()


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A WebP that was cut off, with filler in the place of what is missing of its pixels.

    Of an animation the frames stay that are whole; metadata that was cut is left out.
    """
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        past = at + 8 + size + size % 2
        if past > len(data):
            break
        at = past
    else:
        kind, past = b"", at
    if len(data) >= 8 + int.from_bytes(data[4:8], "little"):
        return None
    whole = data[:at]
    if kind in (b"VP8 ", b"VP8L") and past < MOST_CLAIMED:
        whole = fill(data, past, filler)
    return whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:], kind != b"ANMF"


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with whether its file was compressed without loss."""
    return replace(photo, lossless=is_lossless(image, data))


def is_lossless(image: Image.Image, data: bytes) -> bool:
    """Whether a WebP file is compressed without loss.

    That is told by the name of its first chunk of pixels. RFC 9649, 2.4 to 2.7.
    """
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"ANMF":
            at += 8 + 16  # a frame: its chunks stand within
            continue
        if kind in (b"VP8 ", b"VP8L", b"ALPH"):
            return kind == b"VP8L"
        at += 8 + size + size % 2
    return False

"""AVIF, by Pillow: 8 bits a channel."""

from __future__ import annotations

from scotopic.photo import formats
from scotopic.photo.codecs import pillow
from scotopic.photo.photo import Photo


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """An AVIF file, and no notes."""
    options = {"quality": quality or pillow.DEFAULT_QUALITY, "subsampling": "4:4:4"}
    return pillow.save(photo, formats.FORMATS["AVIF"], options), ()


def is_deep(data: bytes) -> bool:
    """Whether an AVIF file has more than 8 bits a channel, by its first box av1C.

    AV1-ISOBMFF, 2.3.3.
    """
    at = data.find(b"av1C")
    return at > 0 and bool(data[at + 6 : at + 7]) and bool(data[at + 6] & 0x40)

"""BMP, by Pillow."""

from __future__ import annotations

from scotopic.photo import formats
from scotopic.photo.codecs import pillow
from scotopic.photo.cut_off import MOST_CLAIMED, Completed, fill
from scotopic.photo.photo import Photo


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A BMP that was cut off, with filler for the missing rows."""
    size = int.from_bytes(data[2:6], "little")
    return (fill(data, size, filler), True) if len(data) < size < MOST_CLAIMED else None


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A BMP file, and no notes. There is no quality: pixels are kept as they are."""
    return pillow.save(photo, formats.FORMATS["BMP"], {}), ()

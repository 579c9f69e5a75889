"""BMP, by Pillow."""

from __future__ import annotations

from scotopic.photo import formats
from scotopic.photo.codecs import pillow
from scotopic.photo.photo import Photo


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A BMP file, and no notes. There is no quality: pixels are kept as they are."""
    return pillow.save(photo, formats.FORMATS["BMP"], {}), ()

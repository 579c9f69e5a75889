"""Decoders and encoders, one module a format, where Pillow alone does not do."""

from collections.abc import Callable

from scotopic.photo.codecs import avif, bmp, gif, jpeg, png, tiff, webp
from scotopic.photo.photo import Photo

Encoder = Callable[[Photo, int | None], tuple[bytes, tuple[str, ...]]]
"""Takes a photo that its format can hold (`scotopic.photo.writing` sees to that), and a
quality from 1 to 100 or None; gives the file, and notes on what could not be kept."""

ENCODERS: dict[str, Encoder] = {
    "AVIF": avif.encode,
    "BMP": bmp.encode,
    "GIF": gif.encode,
    "JPEG": jpeg.encode,
    "PNG": png.encode,
    "TIFF": tiff.encode,
    "WEBP": webp.encode,
}
"""The encoder of each format that is written, by the format's name."""

"""The code of each format: the module that has the name of its row in lower case.

What such a module may have, beside functions of its own:

``encode(photo, quality)``
    Every format that is written has it; see `Encoder`.
``carried(photo, image, data)``
    The photo with what its file carries and Pillow passes over.
``info(data)``
    EXIF, XMP and colour profile, under Pillow's names, where Pillow does not read them.
``is_lossless(image, data)``
    Whether a file of a format whose row says ``lossy`` is compressed without loss, or
    one of another format is not.
``most_pixels(image, data)``
    How many pixels are decoded, of all frames together, for a format whose files may
    need more of them than the size of the first frame tells.
``is_deep(image, data)``, ``decode_deep(image, data)``
    Whether a file has more than 8 bits a channel where Pillow would cut them to 8, and
    its pixels then: uint16, with alpha as the last channel if there is any.
``completed(data, filler)``
    A file that was cut off as one that can be decoded, with bytes of a filler in the
    place of what is missing, and whether all parts have at least begun; None if it was
    not cut off. By two fillers it can be told whether anything of the picture is missing.

``image`` is what Pillow has opened, ``data`` the bytes of its file. The other modules
serve several formats (`pillow` writes most of them, `deep` handles 16 bits a channel) or
one of these: `jpeg_planes`, `jpegxl_header`, `tiff_numbers`.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from PIL import Image

from scotopic.photo import formats
from scotopic.photo.cut_off import Completed
from scotopic.photo.photo import Photo
from scotopic.types import Array

Encoder = Callable[[Photo, int | None], tuple[bytes, tuple[str, ...]]]
"""Takes a photo that its format can hold (`scotopic.photo.writing` sees to that), and a
quality from 1 to 100 or None; gives the file, and notes on what could not be kept."""

_CODECS = {name: import_module(f"{__name__}.{name.lower()}") for name in formats.FORMATS}

ENCODERS: dict[str, Encoder] = {
    name: _CODECS[name].encode for name, row in formats.FORMATS.items() if row.is_written
}
"""The encoder of each format that is written, by the format's name."""


def _told(row: formats.Format | None, what: str) -> Callable[..., Any] | None:
    """A function of a format's module, if there is a row for the format and it has the function."""
    return None if row is None else getattr(_CODECS[row.name], what, None)


def with_carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """A photo with what the file of its format carries and Pillow passes over."""
    carried = _told(formats.FORMATS.get(photo.format), "carried")
    return photo if carried is None else cast("Photo", carried(photo, image, data))


def most_pixels(image: Image.Image, data: bytes) -> int:
    """Pixels that decoding takes where size and number of frames do not say it; else 0."""
    told = _told(formats.of_name(image.format or ""), "most_pixels")
    return 0 if told is None else int(told(image, data))


def is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether a file has more than 8 bits a channel, and Pillow would cut them to 8."""
    told = _told(formats.of_name(image.format or ""), "is_deep")
    return False if told is None else bool(told(image, data))


def decode_deep(image: Image.Image, data: bytes) -> Array:
    """Pixels, (height, width) or with channels, of a file that `is_deep`, alpha as the last."""
    return cast("Array", _CODECS[image.format or ""].decode_deep(image, data))


def info_of(image: Image.Image, data: bytes) -> dict[str, bytes]:
    """What an image's file carries, under Pillow's names for its ``info``, and it did not read."""
    told = _told(formats.of_name(image.format or ""), "info")
    return {} if told is None else cast("dict[str, bytes]", told(data))


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A file that was cut off, with an end and with filler for what is missing.

    None for one that was not cut off, and where nothing can be made of it.
    """
    told = _told(formats.of_content(data), "completed")
    return None if told is None else cast("Completed | None", told(data, filler))


def is_lossless(image: Image.Image, data: bytes) -> bool:
    """Whether an image is of a file that is compressed without loss.

    AVIF and HEIC count as lossy, for only the compressed pixels tell; a format without
    a row counts as lossless.

    Parameters
    ----------
    image : PIL image
    data : bytes
        The file that it was opened from.
    """
    row = formats.of_name(image.format or "")
    told = _told(row, "is_lossless")
    if told is not None:
        return bool(told(image, data))
    return row is None or not row.lossy

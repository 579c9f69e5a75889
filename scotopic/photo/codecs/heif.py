"""HEIC, by pillow-heif. It is read and not written."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.errors import MissingPackageError
from scotopic.photo.carried import nclx
from scotopic.photo.photo import Photo
from scotopic.types import Array

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def is_heif(data: bytes) -> bool:
    """Whether a file says of itself that it is HEIC."""
    return data[4:8] == b"ftyp" and data[8:12] in _BRANDS


def open_heif(data: bytes, check: Callable[[int, bool], None]) -> tuple[Image.Image, Array | None]:
    """Decode HEIC. The pixels come upright, and its EXIF says that they are.

    Parameters
    ----------
    data : bytes
        The file.
    check : callable
        Is told how many pixels there are, and whether they have more than 8
        bits a channel, before they are decoded.

    Returns
    -------
    image : PIL image
        Of 8 bits a channel.
    pixels : array, (height, width, 3 or 4), uint16, or None
        The same picture, if it has more bits.

    Raises
    ------
    MissingPackageError
        Without pillow-heif.
    """
    pillow_heif = _pillow_heif()
    stored = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    is_deep = stored.mode.endswith(";16")
    check(stored.size[0] * stored.size[1], is_deep)
    image: Image.Image = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    image.format = "HEIF"
    return image, np.asarray(stored) if is_deep else None


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with its colour, if numbers tell it, and a note on other pictures."""
    count = len(_pillow_heif().open_heif(io.BytesIO(data)))
    if count > 1:
        note = f"{count} pictures in the file: the primary one is taken"
        photo = replace(photo, notes=(*photo.notes, note))
    return photo if photo.icc_profile else replace(photo, colour=nclx.colour_of(data))


def size_and_mode(data: bytes) -> tuple[tuple[int, int], str]:
    """Width and height of an upright HEIC, and Pillow's name of its mode, without decoding it.

    Raises
    ------
    MissingPackageError
        Without pillow-heif.
    """
    opened = _pillow_heif().open_heif(io.BytesIO(data))
    width, height = opened.size
    return (int(width), int(height)), str(opened.mode)


def _pillow_heif() -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingPackageError(
            "HEIC needs the package pillow-heif", remedy="pip install 'scotopic[heif]'"
        ) from error
    return pillow_heif

"""HEIC, by pillow-heif. It is read and not written."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.errors import MissingPackageError, UnreadableError
from scotopic.photo import formats
from scotopic.photo.carried import items, nclx
from scotopic.photo.photo import Photo
from scotopic.types import Array

_READ = {b"hvc1", b"hev1"}
_CODECS = {
    b"av01": "compressed by AV1",
    b"avc1": "compressed by H.264",
    b"vvc1": "compressed by VVC (H.266)",
    b"evc1": "compressed by EVC",
    b"jpeg": "compressed as JPEG",
    b"j2k1": "compressed as JPEG 2000",
    b"unci": "that is not compressed",
}
"""Kinds of items, and what is said of pictures of them."""


def is_heif(data: bytes) -> bool:
    """Whether a file says of itself that it is HEIC."""
    return formats.of_content(data) is formats.FORMATS["HEIF"]


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
    refuse_other_codecs(data)
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


def size_and_mode(data: bytes) -> tuple[tuple[int, int], str, bool]:
    """Width and height of an upright HEIC, Pillow's name of its mode, and if it has over 8 bits.

    It is not decoded.

    Raises
    ------
    MissingPackageError
        Without pillow-heif.
    """
    pillow_heif = _pillow_heif()
    refuse_other_codecs(data)
    opened = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    width, height = opened.size
    mode, _, bits = str(opened.mode).partition(";")
    return (int(width), int(height)), mode, bool(bits)


def refuse_other_codecs(data: bytes) -> None:
    """Raise an `UnreadableError` for a file without a picture that is compressed by HEVC.

    The decoder would find no picture in it, and not say why. ISO/IEC 14496-12, 8.11.6.
    """
    kinds = set(items.kinds(data))
    if kinds & _READ or not kinds:
        return
    other = next(
        (_CODECS[kind] for kind in _CODECS if kind in kinds),
        "compressed in a way that is not known",
    )
    raise UnreadableError(f"a HEIF picture {other}; those compressed by HEVC are read")


def _pillow_heif() -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingPackageError(
            "HEIC needs the package pillow-heif", remedy="pip install 'scotopic[heif]'"
        ) from error
    return pillow_heif

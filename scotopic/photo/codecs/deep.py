"""16 bits a channel, by imagecodecs and tifffile: Pillow would cut them to 8."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from scotopic.errors import MissingPackageError, UnreadableError
from scotopic.types import Array

_DEEP = 16
_PICTURES = (7, 50001)
"""TIFF's numbers of the compressions by JPEG and WebP: pictures with sizes of their own. The file
is refused for any further one, since Pillow does not open it."""


def is_deep(image: Any, data: bytes) -> bool:
    """Whether a file holds colours of 16 bits, or a PNG gray and alpha of 16 bits."""
    if image.format == "PNG":
        return data[24:25] == bytes([_DEEP]) and data[25] != 0
    if image.format != "TIFF":
        return False
    tags = image.tag_v2
    return _DEEP in tags.get(258, (8,)) and tags.get(277, 1) > 1


def decode(image: Any, data: bytes) -> Array:
    """Pixels of a PNG or TIFF that `is_deep`, with alpha as the last channel if it has any.

    Returns
    -------
    array, (height, width, channels), uint16
        Or (height, width) if it is gray.

    Raises
    ------
    MissingPackageError
        Without imagecodecs.
    UnreadableError
        For a TIFF of other colours than RGB or gray, or of other numbers.
    """
    if image.format == "PNG":
        return np.asarray(package().png_decode(data))
    array, colours, extra = numbers_of_tiff(image, data)
    if array.dtype != np.uint16:
        raise UnreadableError(f"numbers of type {array.dtype}; 8 and 16 bits are read")
    return with_straight_alpha(array, colours, extra)


def numbers_of_tiff(image: Any, data: bytes) -> tuple[Array, int, tuple[int, ...]]:
    """The numbers of a TIFF in RGB or gray, whatever they mean.

    Parameters
    ----------
    image : PIL image
        Opened and not decoded; its size is what has been checked.
    data : bytes
        The file.

    Returns
    -------
    numbers : array, (height, width) or (height, width, channels)
    colours : int
        How many of the channels are colours: 3 or 1.
    extra : tuple of int
        What the others are. TIFF 6.0, ExtraSamples.

    Raises
    ------
    MissingPackageError
        Without imagecodecs.
    UnreadableError
        For other colours, and for more numbers than the size of the image says.
    """
    package()
    import tifffile

    tags = image.tag_v2
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages.first
        if tags.get(262) not in (1, 2):
            bits = page.bitspersample
            raise UnreadableError(f"{bits}-bit TIFF in other colours than RGB or gray")
        size = page.imagewidth * page.imagelength * page.imagedepth
        if size != image.width * image.height:  # only that has been checked
            raise UnreadableError("damaged or unsupported: the file says two sizes, or is no plane")
        for place, count in zip(page.dataoffsets, page.databytecounts, strict=False):
            check_segment(page, data[place : place + count])
        array = np.asarray(page.asarray())
    array = np.moveaxis(array, 0, -1) if tags.get(284) == 2 and array.ndim == 3 else array
    return array, 3 if tags[262] == 2 else 1, tags.get(338, ())


def check_segment(page: Any, stored: bytes) -> None:
    """Refuse a picture within a TIFF, as of JPEG, that is larger than its strip or tile.

    Parameters
    ----------
    page : tifffile.TiffPage
    stored : bytes
        Of a strip or tile.

    Raises
    ------
    UnreadableError
        When it is larger; nothing has been decoded then.
    """
    if page.compression not in _PICTURES or not stored:
        return
    width, height = page.imagewidth, page.imagelength
    if page.is_tiled:
        width, height = page.tilewidth, page.tilelength
    with Image.open(io.BytesIO(stored)) as inside:
        if inside.width > width or inside.height > height:
            problem = "damaged or unsupported: a strip or tile holds more than the file says"
            raise UnreadableError(problem)


def with_straight_alpha(array: Array, colours: int, extra: tuple[int, ...]) -> Array:
    """Colours, and straight alpha if there is any; other channels are left out.

    TIFF 6.0, section 18: alpha that was multiplied into the colours is divided out.
    """
    kind = extra[0] if extra else 0
    if array.ndim == 2 or kind not in (1, 2):
        return array[..., :colours] if array.ndim == 3 else array
    array = array[..., : colours + 1]
    if kind == 1:
        alpha = array[..., colours:].astype(np.float32)
        straight = array[..., :colours] * (65535 / np.maximum(alpha, 1))
        array = array.copy()
        array[..., :colours] = np.rint(np.minimum(straight, 65535))
    return array


def widened(array: Array, bits: int) -> Array:
    """Numbers of so many bits as uint16, where 65535 is the most."""
    if array.dtype.kind != "u" or bits > 16:
        raise UnreadableError(f"numbers of type {array.dtype}; 8 and 16 bits are read")
    if bits == 16:
        return array.astype(np.uint16, copy=False)
    result = np.empty(array.shape, np.uint16)
    most = 2**bits - 1
    for line, narrow in zip(result, array, strict=True):  # row by row, for less memory
        line[:] = (np.minimum(narrow, most).astype(np.uint32) * 65535 + most // 2) // most
    return result


def encode_png(pixels: Array) -> bytes:
    """A PNG file of 16 bits a channel, with nothing but pixels."""
    pixels = np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    made: bytes = package().png_encode(pixels, level=6)
    return made


def package() -> Any:
    """The package imagecodecs, which is loaded where it is needed.

    Raises
    ------
    MissingPackageError
        When it is not installed.
    """
    try:
        import imagecodecs
    except ImportError as error:
        raise MissingPackageError(
            "16 bits a channel, JPEG XL and JPEG 2000 need the package imagecodecs",
            remedy="pip install 'scotopic[deep]'",
        ) from error
    return imagecodecs

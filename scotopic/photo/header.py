"""What a file says of its picture, for those who do not need the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

from scotopic.errors import UnreadableError
from scotopic.photo import codecs, metadata, reading
from scotopic.photo.codecs import avif, heif, jpegxl, raw
from scotopic.photo.limits import USUAL, Limits
from scotopic.photo.orientation import ON_ITS_SIDE
from scotopic.storage import read_bytes


@dataclass(frozen=True)
class Header:
    """What is known of a picture before it is decoded.

    Attributes
    ----------
    format : str
        As `Photo.format`.
    size : (int, int)
        Width and height of the upright picture.
    mode : str
        Pillow's name of the colours and bits that are stored, such as ``RGB``.
    is_lossy : bool
        Whether the picture was compressed with loss; see `codecs.is_lossless`.
    """

    format: str
    size: tuple[int, int]
    mode: str
    is_lossy: bool


def read_header(path: str | Path, limits: Limits = USUAL) -> Header:
    """Read what a file says of its picture.

    Nothing is decoded but camera RAW, whose size is known only once it is developed,
    and a PNG, where EXIF may stand behind the pixels.

    Parameters
    ----------
    path : path
    limits : Limits, optional
        As for `reading.read`, which would refuse the same files.

    Raises
    ------
    ScotopicError
        As `reading.read` does, except for damage to the pixels.
    """
    data = read_bytes(Path(path), limits.memory)
    with reading.decoding(str(path), limits):
        return _header_of(data, path, limits)


def _header_of(data: bytes, path: str | Path, limits: Limits) -> Header:
    if not data:
        raise UnreadableError("the file is empty")
    if raw.is_raw(data, str(path)):
        height, width = reading.read(data, str(path), limits).pixels.shape[:2]
        return Header("RAW", (width, height), "RGB", is_lossy=False)
    if heif.is_heif(data):
        size, mode, is_deep = heif.size_and_mode(data)
        limits.check_size(size[0] * size[1], is_deep, "HEIF")
        return Header("HEIF", size, mode, is_lossy=True)
    if jpegxl.is_jxl(data):
        stand_in, told = jpegxl.open_jxl(data)
        limits.check_size(told.size[0] * told.size[1], told.bits > 8, "JPEGXL")
        return Header("JPEGXL", told.size, "RGB", not jpegxl.is_lossless(stand_in, data))
    with reading.opened(data) as image:
        limits.check(image, data)
        width, height = _stored_size(image)
        box = avif.clean_aperture(image, data)
        if box is not None:
            width, height = box[2] - box[0], box[3] - box[1]
        is_lossless, mode = codecs.is_lossless(image, data), image.mode
        carried, orientation = metadata.carried_by(image, data)
    size = (height, width) if orientation in ON_ITS_SIDE else (width, height)
    return Header(carried.format, size, mode, not is_lossless)


def _stored_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as stored; of a TIFF, newer Pillow tells them upright already."""
    if isinstance(image, TiffImageFile):
        return image.tag_v2[IMAGEWIDTH], image.tag_v2[IMAGELENGTH]
    return image.size

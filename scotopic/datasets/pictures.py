"""The pictures of a data set: listing its folders and reading its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

from scotopic.errors import MissingFileError, ScotopicError
from scotopic.photo import formats, reading
from scotopic.photo.quiet import quiet, unlimited
from scotopic.types import Array

TRAINING_FOLDERS = ("our485", "train")
TEST_FOLDERS = ("eval15", "test")
_ORIENTATION = 0x0112
_LYING = range(5, 9)
"""EXIF orientations of pictures that are stored turned by 90 degrees."""


def read_image(path: str | Path) -> Array:
    """Read a picture as 8-bit RGB, upright, as `scotopic enhance` reads it.

    16 bits are rounded to 8 as when a result is written: (x + 128) // 257.
    Gray is repeated to three channels, and alpha is dropped.

    Returns
    -------
    array, (height, width, 3), uint8

    Raises
    ------
    MissingFileError, AccessError, UnreadableError
        When the file is missing, cannot be opened, or is no picture.
    """
    pixels = reading.read(Path(path)).pixels
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    return np.ascontiguousarray(pixels)


def picture_size(path: str | Path) -> tuple[int, int]:
    """Tell width and height of what `read_image` gives.

    They are read from the file's header, except for formats whose header does
    not tell them, such as camera RAW, which are decoded.

    Raises
    ------
    MissingFileError, AccessError, UnreadableError
        As for `read_image`.
    """
    row = formats.of_path(path)
    if row is None or not row.is_written:
        return _decoded_size(path)
    try:
        with quiet(), unlimited(), Image.open(path) as image:
            width, height = _stored_size(image)
            lying = _orientation(image) in _LYING
    except (OSError, SyntaxError, ValueError):
        return _decoded_size(path)  # by another codec, or an error that names the file
    return (height, width) if lying else (width, height)


def _decoded_size(path: str | Path) -> tuple[int, int]:
    height, width = read_image(path).shape[:2]
    return width, height


def _stored_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as stored; of a TIFF, newer Pillow tells them upright already."""
    if isinstance(image, TiffImageFile):
        return image.tag_v2[IMAGEWIDTH], image.tag_v2[IMAGELENGTH]
    return image.size


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged EXIF block, which the reader ignores too
        return 1


def list_pictures(folder: Path) -> dict[str, Path]:
    """List the pictures of a folder by their names without suffix, sorted.

    Raises
    ------
    MissingFileError
        When there is no such folder.
    ScotopicError
        When two pictures have the same name without suffix.
    """
    if not folder.is_dir():
        raise MissingFileError("no such folder", path=folder)
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in formats.READ_SUFFIXES):
        if path.stem in found:
            raise ScotopicError(
                f"{found[path.stem].name} and {path.name} share one name", path=folder
            )
        found[path.stem] = path
    return found


def part_of(data: Path, names: tuple[str, ...]) -> Path:
    """Find the folder of a data set that has one of these names.

    Raises
    ------
    MissingFileError
        When there is none.
    """
    for name in names:
        if (data / name).is_dir():
            return data / name
    raise MissingFileError(f"no folder {' or '.join(names)} with low/ and high/", path=data)


def is_lossy(path: Path) -> bool:
    """Tell whether a file is a JPEG, or a WebP that is not lossless."""
    with path.open("rb") as file:
        head = file.read(2**16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return b"VP8L" not in head
    return head[:2] == b"\xff\xd8"


def some(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more

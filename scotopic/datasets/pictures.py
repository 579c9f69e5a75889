"""The pictures of a data set: listing its folders and reading its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scotopic.errors import MissingFileError, ScotopicError
from scotopic.photo import formats, images, reading
from scotopic.photo.header import read_header
from scotopic.types import Array

TRAINING_FOLDERS = ("our485", "train")
TEST_FOLDERS = ("eval15", "test")


def read_image(path: str | Path) -> Array:
    """Read a picture as 8-bit RGB, upright, as `scotopic enhance` reads it.

    16 bits are rounded to 8 as when a result is written: (x + 128) // 257.
    Gray is repeated to three channels, and alpha is dropped.

    Returns
    -------
    array, (height, width, 3), uint8

    Raises
    ------
    MissingFileError, AccessError, UnreadableError, TooLargeError
        When the file is missing, cannot be opened, is no picture, or has more pixels
        than are read.
    """
    pixels = images.in_8_bits(reading.read(Path(path)).pixels)
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    return np.ascontiguousarray(pixels)


def picture_size(path: str | Path) -> tuple[int, int]:
    """Tell width and height of what `read_image` gives, by the file's header.

    Raises
    ------
    MissingFileError, AccessError, UnreadableError, TooLargeError
        As for `read_image`, except that damage to the pixels may go unnoticed.
    """
    return read_header(path).size


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


def some(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more

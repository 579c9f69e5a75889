"""The pictures of a data set: its folders listed, and its files read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from scotopic.errors import ScotopicError
from scotopic.photo.reading import FORMATS
from scotopic.types import Array

TRAINING_FOLDERS = ("our485", "train")
TEST_FOLDERS = ("eval15", "test")


def read_image(path: str | Path) -> Array:
    """Read a picture as 8-bit RGB.

    Returns
    -------
    array, (height, width, 3), uint8

    Raises
    ------
    ScotopicError
        When the file is missing or no picture; names it.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise ScotopicError(f"{path}: cannot be read as a picture: {error}") from error


def list_pictures(folder: Path) -> dict[str, Path]:
    """Pictures of a folder by name without suffix, in a stable order.

    Raises
    ------
    ScotopicError
        When there is no such folder, and when two files share a name.
    """
    if not folder.is_dir():
        raise ScotopicError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in FORMATS):
        if path.stem in found:
            raise ScotopicError(f"{found[path.stem]} and {path} share one name")
        found[path.stem] = path
    return found


def part_of(data: Path, names: tuple[str, ...]) -> Path:
    """The folder of a data set that has one of these names.

    Raises
    ------
    ScotopicError
        When none is there.
    """
    for name in names:
        if (data / name).is_dir():
            return data / name
    raise ScotopicError(f"{data}: no folder {' or '.join(names)} with low/ and high/")


def is_lossy(path: Path) -> bool:
    """Whether a file is JPEG, or WebP that is not lossless."""
    with path.open("rb") as file:
        head = file.read(2**16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return b"VP8L" not in head
    return head[:2] == b"\xff\xd8"


def some(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more

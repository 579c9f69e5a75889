"""What is judged: files of one name, and their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import list_pictures
from scotopic.errors import ScotopicError
from scotopic.photo import reading
from scotopic.types import Array


@dataclass(frozen=True)
class Case:
    """One picture to judge: files of one name.

    Attributes
    ----------
    name : str
    result, picture, reference : Path or None
        What a method made (None when it is yet to be made), what it was
        made from, and what it should be.
    """

    name: str
    result: Path | None = None
    picture: Path | None = None
    reference: Path | None = None


@dataclass(frozen=True)
class Pictures:
    """The pixels of a case, (height, width, 3), of one size.

    Attributes
    ----------
    result : array
    picture, reference : array or None
    predicted : float or None
        Exposure that the network predicted.
    notes : tuple of str
        What was done to read them.
    """

    result: Array
    picture: Array | None = None
    reference: Array | None = None
    predicted: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A picture that could not be judged, and why."""

    name: str
    reason: str


def pair_folders(
    *, results: Path | None = None, inputs: Path | None = None, references: Path | None = None
) -> tuple[list[Case], list[Failure]]:
    """Pair the pictures of folders by their names without the ending.

    Returns
    -------
    cases : list of Case
        Of the names that all folders have, numbers in their order.
    unpaired : list of Failure
        A name that is missing somewhere, and where.

    Raises
    ------
    ScotopicError
        When a folder is not there or empty, when two files share a name, and
        when no name is common to all.
    """
    given = {"result": results, "picture": inputs, "reference": references}
    folders = {kind: folder for kind, folder in given.items() if folder is not None}
    found = {kind: _by_stem(folder) for kind, folder in folders.items()}
    names = sorted({name for files in found.values() for name in files}, key=_numerically)
    common = [name for name in names if all(name in files for files in found.values())]
    if not common:
        told = " and ".join(map(str, folders.values()))
        raise ScotopicError(f"{told}: no picture of one has a partner of its name in the other")
    unpaired = []
    for name in names:
        missing = [str(folders[kind]) for kind, files in found.items() if name not in files]
        if missing:
            (having, *_) = (files[name] for files in found.values() if name in files)
            unpaired.append(Failure(name, f"{having}: without a partner in {', '.join(missing)}"))
    cases = [Case(name, **{kind: files[name] for kind, files in found.items()}) for name in common]
    return cases, unpaired


def _numerically(name: str) -> tuple[int, str]:
    return (int(name), name) if name.isdecimal() else (2**62, name)


def _by_stem(folder: Path) -> dict[str, Path]:
    found = list_pictures(folder)
    if not found:
        raise ScotopicError(f"{folder}: no pictures in this folder")
    return found


def read_pixels(path: Path) -> tuple[Array, tuple[str, ...]]:
    """Pixels of a picture, (height, width, 3), gray ones repeated; and what to say of it.

    Raises
    ------
    ScotopicError
        When it cannot be read.
    """
    picture = reading.read(path)
    notes = []
    if picture.alpha is not None:
        notes.append("has alpha, which is not judged")
    if picture.pixels.dtype != np.uint8:
        notes.append("has 16 bits a channel, and is judged so")
    if picture.pixels.shape[-1] == 1:
        notes.append("is gray")
        return np.repeat(picture.pixels, 3, -1), tuple(notes)
    return picture.pixels, tuple(notes)

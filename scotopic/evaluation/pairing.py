"""Pictures to score: the files of one name, and their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import list_pictures
from scotopic.errors import MissingFileError, ScotopicError
from scotopic.photo import reading
from scotopic.types import Array


@dataclass(frozen=True)
class Case:
    """The files of one picture to score.

    Attributes
    ----------
    name : str
        The file name that they share, without its suffix.
    result : Path, optional
        What a method made; None when a model is still to make it.
    input : Path, optional
        The dark picture that the result is made from.
    reference : Path, optional
        The well-exposed picture of the same scene.
    """

    name: str
    result: Path | None = None
    input: Path | None = None
    reference: Path | None = None


@dataclass(frozen=True)
class Pictures:
    """The pixels of a `Case`, all of one size.

    Attributes
    ----------
    result : array, (height, width, 3), uint8 or uint16
    input, reference : array, (height, width, 3), uint8 or uint16, optional
    predicted : float, optional
        Exposure (mean level, 0 to 1) that the network predicted.
    notes : tuple of str
        What was converted when the result was read.
    """

    result: Array
    input: Array | None = None
    reference: Array | None = None
    predicted: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A picture that could not be scored.

    Attributes
    ----------
    name : str
    error : ScotopicError
    """

    name: str
    error: ScotopicError


def pair_folders(
    *, results: Path | None = None, inputs: Path | None = None, references: Path | None = None
) -> tuple[list[Case], list[Failure]]:
    """Pair the pictures of folders by their file names without the suffix.

    Returns
    -------
    cases : list of Case
        One for each name that all given folders have; names that are numbers
        come first, in numerical order.
    unpaired : list of Failure
        One for each name that some folder lacks.

    Raises
    ------
    MissingFileError
        When a folder does not exist or holds no pictures, or when no name is
        in all folders.
    ScotopicError
        When two files of a folder share a name.
    """
    given = {"result": results, "input": inputs, "reference": references}
    folders = {kind: folder for kind, folder in given.items() if folder is not None}
    found = {kind: _by_name(folder) for kind, folder in folders.items()}
    names = sorted({name for files in found.values() for name in files}, key=_numbers_first)
    cases, unpaired = [], []
    for name in names:
        files = {kind: paths[name] for kind, paths in found.items() if name in paths}
        lacking = [str(folders[kind]) for kind in folders if kind not in files]
        if lacking:
            message = f"no picture of this name in {' and '.join(lacking)}"
            path = next(iter(files.values()))
            unpaired.append(Failure(name, MissingFileError(message, path=path)))
        else:
            cases.append(Case(name, **files))
    if not cases:
        first, *others = folders.values()
        others_named = " and ".join(map(str, others))
        raise MissingFileError(f"no picture has the name of one in {others_named}", path=first)
    return cases, unpaired


def _numbers_first(name: str) -> tuple[bool, int, str]:
    return (False, int(name), name) if name.isdecimal() else (True, 0, name)


def _by_name(folder: Path) -> dict[str, Path]:
    found = list_pictures(folder)
    if not found:
        raise MissingFileError("no pictures in this folder", path=folder)
    return found


def read_pixels(path: Path) -> tuple[Array, tuple[str, ...]]:
    """Read a picture as three channels; gray is repeated.

    Returns
    -------
    pixels : array, (height, width, 3), uint8 or uint16
    notes : tuple of str
        What a reader of its scores should know: gray, alpha, 16 bits.

    Raises
    ------
    ScotopicError
        When the file is missing or is no picture that can be read.
    """
    photo = reading.read(path)
    pixels, notes = photo.pixels, []
    if photo.alpha is not None:
        notes.append("has an alpha channel, which is not scored")
    if pixels.dtype != np.uint8:
        notes.append("has 16 bits per channel, and is scored so")
    if pixels.shape[-1] == 1:
        notes.append("is gray")
        pixels = np.repeat(pixels, 3, axis=-1)
    return pixels, tuple(notes)

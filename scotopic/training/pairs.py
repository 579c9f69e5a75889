"""Pairs of a dark picture and its reference, read into memory and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import (
    TRAINING_FOLDERS,
    list_pictures,
    part_of,
    read_image,
    some,
)
from scotopic.errors import MissingFileError, ScotopicError
from scotopic.pixels.exposure import exposure_of, gain_for
from scotopic.pixels.thumbnail import thumbnail
from scotopic.types import Array


@dataclass
class PairSet:
    """Dark pictures and their references, held in memory as 8-bit RGB.

    Attributes
    ----------
    name : str
    names : list of str
        The name of each pair, without suffix.
    low, high : list of array, (height, width, 3), uint8
        Dark pictures and references.
    thumbnails : list of array, (64, 64, 3), float32 in 0..1
        Thumbnails of the dark pictures.
    exposures, gains : list of float
        Mean gray of each reference, 0 to 1, and the gain that brings the dark
        picture to it.
    teaches_exposure : bool
        Whether networks learn the exposure of these references. False for
        simulated pairs, whose exposure no photographer chose.

    Raises
    ------
    ScotopicError
        When the pictures of a pair differ in size.
    """

    name: str
    names: list[str]
    low: list[Array]
    high: list[Array]
    teaches_exposure: bool = True
    thumbnails: list[Array] = field(init=False)
    exposures: list[float] = field(init=False)
    gains: list[float] = field(init=False)

    def __post_init__(self) -> None:
        for name, low, high in zip(self.names, self.low, self.high, strict=True):
            if low.shape != high.shape:
                raise ScotopicError(
                    f"{self.name} {name}: dark picture and reference differ in size: "
                    f"{low.shape[1]}x{low.shape[0]} and {high.shape[1]}x{high.shape[0]}"
                )
        self.thumbnails = [thumbnail(low) for low in self.low]
        self.exposures = [exposure_of(thumbnail(high)) for high in self.high]
        self.gains = [
            gain_for(thumb, level)
            for thumb, level in zip(self.thumbnails, self.exposures, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.names)

    def subset(self, names: Iterable[str]) -> PairSet:
        """Return the pairs with these names, in the order of this set."""
        wanted = set(names)
        kept = [i for i, name in enumerate(self.names) if name in wanted]
        return PairSet(
            self.name,
            [self.names[i] for i in kept],
            [self.low[i] for i in kept],
            [self.high[i] for i in kept],
            self.teaches_exposure,
        )

    def digest(self) -> str:
        """SHA-256 of all names, shapes and pixels, for the record of a run."""
        sha = hashlib.sha256()
        for name, low, high in zip(self.names, self.low, self.high, strict=True):
            sha.update(f"{name} {low.shape}".encode())
            sha.update(np.ascontiguousarray(low).tobytes())
            sha.update(np.ascontiguousarray(high).tobytes())
        return sha.hexdigest()


def training_folder(data: Path) -> Path:
    """Find the folder of a data set that holds its training pairs.

    Raises
    ------
    MissingFileError
        When the data set has none.
    """
    return part_of(data, TRAINING_FOLDERS)


def pair_paths(folder: Path) -> list[tuple[str, Path, Path]]:
    """Match the pictures of ``low`` and ``high`` by their names without suffix.

    Returns
    -------
    list of (name, path of the dark picture, path of the reference)

    Raises
    ------
    MissingFileError
        When a folder is missing or both are empty.
    ScotopicError
        When a picture has no partner.
    """
    low, high = list_pictures(folder / "low"), list_pictures(folder / "high")
    unpaired = sorted(low.keys() ^ high.keys())
    if unpaired:
        raise ScotopicError(
            f"only one of low/ and high/ has pictures named {some(unpaired)}", path=folder
        )
    if not low:
        raise MissingFileError("no pictures in low/ and high/", path=folder)
    return [(name, low[name], high[name]) for name in low]


def read_pairs(folder: Path, name: str, limit: int | None = None) -> PairSet:
    """Read the pairs of ``folder/low`` and ``folder/high`` into memory.

    Parameters
    ----------
    folder : Path
    name : str
        Name of the set, for records and messages.
    limit : int, optional
        Read only this many pairs, the first by name.
    """
    paths = pair_paths(folder)[:limit]
    return PairSet(
        name,
        [stem for stem, _, _ in paths],
        [read_image(low) for _, low, _ in paths],
        [read_image(high) for _, _, high in paths],
    )

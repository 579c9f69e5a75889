"""Pairs of a dark picture and its reference, read into memory and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
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
from scotopic.pixels.gain_map import GainMap, guide_of, guided
from scotopic.pixels.thumbnail import reduced, thumbnail
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
    teaches_exposure : bool
        Whether networks learn the exposure of these references. False where
        no photographer chose it, or where it was made that of the dark picture.
    gain_maps : list of GainMap, optional
        The map that brings each dark picture to its reference, where it is
        known; see `map_of`.

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
    gain_maps: list[GainMap] | None = None
    thumbnails: list[Array] = field(init=False)
    _small: dict[int, tuple[Array, Array]] = field(init=False, default_factory=dict)
    _found: dict[int, tuple[GainMap, float]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, low, high in zip(self.names, self.low, self.high, strict=True):
            if low.shape != high.shape:
                raise ScotopicError(
                    f"{self.name} {name}: dark picture and reference differ in size: "
                    f"{low.shape[1]}x{low.shape[0]} and {high.shape[1]}x{high.shape[0]}"
                )
        with ThreadPoolExecutor() as pool:
            self.thumbnails = list(pool.map(thumbnail, self.low))

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
            None if self.gain_maps is None else [self.gain_maps[i] for i in kept],
        )

    def set_map(self, index: int, gains: GainMap, log_gain: float) -> None:
        """Say what `map_of` gives for a pair."""
        self._found[index] = (gains, float(log_gain))

    def map_of(self, index: int) -> tuple[GainMap, float]:
        """The map that brings a dark picture to its reference, and ln of the one gain that does.

        Where the map is not known, it is that of the levels of both pictures
        at low resolution, `gain_map_between`; it is computed once.
        """
        if self.gain_maps is not None:
            return self.gain_maps[index], 0.0
        if index not in self._found:
            made = gain_map_between(self.low[index], self.high[index])
            level = exposure_of(thumbnail(self.high[index]))
            one = gain_for(self.thumbnails[index], level)
            self._found[index] = (made, float(np.log(one)))
        return self._found[index]

    def reduced_pair(self, index: int) -> tuple[Array, Array]:
        """Both pictures at no more than 160 pixels a side, float32 in 0..1; made once."""
        if index not in self._small:
            shape = [min(SMALL_SIDE, side) for side in self.low[index].shape[:2]]
            self._small[index] = (
                reduced(self.low[index], *shape),
                reduced(self.high[index], *shape),
            )
        return self._small[index]

    def digest(self) -> str:
        """SHA-256 of all names, shapes and pixels, for the record of a run."""
        sha = hashlib.sha256()
        for name, low, high in zip(self.names, self.low, self.high, strict=True):
            sha.update(f"{name} {low.shape}".encode())
            sha.update(np.ascontiguousarray(low).tobytes())
            sha.update(np.ascontiguousarray(high).tobytes())
        return sha.hexdigest()


SMALL_SIDE = 160
"""Longest side of the pictures that gain maps are learned from."""
MAP_SIDE = 32
"""Cells of a gain map along each side, before it is brought to the picture's edges."""


def gain_map_between(low: Array, high: Array) -> GainMap:
    """The gain map that brings the levels of one picture to those of another.

    Parameters
    ----------
    low, high : array, (height, width, 3), uint8
        Dark picture and reference.

    Returns
    -------
    GainMap
        With the mean gray of the reference.
    """
    before, after = (guide_of(reduced(x, MAP_SIDE, MAP_SIDE)) for x in (low, high))
    found = guided(np.clip(after - before, -0.7, 5.0)[..., 0], before)
    return found.reaching(thumbnail(low), exposure_of(thumbnail(high)))


def joined(name: str, sets: Iterable[PairSet]) -> PairSet:
    """Several sets, whose gain maps are not known, as one."""
    sets = list(sets)
    names, low, high = (
        [item for one in sets for item in getattr(one, field)] for field in ("names", "low", "high")
    )
    return PairSet(name, names, low, high)


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
    stems, low, high = zip(*pair_paths(folder)[:limit], strict=True)
    with ThreadPoolExecutor() as pool:
        pictures = list(pool.map(read_image, low + high))
    return PairSet(name, list(stems), pictures[: len(low)], pictures[len(low) :])

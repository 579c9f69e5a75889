"""Pictures in pairs: reading, checking, splitting by scene, and crops of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import TRAINING_FOLDERS, list_pictures, part_of, read_image
from scotopic.datasets.scenes import SCENES
from scotopic.errors import ScotopicError
from scotopic.pixels.exposure import expose, exposure_of, gain_for
from scotopic.pixels.thumbnail import thumbnail
from scotopic.types import Array

HELD_OUT = 0.08
"""Share of the pairs kept for validation."""


@dataclass
class PairSet:
    """Dark pictures and their references, held in memory as 8 bits.

    Attributes
    ----------
    name : str
    names : list of str
        One a pair, without suffix.
    low, high : list of array, (height, width, 3), uint8
    thumbnails : list of array, (64, 64, 3), float32
        Of the dark pictures.
    exposures, gains : list of float
        Mean gray of each reference, and the gain that brings the dark
        picture there.
    teaches_exposure : bool
        Whether the level of its references is one to be learned.
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
        """Return the pairs of these names, in this set's order."""
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
        """SHA-256 of all names, shapes and pixels: the record of what was seen."""
        sha = hashlib.sha256()
        for name, low, high in zip(self.names, self.low, self.high, strict=True):
            sha.update(f"{name} {low.shape}".encode())
            sha.update(np.ascontiguousarray(low).tobytes())
            sha.update(np.ascontiguousarray(high).tobytes())
        return sha.hexdigest()


def pair_paths(folder: Path) -> list[tuple[str, Path, Path]]:
    """Match ``low/NAME.*`` with ``high/NAME.*``.

    Raises
    ------
    ScotopicError
        When a picture has no partner, or there is none at all.
    """
    low, high = list_pictures(folder / "low"), list_pictures(folder / "high")
    unpaired = sorted(low.keys() ^ high.keys())
    if unpaired:
        raise ScotopicError(f"{folder}: no partner for {', '.join(unpaired[:5])}")
    if not low:
        raise ScotopicError(f"{folder}: no pictures in low/ and high/")
    return [(name, low[name], high[name]) for name in low]


def read_pairs(folder: Path, name: str, limit: int | None = None) -> PairSet:
    """Read all pairs of ``folder/low`` and ``folder/high`` into memory."""
    paths = pair_paths(folder)[:limit]
    return PairSet(
        name,
        [stem for stem, _, _ in paths],
        [read_image(low) for _, low, _ in paths],
        [read_image(high) for _, _, high in paths],
    )


def training_folder(data: Path) -> Path:
    """Find the folder of a data set that holds its training pairs."""
    return part_of(data, TRAINING_FOLDERS)


@dataclass(frozen=True)
class Scenes:
    """Which training pictures show the same scene, and which show a test scene."""

    groups: tuple[tuple[str, ...], ...]
    siblings_of_test: tuple[str, ...]

    @classmethod
    def read(cls, data: Path) -> Scenes:
        """Read ``scenes.json`` of a data set; without one, each picture is a scene."""
        path = data / SCENES
        if not path.exists():
            names = list_pictures(training_folder(data) / "low")
            return cls(tuple((name,) for name in names), ())
        content = json.loads(path.read_text())
        siblings = {name for names in content["siblings_of_test"].values() for name in names}
        return cls(tuple(tuple(group) for group in content["groups"]), tuple(sorted(siblings)))


def split_by_scene(
    names: Sequence[str], scenes: Scenes, share: float = HELD_OUT, seed: int = 0
) -> tuple[list[str], list[str]]:
    """Hold out whole scenes for validation.

    Scenes are drawn in a seeded order until the pictures held out are at
    least the share asked for. Scenes that also appear in the test set are
    never held out: they would not tell of unseen ones.

    Returns
    -------
    training, validation : lists of names, in the given order
    """
    test = set(scenes.siblings_of_test)
    known = {name for group in scenes.groups for name in group}
    groups = [*scenes.groups, *((name,) for name in names if name not in known)]
    held: set[str] = set()
    for index in np.random.default_rng(seed).permutation(len(groups)):
        if len(held) >= share * len(names):
            break
        if not test.intersection(groups[index]):
            held.update(set(groups[index]).intersection(names))
    return [n for n in names if n not in held], [n for n in names if n in held]


def split_by_order(names: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Hold out the last names, whatever they show.

    Returns
    -------
    training, validation : lists of names
    """
    first = round((1 - share) * len(names))
    return list(names[:first]), list(names[first:])


@dataclass(frozen=True)
class Augmentation:
    """How samples are varied.

    Attributes
    ----------
    identity : float
        Share of samples that are a reference as its own target.
    varied : float
        Share of the others whose dark picture is itself exposed by a random gain.
    varied_stops : float
        Largest such change, in stops each way.
    gain_jitter : float
        Standard deviation of log gain around the reference's.
    flips_and_turns : bool
    """

    identity: float = 0.1
    varied: float = 0.3
    varied_stops: float = 1.0
    gain_jitter: float = 0.1
    flips_and_turns: bool = True


def random_crop(
    low: Array, high: Array, size: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Cut a square from both pictures, at the same random place.

    Parameters
    ----------
    low, high : array, (height, width, 3)
    size : int
        Side of the square, in pixels.
    rng : numpy.random.Generator

    Raises
    ------
    ScotopicError
        When the pictures differ in size, or the square is larger than they are.
    """
    height, width = low.shape[:2]
    if low.shape != high.shape:
        told = f"{width}x{height} and {high.shape[1]}x{high.shape[0]}"
        raise ScotopicError(f"dark picture and reference differ in size: {told}")
    if size > min(height, width):
        raise ScotopicError(f"a crop of {size} does not fit {width}x{height}")
    top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    window = np.s_[top : top + size, left : left + size]
    return low[window], high[window]


def sample(
    pairs: PairSet, index: int, crop: int, options: Augmentation, rng: np.random.Generator
) -> dict[str, Array]:
    """Cut one random crop, flipped and turned, the same from both pictures.

    Returns
    -------
    dict
        ``picture``, ``target`` (crop, crop, 3), ``thumbnail`` (64, 64, 3) of
        the whole dark picture, all float32 in 0..1; ``gain`` and
        ``exposure`` (1,) float32, the latter 0 where there is none to learn.

    Raises
    ------
    ScotopicError
        When the crop is larger than the picture.
    """
    low, high = pairs.low[index], pairs.high[index]
    thumb, gain = pairs.thumbnails[index], pairs.gains[index]
    if rng.random() < options.identity:
        low, thumb, gain = high, thumbnail(high), 1.0
    try:
        low, high = random_crop(low, high, crop, rng)
    except ScotopicError as error:
        raise ScotopicError(f"{pairs.name} {pairs.names[index]}: {error}") from error
    picture = low.astype(np.float32) / np.float32(255)
    if gain != 1.0 and rng.random() < options.varied:
        change = 2 ** rng.uniform(-options.varied_stops, options.varied_stops)
        picture, thumb, gain = expose(picture, change), expose(thumb, change), gain / change
    gain *= np.exp(rng.normal(0, options.gain_jitter))
    exposure = pairs.exposures[index] if pairs.teaches_exposure else 0.0
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))
    if not options.flips_and_turns:
        turns, flip = 0, False

    def turned(array: Array) -> Array:
        array = np.rot90(array, turns)
        return np.ascontiguousarray(array[:, ::-1] if flip else array, dtype=np.float32)

    return {
        "picture": turned(picture),
        "target": turned(high.astype(np.float32) / np.float32(255)),
        "thumbnail": turned(thumb),
        "gain": np.array([gain], np.float32),
        "exposure": np.array([exposure], np.float32),
    }


def draw_samples(
    sets: Sequence[PairSet],
    shares: Sequence[float],
    count: int,
    crop: int,
    options: Augmentation,
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Draw samples from several sets, each by its share of them.

    Returns
    -------
    dict of arrays
        As `sample` gives them, with a leading batch axis.
    """
    samples = []
    for _ in range(count):
        pairs = sets[int(rng.choice(len(sets), p=np.asarray(shares) / np.sum(shares)))]
        samples.append(sample(pairs, int(rng.integers(len(pairs))), crop, options, rng))
    return {key: np.stack([one[key] for one in samples]) for key in samples[0]}

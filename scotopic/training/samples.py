"""Training samples: random crops of pairs, varied at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scotopic.errors import InvalidValueError
from scotopic.pixels.exposure import expose
from scotopic.pixels.thumbnail import thumbnail
from scotopic.training.pairs import PairSet
from scotopic.types import Array


@dataclass(frozen=True)
class Augmentation:
    """How samples are varied.

    Attributes
    ----------
    identity : float
        Share of the samples whose input is the reference itself, 0 to 1.
    varied : float
        Share of the other samples whose dark picture is exposed by a random
        gain first.
    varied_stops : float
        Largest such change, in stops up or down.
    gain_jitter : float
        Standard deviation of the logarithm of the gain around that of the
        reference.
    flips_and_turns : bool
        Whether samples are mirrored, and turned by multiples of 90 degrees.
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
    InvalidValueError
        When the pictures differ in size, or the square is larger than they are.
    """
    height, width = low.shape[:2]
    if low.shape != high.shape:
        sizes = f"{width}x{height} and {high.shape[1]}x{high.shape[0]}"
        raise InvalidValueError(f"dark picture and reference differ in size: {sizes}")
    if size > min(height, width):
        raise InvalidValueError(f"a crop of {size} does not fit {width}x{height}")
    top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    window = np.s_[top : top + size, left : left + size]
    return low[window], high[window]


def sample(
    pairs: PairSet, index: int, crop: int, options: Augmentation, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw one sample: a random crop of a pair, flipped and turned.

    Returns
    -------
    dict
        ``picture`` and ``target``, (crop, crop, 3), and ``thumbnail`` of the
        whole dark picture, (64, 64, 3), all float32 in 0..1; ``gain`` and
        ``exposure``, (1,), float32. The exposure is 0 where the set does not
        teach it.

    Raises
    ------
    InvalidValueError
        When the crop is larger than the picture; names the pair.
    """
    low, high = pairs.low[index], pairs.high[index]
    thumb, gain = pairs.thumbnails[index], pairs.gains[index]
    if rng.random() < options.identity:
        low, thumb, gain = high, thumbnail(high), 1.0
    try:
        low, high = random_crop(low, high, crop, rng)
    except InvalidValueError as error:
        raise InvalidValueError(f"{pairs.name} {pairs.names[index]}: {error.message}") from error
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
    """Draw samples from several sets.

    Parameters
    ----------
    sets : sequence of PairSet
    shares : sequence of float
        Share of the samples that each set gives, on average.
    count : int
        Number of samples.
    crop : int
        Side of a sample, in pixels.
    options : Augmentation
    rng : numpy.random.Generator

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

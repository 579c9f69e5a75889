"""Training samples: random crops of pairs, varied at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scotopic.errors import InvalidValueError
from scotopic.pixels.exposure import brightest, expose
from scotopic.pixels.gain_map import GainMap, Weights, guide_of
from scotopic.pixels.shadows import with_calm_shadows
from scotopic.pixels.thumbnail import reduced, thumbnail
from scotopic.pixels.units import size_of
from scotopic.training.pairs import MAP_SIDE, PairSet
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
        gain first, for networks that predict a gain map.
    varied_stops : float
        Largest such change, in stops up or down.
    gain_jitter : float
        Standard deviation of the logarithm of the gain around that of the
        reference.
    flips_and_turns : bool
        Whether samples are mirrored, and turned by multiples of 90 degrees.
    """

    identity: float = 0.05
    varied: float = 0.5
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
    top, left = random_place(low, high, size, rng)
    window = np.s_[top : top + size, left : left + size]
    return low[window], high[window]


def random_place(low: Array, high: Array, size: int, rng: np.random.Generator) -> tuple[int, int]:
    """First row and column of a square at random; arguments and errors of `random_crop`."""
    height, width = low.shape[:2]
    if low.shape != high.shape:
        sizes = f"{width}x{height} and {high.shape[1]}x{high.shape[0]}"
        raise InvalidValueError(f"dark picture and reference differ in size: {sizes}")
    if size > min(height, width):
        raise InvalidValueError(f"a crop of {size} does not fit {width}x{height}")
    return int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))


def sample(
    pairs: PairSet, index: int, crop: int, options: Augmentation, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw one sample: a random crop of a pair, flipped and turned.

    Returns
    -------
    dict
        ``picture`` and ``target``, (crop, crop, 3), float32 in 0..1.

    Raises
    ------
    InvalidValueError
        When the crop is larger than the picture; names the pair.
    """
    top, left = drawn_place(pairs, index, crop, rng)
    window = np.s_[top : top + crop, left : left + crop]
    turn = _turn(*drawn_turn(options, rng))
    return {
        "picture": turn(_unit(pairs.low[index][window])),
        "target": turn(_unit(pairs.high[index][window])),
    }


@dataclass(frozen=True)
class Cut:
    """What is drawn at random for a sample of `exposed_sample`.

    Attributes
    ----------
    top, left : int
        First row and column of the crop.
    identity : bool
        Whether the reference takes the place of the dark picture.
    balance : float
        How far the gain map varies over the picture, 0 to 1.
    shift : float
        What is added to ln of all gains.
    turns, flip : int, bool
        Quarter turns, counter-clockwise, and whether the crop is mirrored then.
    """

    top: int
    left: int
    identity: bool
    balance: float
    shift: float
    turns: int
    flip: bool

    @classmethod
    def drawn(
        cls, pairs: PairSet, index: int, crop: int, options: Augmentation, rng: np.random.Generator
    ) -> Cut:
        """Draw one for a pair.

        Raises
        ------
        InvalidValueError
            When the crop is larger than the picture; names the pair.
        """
        top, left = drawn_place(pairs, index, crop, rng)
        balance = rng.choice([0.0, 1.0, rng.random()]) if pairs.gain_maps is None else 1.0
        identity = bool(rng.random() < options.identity)
        shift = rng.normal(0, options.gain_jitter)
        turns, flip = drawn_turn(options, rng)
        return cls(top, left, identity, float(balance), float(shift), turns, flip)


def exposed_sample(
    pairs: PairSet, index: int, crop: int, options: Augmentation, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw one sample for networks that correct exposed pictures.

    The gain is that which leads to the reference: the same everywhere, or as
    its levels vary over the picture, or anything between. `DeviceSamples`
    makes the same samples on a graphics processor.

    Returns
    -------
    dict
        ``exposed``, (crop, crop, 4), the exposed crop and ln of the gain;
        ``target``, (crop, crop, 3); ``thumbnail`` of the whole picture that is
        exposed, (64, 64, 3): all float32, pictures in 0..1.

    Raises
    ------
    InvalidValueError
        As for `sample`.
    """
    cut = Cut.drawn(pairs, index, crop, options, rng)
    low, high, thumb = pairs.low[index], pairs.high[index], pairs.thumbnails[index]
    gains, middle = pairs.map_of(index)
    gains = gains.balanced(cut.balance, middle)
    if cut.identity:
        low, gains, thumb = high, GainMap.uniform(1.0), thumbnail(high)
    gains = gains.shifted(cut.shift)
    spans = [slice(start, start + crop) for start in (cut.top, cut.left)]
    window = (spans[0], spans[1])
    dark = with_calm_shadows(_unit(low[window]), gains.mean_gain(thumb))
    exposed = with_gain(dark, gains, gains.weights(size_of(low), *spans))
    turn = _turn(cut.turns, cut.flip)
    return {
        "exposed": turn(exposed),
        "target": turn(_unit(high[window])),
        "thumbnail": turn(thumb),
    }


def with_gain(picture: Array, gains: GainMap, weights: Weights | None = None) -> Array:
    """A picture exposed, and ln of its gain: what `LightUNet` takes.

    Parameters
    ----------
    picture : array, (height, width, 3), float32 in 0..1
    gains : GainMap
    weights : pair of arrays, optional
        As from ``gains.weights``, if the picture is a part of the whole.

    Returns
    -------
    array, (height, width, 4), float32
    """
    logs = gains.log_gain(picture, weights)
    return np.concatenate([expose(picture, np.exp(logs)), logs], axis=-1)


def level_sample(
    pairs: PairSet, index: int, options: Augmentation, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw one sample for networks that predict a gain map: a part of a pair, made small.

    Parts have 0.6 to 1 of the picture's sides.

    Returns
    -------
    dict
        ``thumbnail`` of the part, (64, 64, 3), and ``levels``, (32, 32, 2), as
        `level_pair` gives them.
    """
    low, high = pairs.reduced_pair(index)
    if rng.random() < options.identity:
        low = high
    if low is high or rng.random() < options.varied:
        stops = rng.uniform(-options.varied_stops, options.varied_stops)
        low = expose(low, 2.0 ** (stops if low is not high else min(0.0, stops)))
    sides = [max(2, round(rng.uniform(0.6, 1) * length)) for length in low.shape[:2]]
    top, left = (int(rng.integers(n - s + 1)) for n, s in zip(low.shape[:2], sides, strict=True))
    window = np.s_[top : top + sides[0], left : left + sides[1]]
    turn = _turn(*drawn_turn(options, rng))
    tint = np.exp(rng.normal(0, 0.05, 3)).astype(np.float32)
    thumb, levels = level_pair(turn(low[window]), turn(high[window]))
    return {"thumbnail": np.clip(thumb * tint, 0, 1).astype(np.float32), "levels": levels}


def level_pair(low: Array, high: Array) -> tuple[Array, Array]:
    """What a gain map is predicted from, and what it is judged by.

    Returns
    -------
    thumbnail : array, (64, 64, 3), float32 in 0..1
        Of the dark picture.
    levels : array, (32, 32, 2), float32
        z of the dark picture's cells (`scotopic.pixels.gain_map`), and the
        brightest channel of the reference's, 0 to 1.
    """
    guide = guide_of(reduced(low, MAP_SIDE, MAP_SIDE))
    wanted = brightest(reduced(high, MAP_SIDE, MAP_SIDE))
    return thumbnail(low), np.concatenate([guide, wanted], axis=-1).astype(np.float32)


def drawn_place(pairs: PairSet, index: int, crop: int, rng: np.random.Generator) -> tuple[int, int]:
    """First row and column of a crop of a pair, at random.

    Raises
    ------
    InvalidValueError
        When the crop is larger than the picture; names the pair.
    """
    try:
        return random_place(pairs.low[index], pairs.high[index], crop, rng)
    except InvalidValueError as error:
        raise InvalidValueError(f"{pairs.name} {pairs.names[index]}: {error.message}") from error


def _unit(picture: Array) -> Array:
    return picture.astype(np.float32) / np.float32(255)


def drawn_turn(options: Augmentation, rng: np.random.Generator) -> tuple[int, bool]:
    """One of the eight flips and turns: quarter turns, and whether it is mirrored then."""
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))
    return (turns, flip) if options.flips_and_turns else (0, False)


def _turn(turns: int, flip: bool) -> Callable[[Array], Array]:
    def turned(array: Array) -> Array:
        array = np.rot90(array, turns)
        return np.ascontiguousarray(array[:, ::-1] if flip else array, dtype=np.float32)

    return turned


class Sampler(Protocol):
    """Draws one sample of a pair, such as `sample` with a crop and options bound to it."""

    def __call__(self, pairs: PairSet, index: int, *, rng: np.random.Generator) -> dict[str, Array]:
        """Draw one."""


def draw_samples(
    sets: Sequence[PairSet],
    shares: Sequence[float],
    count: int,
    sampler: Sampler,
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
    sampler : Sampler
    rng : numpy.random.Generator

    Returns
    -------
    dict of arrays
        As the sampler gives them, with a leading batch axis.
    """
    samples = [
        sampler(pairs, index, rng=rng) for pairs, index in drawn_pairs(sets, shares, count, rng)
    ]
    return {key: np.stack([one[key] for one in samples]) for key in samples[0]}


def drawn_pairs(
    sets: Sequence[PairSet], shares: Sequence[float], count: int, rng: np.random.Generator
) -> Iterator[tuple[PairSet, int]]:
    """Draw pairs, a set and an index each; parameters are those of `draw_samples`.

    What is drawn for a pair is drawn from the same generator before the next.
    """
    chances = np.asarray(shares) / np.sum(shares)
    for _ in range(count):
        pairs = sets[int(rng.choice(len(sets), p=chances))]
        yield pairs, int(rng.integers(len(pairs)))

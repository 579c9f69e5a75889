"""Restraint: a predicted gain map limited by what the picture can bear.

All rules work on cells of the map, softly, before it is brought to the
picture's edges: none of them draws a line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scotopic.pixels.exposure import DARKEST, exposure_of, gain_for
from scotopic.pixels.gain_map import LARGEST
from scotopic.pixels.guide import Guide
from scotopic.pixels.noise import noise_in_the_dark
from scotopic.pixels.units import gray, size_of
from scotopic.pixels.visible import counted
from scotopic.types import Array, Pixels

# Each constant is explained where it is used.
NOISE_LEVEL = 0.06
NOISE_RESIDUAL = 0.2
SIGNAL_LEVEL = 1.0
FLAT_LEVEL = 0.95
EMPTY_LEVEL = 0.02
EMPTY_SHARES = (0.4, 0.55)
DARK_LEVEL = 0.035
LIT_LEVEL = 0.3
LAMP_LEVEL = 0.8
SUBJECT_LEVEL = 0.6
NOTICEABLE = 0.05
HELD = float(np.log(1.1))


@dataclass(frozen=True)
class Decision:
    """What the automatic exposure is, and why.

    Attributes
    ----------
    predicted_exposure : float
        Mean gray, 0 to 1, that the network's own map would give.
    predicted_gain : float
        Geometric mean of the gain that the network alone predicts.
    limited : dict
        The share of the picture, 0 to 1, in which each rule holds the gain
        down by a tenth or more: ``noise``, ``signal``, ``highlights``,
        ``night``, and ``brightness``, where it would have become darker.
    limited_by : str or None
        The rule that does so in the largest share, if that is a twentieth of
        the picture or more.
    """

    predicted_exposure: float
    predicted_gain: float
    limited: dict[str, float]
    limited_by: str | None


def restrain(
    pixels: Pixels,
    guide: Guide,
    thumb: Array,
    predicted: Array,
    thumb_weights: Array | None = None,
) -> tuple[Decision, Array]:
    """Limit a predicted gain map by what the picture can bear.

    Parameters
    ----------
    pixels : array, (height, width, 1 or 3)
    guide : Guide
        Of the picture.
    thumb : array, (64, 64, 3), floats in 0..1
        Its thumbnail.
    predicted : array, (cells, cells)
        ln of the gain.
    thumb_weights : array, (64, 64), optional
        How much of each cell of the thumbnail is seen, 0 to 1; by default all.

    Returns
    -------
    decision : Decision
    limited : array, (cells, cells)
        ln of the gain that is to be used, at least 0.
    """
    noise = noise_in_the_dark(counted(pixels, guide.weights), guide.box(size_of(pixels)))
    cells = predicted.shape[0]
    levels, seen = guide.levels(cells), guide.seen(cells)
    night = Night.of(thumb, thumb_weights)
    predicted = np.clip(predicted, -LARGEST, LARGEST)
    rules: dict[str, Callable[[Array], Array]] = {
        "highlights": lambda logs: soft_minimum(logs, highlight_limit(guide.highlights(cells))),
        "noise": lambda logs: soft_minimum(logs, np.log(noise_limit(noise))),
        "signal": lambda logs: logs + np.log(signal_share(levels[..., 0], noise)),
        "night": lambda logs: night_held(night, levels, logs, seen),
        "brightness": lambda logs: np.maximum(logs, 0),
    }
    logs, shares = predicted.astype(np.float64), {}
    for name, rule in rules.items():
        held = rule(logs)
        shares[name] = float(np.average(np.abs(held - logs) > HELD, weights=seen))
        logs = held
    largest = max(shares, key=lambda name: shares[name])
    decision = Decision(
        exposure_of(guide.colours(cells), np.exp(predicted)[..., None], seen),
        float(np.exp(np.average(predicted, weights=seen))),
        shares,
        largest if shares[largest] >= NOTICEABLE else None,
    )
    return decision, logs


def soft_minimum(logs: Array, limit: Array | float) -> Array:
    """The smaller of two ln g, rounded where they meet; never above either."""
    softness = 0.25
    result: Array = -softness * np.logaddexp(-logs / softness, -limit / softness)
    return result


def noise_limit(noise: float) -> float:
    """Gain at which the noise left over after denoising reaches a level.

    ``NOISE_LEVEL / (NOISE_RESIDUAL * noise)``: near black the curve's slope
    is the gain. A fifth of the noise is reckoned to be left; that is a choice, and not measured.
    """
    return NOISE_LEVEL / (NOISE_RESIDUAL * noise)


def signal_share(levels: Array, noise: float) -> Array:
    """How much of a cell's level, 0 to 1, is signal and not noise about black.

    ``m^2 / (m^2 + n^2)``, where n is `SIGNAL_LEVEL` times the noise, or of an
    8-bit level if that is more. Where the file holds nothing, the gain falls
    smoothly with the level, so that black stays black.
    """
    floor = SIGNAL_LEVEL * max(noise, 1 / 255)
    square = np.maximum(levels, 1e-4).astype(np.float64) ** 2
    return square / (square + floor**2)


def highlight_limit(brightness: Array) -> Array:
    """ln of the gain that takes the highlights of a cell to `FLAT_LEVEL` and no further.

    Highlights beyond that are as flat as they are: the cell keeps them.
    """
    x = np.clip(brightness.astype(np.float64), DARKEST, FLAT_LEVEL)
    limit: Array = np.log(FLAT_LEVEL * (1 - x) / (x * (1 - FLAT_LEVEL)))
    return limit


@dataclass(frozen=True)
class Night:
    """How far a picture is a night.

    A cell of the thumbnail is empty when its gray is under ``EMPTY_LEVEL`` of
    the picture's brightest (99.5th percentile). A picture that is lit
    somewhere (that brightest above ``LIT_LEVEL``) is a night so far as it is
    empty: not at all up to a share of ``EMPTY_SHARES[0]``, and wholly from
    ``EMPTY_SHARES[1]`` on. Underexposed pictures have no such brightness and
    are no nights.

    Attributes
    ----------
    share : float
        0 for no night, 1 for one.
    brightest : float
        Gray, 0 to 1.
    """

    share: float
    brightest: float

    @classmethod
    def of(cls, thumb: Array, weights: Array | None = None) -> Night:
        """By a thumbnail, (64, 64, 3), floats in 0..1, of whose cells so much is seen."""
        level = gray(thumb)
        seen = level if weights is None else level[weights >= weights.max() / 2]
        brightest = float(np.quantile(seen, 0.995))
        empty = float(np.average(level < EMPTY_LEVEL * brightest, weights=weights))
        small_light = seen.max() > LIT_LEVEL and empty > 0.9
        begins, whole = EMPTY_SHARES
        share = float(np.clip((empty - begins) / (whole - begins), 0, 1))
        return cls(share if brightest > LIT_LEVEL or small_light else 0.0, brightest)


def night_held(night: Night, levels: Array, logs: Array, seen: Array | None = None) -> Array:
    """A map of ln g as a night can bear it: what is empty stays dark, the subject is no day.

    In a night, ln g falls smoothly to 0 with the level of a cell, to a half at
    ``DARK_LEVEL`` of the brightest; and the gain is at most what
    brings the subject to ``SUBJECT_LEVEL``: the mean in which each cell counts
    by its own light, lamps (above ``LAMP_LEVEL``) left out.

    Parameters
    ----------
    night : Night
    levels : array, (cells, cells, 1), floats in 0..1
        The brightness of the map's cells.
    logs : array, (cells, cells)
    seen : array, (cells, cells), optional
        How much of each cell is seen, 0 to 1; by default all.
    """
    if night.share == 0:
        return logs
    lit = levels[..., 0].astype(np.float64) / (DARK_LEVEL * night.brightest + 1e-4)
    logs = logs * (1 - night.share / (1 + lit**3))
    weights = np.where(levels > LAMP_LEVEL, 0, levels)[..., 0]
    weights = weights if seen is None else weights * seen
    if not weights.any():
        return logs
    factor = gain_for(levels, SUBJECT_LEVEL, weights, np.exp(logs)[..., None])
    held: Array = logs - night.share * max(0.0, -float(np.log(factor)))
    return held

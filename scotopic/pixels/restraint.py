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
from scotopic.pixels.units import gray
from scotopic.types import Array, Pixels

# Each constant is explained where it is used.
NOISE_LEVEL = 0.06
NOISE_RESIDUAL = 0.2
SIGNAL_LEVEL = 1.5
FLAT_LEVEL = 0.95
EMPTY_LEVEL = 0.02
EMPTY_SHARES = (0.25, 0.6)
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
    pixels: Pixels, guide: Guide, thumb: Array, predicted: Array
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

    Returns
    -------
    decision : Decision
    limited : array, (cells, cells)
        ln of the gain that is to be used, at least 0.
    """
    noise = noise_in_the_dark(pixels)
    cells = predicted.shape[0]
    levels = guide.levels(cells)
    predicted = np.clip(predicted, -LARGEST, LARGEST)
    rules: dict[str, Callable[[Array], Array]] = {
        "highlights": lambda logs: soft_minimum(logs, highlight_limit(guide.highlights(cells))),
        "noise": lambda logs: soft_minimum(logs, np.log(noise_limit(noise))),
        "signal": lambda logs: logs + np.log(signal_share(levels[..., 0], noise)),
        "night": lambda logs: logs - night_excess(thumb, levels, logs),
        "brightness": lambda logs: np.maximum(logs, 0),
    }
    logs, shares = predicted.astype(np.float64), {}
    for name, rule in rules.items():
        held = rule(logs)
        shares[name] = float(np.mean(np.abs(held - logs) > HELD))
        logs = held
    largest = max(shares, key=lambda name: shares[name])
    decision = Decision(
        exposure_of(levels, np.exp(predicted)[..., None]),
        float(np.exp(predicted.mean())),
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


def night_excess(thumb: Array, levels: Array, logs: Array) -> float:
    """ln of the factor by which the subject of a night would be too bright.

    A cell of the thumbnail is empty when its gray is under ``EMPTY_LEVEL`` of
    the picture's brightest (99.5th percentile). In a picture that is lit
    somewhere (that brightest above ``LIT_LEVEL``), the gain is at most what
    brings the subject to ``SUBJECT_LEVEL``: the mean in which each cell
    counts by its own light, lamps (above ``LAMP_LEVEL``) left out. The rule
    begins where a share of ``EMPTY_SHARES[0]`` is empty, and is whole where
    it is ``EMPTY_SHARES[1]``. Underexposed pictures have no such brightness
    and are not touched.
    """
    level = gray(thumb)
    brightest = np.quantile(level, 0.995)
    empty = level < EMPTY_LEVEL * brightest
    small_light = level.max() > LIT_LEVEL and empty.mean() > 0.9
    begins, whole = EMPTY_SHARES
    share = float(np.clip((empty.mean() - begins) / (whole - begins), 0, 1))
    if share == 0 or not (brightest > LIT_LEVEL or small_light):
        return 0.0
    weights = np.where(levels > LAMP_LEVEL, 0, levels)[..., 0]
    if not weights.any():
        return 0.0
    factor = gain_for(levels, SUBJECT_LEVEL, weights, np.exp(logs)[..., None])
    return share * max(0.0, -float(np.log(factor)))

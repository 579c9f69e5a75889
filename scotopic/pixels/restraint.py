"""Restraint: a predicted exposure limited by what the picture can bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scotopic.pixels.exposure import MAX_GAIN, gain_for
from scotopic.pixels.noise import noise_in_the_dark
from scotopic.pixels.units import gray
from scotopic.types import Array, Pixels

# The limit on gain. Each constant is explained where it is used.
NOISE_LEVEL = 0.06
NOISE_RESIDUAL = 0.25
FLAT_LEVEL = 0.95
FLAT_SHARE = 0.05
EMPTY_LEVEL = 0.02
EMPTY_SHARE = 0.25
LIT_LEVEL = 0.3
SUBJECT_LEVEL = 0.6


@dataclass(frozen=True)
class Decision:
    """What the automatic exposure is, and why.

    Attributes
    ----------
    predicted_exposure, predicted_gain : float
        What the network alone predicts, before any limit.
    limits : dict
        The largest gain that each rule allows: ``noise``, ``highlights``,
        ``night``.
    limited_by : str or None
        The rule that held the gain down; ``brightness`` when the picture is
        already as bright as predicted and is left so; None when none did.
    gain : float
        What is used, at least 1.
    """

    predicted_exposure: float
    predicted_gain: float
    limits: dict[str, float]
    limited_by: str | None
    gain: float


def restrain(picture: Pixels, thumb: Array, predicted: float) -> Decision:
    """Limit a predicted exposure by what the picture can bear.

    The gain used is ``max(1, min(predicted, noise, highlights, night))``.

    Parameters
    ----------
    picture : array, (height, width, 3)
    thumb : array, (64, 64, 3), floats in 0..1
        Its thumbnail.
    predicted : float
        Exposure wanted, 0 to 1.
    """
    wanted = gain_for(thumb, predicted)
    limits = {
        "noise": noise_limit(noise_in_the_dark(picture)),
        "highlights": highlight_limit(thumb),
        "night": night_limit(thumb),
    }
    rule = min(limits, key=lambda name: limits[name])
    limited_by = rule if limits[rule] < wanted else None
    gain = min(wanted, limits[rule])
    if gain < 1:
        gain, limited_by = 1.0, "brightness" if limited_by is None else limited_by
    return Decision(predicted, wanted, limits, limited_by, gain)


def noise_limit(noise: float) -> float:
    """Gain at which the noise left over after denoising reaches a level.

    ``NOISE_LEVEL / (NOISE_RESIDUAL * noise)``: near black the curve's slope
    is the gain, and the network leaves about a quarter of the noise.
    """
    return NOISE_LEVEL / (NOISE_RESIDUAL * noise)


def highlight_limit(thumb: Array) -> float:
    """Gain that flattens a stated share of the picture and no more.

    A cell is flat when its brightest channel is above ``FLAT_LEVEL``. The
    curve takes a cell of brightness x there at gain
    ``FLAT_LEVEL (1 - x) / (x (1 - FLAT_LEVEL))``; the limit is the gain for
    the cell that ends the brightest ``FLAT_SHARE`` of the picture not flat yet.
    """
    brightest = thumb.max(axis=-1).ravel().astype(np.float64)
    bearing = np.sort(brightest[brightest < FLAT_LEVEL])[::-1]
    index = int(FLAT_SHARE * brightest.size)
    if index >= bearing.size or bearing[index] <= 0:
        return MAX_GAIN
    x = bearing[index]
    return float(min(MAX_GAIN, FLAT_LEVEL * (1 - x) / (x * (1 - FLAT_LEVEL))))


def night_limit(thumb: Array) -> float:
    """Gain that exposes the subject of a night, and leaves the night black.

    A cell of the thumbnail is empty when its gray is under ``EMPTY_LEVEL`` of
    the picture's brightest (99.5th percentile). In a picture that is lit
    somewhere (that brightest above ``LIT_LEVEL``) and empty over more than
    ``EMPTY_SHARE``, the gain is at most what brings the subject to
    ``SUBJECT_LEVEL``: the mean in which each cell counts by its own light.
    Underexposed pictures have no such brightness and are not touched.
    """
    level = gray(thumb)
    brightest = np.quantile(level, 0.995)
    empty = level < EMPTY_LEVEL * brightest
    small_light = level.max() > LIT_LEVEL and empty.mean() > 0.9
    if empty.mean() <= EMPTY_SHARE or not (brightest > LIT_LEVEL or small_light):
        return MAX_GAIN
    return gain_for(thumb, SUBJECT_LEVEL, weights=level)

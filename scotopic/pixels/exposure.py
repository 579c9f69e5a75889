"""The exposing curve, and the solver of its gain.

This is the reference that every other implementation of the curve is tested
against.

The exposing curve with gain ``g > 0`` is

    E_g(x) = g x / (1 + (g - 1) x)

It fixes 0 and 1, has slope ``g`` at 0 and ``1 / g`` at 1, its inverse is
``E_{1/g}``, and curves compose by multiplying their gains.
"""

from __future__ import annotations

import numpy as np

from scotopic.pixels.units import gray
from scotopic.types import Array

MAX_GAIN = 400.0
_BISECTION_STEPS = 40


def expose(picture: Array, gain: float) -> Array:
    """Apply the exposing curve ``E_g``.

    Parameters
    ----------
    picture : array of floats in 0..1
    gain : float
        Slope of the curve at black; above 1 brightens, below 1 darkens.

    Returns
    -------
    array
        Same shape and type, in 0..1.
    """
    result: Array = picture * gain / (1 + (gain - 1) * picture)
    return result


def exposure_of(thumb: Array, gain: float = 1.0, weights: Array | None = None) -> float:
    """Mean gray, 0 to 1, of a thumbnail under the exposing curve."""
    return float(np.average(gray(expose(thumb.astype(np.float64), gain)), weights=weights))


def gain_for(thumb: Array, exposure: float, weights: Array | None = None) -> float:
    """Solve for the gain that brings a thumbnail to a mean gray level.

    Parameters
    ----------
    thumb : array, (size, size, 3), floats in 0..1
        The thumbnail of the whole picture.
    exposure : float
        Level wanted, 0 to 1.
    weights : array, (size, size), optional
        Weight of each cell in the mean; by default all are equal.

    Returns
    -------
    float
        In 1/400..400, by bisection of log gain in float64; the mean level
        rises with it. Levels out of reach give the nearest end. A picture
        that no gain changes (only black, only white) gives 1.
    """
    values = thumb.astype(np.float64)
    if not np.any((values > 0) & (values < 1)):
        return 1.0
    low, high = -np.log(MAX_GAIN), np.log(MAX_GAIN)
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2
        if exposure_of(values, float(np.exp(middle)), weights) < exposure:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))

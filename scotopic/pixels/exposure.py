"""The exposing curve, its colour, and the solver of its gain.

This is the reference that every other implementation of the curve is tested
against.

The exposing curve with gain ``g > 0`` is

    E_g(x) = g x / (1 + (g - 1) x)

It fixes 0 and 1, has slope ``g`` at 0 and ``1 / g`` at 1, its inverse is
``E_{1/g}``, and curves compose by multiplying their gains: it is a shift by
``ln g`` of ``logit x = ln(x / (1 - x))``.

A colour is exposed by the curve of its brightest channel m. The ratios r of
the channels to m change by less than they would if each channel had the
curve of its own:

    m' = E_g(m)        r' = E_h(r)        h = (1 + (g - 1) m) ^ (1 - COLOR_KEPT)

With ``COLOR_KEPT`` 0 this is the curve of each channel, which bleaches lamps
and turns their hue towards yellow, cyan and magenta; with 1 the ratios, and
so hue and saturation (HSV), stay as they are. For every value of it, gray
stays gray, no channel passes 1, and inverse and composition are those of the
curve: it is the flow ``dx/dt = x (1 - COLOR_KEPT m - (1 - COLOR_KEPT) x)``
over the time ``t = ln g``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scotopic.pixels.units import gray
from scotopic.types import Array

MAX_GAIN = 400.0
COLOR_KEPT = 0.7
"""How far colours keep the ratios of their channels; chosen in docs/training.md."""
DARKEST = 2.0**-12
"""Brightness that `logit` and the ratios of channels do not go below."""
_MOST_STEPS = 60
_CLOSE = 1e-12
"""Of the level that is asked for; it is reached in about ten steps."""


def brightest(picture: Array) -> Array:
    """The brightest channel of each pixel, (height, width, 1), at least `DARKEST`."""
    # One channel after the other: many times as fast as the maximum along the last axis.
    result: Array = np.maximum(picture[..., :1], picture.dtype.type(DARKEST))
    for channel in range(1, picture.shape[-1]):
        np.maximum(result, picture[..., channel : channel + 1], out=result)
    return result


def logit(brightness: Array) -> Array:
    """``ln(m / (1 - m))`` of brightness in 0..1, held between `DARKEST` and ``1 - DARKEST``."""
    held = np.clip(brightness, DARKEST, 1 - DARKEST)
    result: Array = np.log(held / (1 - held))
    return result


def expose(picture: Array, gain: float | Array) -> Array:
    """Apply the exposing curve to colours.

    Parameters
    ----------
    picture : array of floats in 0..1, (height, width, channels)
    gain : float or array, (height, width, 1)
        Slope of the curve at black; above 1 brightens, below 1 darkens.

    Returns
    -------
    array
        Same shape and type, in 0..1.
    """
    bright = brightest(picture)
    gain = np.asarray(gain, picture.dtype)
    rise = 1 + (gain - 1) * bright
    kept = rise ** (1 - COLOR_KEPT)
    result: Array = picture * (gain * kept / rise) / (1 + picture * ((kept - 1) / bright))
    return result


def exposure_of(thumb: Array, gain: float | Array = 1.0, weights: Array | None = None) -> float:
    """Mean gray, 0 to 1, of a thumbnail under the exposing curve."""
    return float(np.average(gray(expose(thumb.astype(np.float64), gain)), weights=weights))


def gain_for(
    thumb: Array, exposure: float, weights: Array | None = None, relative: float | Array = 1.0
) -> float:
    """Solve for the gain that brings a thumbnail to a mean gray level.

    Parameters
    ----------
    thumb : array, (size, size, 3), floats in 0..1
        The thumbnail of the whole picture.
    exposure : float
        Level wanted, 0 to 1.
    weights : array, (size, size), optional
        Weight of each cell in the mean; by default all are equal.
    relative : float or array, (size, size, 1)
        What the gain is multiplied by in each cell.

    Returns
    -------
    float
        In 1/400..400, solved for ln g in float64; the mean level rises with it. Levels out of reach give the nearest end. A picture
        that no gain changes (only black, only white) gives 1.
    """
    values = thumb.astype(np.float64)
    if not np.any((values > 0) & (values < 1)):
        return 1.0

    def beyond(log_gain: float) -> float:
        return exposure_of(values, np.exp(log_gain) * relative, weights) - exposure

    return float(np.exp(_root(beyond, -float(np.log(MAX_GAIN)), float(np.log(MAX_GAIN)))))


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that rises is 0, or the nearer end if it is nowhere.

    The Illinois method (Dowell and Jarratt, BIT 11, 1971): false position in which the end
    that stays counts by half of its value, so that both ends close in.
    """
    below, above = rising(low), rising(high)
    if below >= 0 or above <= 0:
        return low if below >= 0 else high
    kept = 0
    for _ in range(_MOST_STEPS):
        middle = (low * above - high * below) / (above - below)
        value = rising(middle)
        if abs(value) < _CLOSE:
            return middle
        if value < 0:
            low, below = middle, value
            above, kept = (above / 2 if kept < 0 else above), -1
        else:
            high, above = middle, value
            below, kept = (below / 2 if kept > 0 else below), 1
    return (low + high) / 2

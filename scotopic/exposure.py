"""Exposure: the thumbnail, the exposing curve, its solver and the limit on gain.

This is the classical half of the method, in plain NumPy, and the reference
that every other implementation of the curve is tested against.

The exposing curve with gain ``g > 0`` is

    E_g(x) = g x / (1 + (g - 1) x)

It fixes 0 and 1, has slope ``g`` at 0 and ``1 / g`` at 1, its inverse is
``E_{1/g}``, and curves compose by multiplying their gains.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

THUMBNAIL_SIZE = 64
GRAY_WEIGHTS = (0.299, 0.587, 0.114)
MAX_GAIN = 400.0
_BISECTION_STEPS = 40

Array = NDArray[Any]


def gray(picture: Array) -> Array:
    """Weighted sum of the encoded channels: 0.299 R + 0.587 G + 0.114 B.

    Parameters
    ----------
    picture : array, (..., 3)
        RGB, any scale.

    Returns
    -------
    array, (...)
        In the picture's own scale; float64 for integer input.
    """
    weights = np.asarray(GRAY_WEIGHTS)
    if np.issubdtype(picture.dtype, np.floating):
        weights = weights.astype(picture.dtype)
    result: Array = picture @ weights
    return result


def unit_scale(dtype: Any) -> float:
    """Return the value of a pixel's type that stands for 1.0.

    255 for uint8, 65535 for uint16, 1 for floats.
    """
    kind = np.dtype(dtype)
    return float(np.iinfo(kind).max) if np.issubdtype(kind, np.integer) else 1.0


def area_weights(source: int, target: int) -> Array:
    """Matrix that averages `source` cells into `target` cells by area.

    Parameters
    ----------
    source, target : int
        Numbers of cells; either may be the larger.

    Returns
    -------
    array, (target, source), float64
        Each row sums to 1.
    """
    edges = np.linspace(0, source, target + 1)
    cells = np.arange(source)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    weights: Array = np.clip(overlap, 0, None) / (source / target)
    return weights


def thumbnail(picture: Array, size: int = THUMBNAIL_SIZE) -> Array:
    """Average a whole picture, by area, into a square thumbnail.

    Parameters
    ----------
    picture : array, (height, width, channels)
        uint8, uint16 or float; any size from 1x1.
    size : int
        Side of the thumbnail in pixels.

    Returns
    -------
    array, (size, size, channels), float32 in 0..1
        Computed row band by row band: the memory it takes is a few rows.
    """
    height, width, channels = picture.shape
    columns = area_weights(width, size).astype(np.float32)
    rows = area_weights(height, size)
    result = np.empty((size, size, channels), np.float32)
    for index, weights in enumerate(rows):
        used = np.flatnonzero(weights)
        band = picture[used[0] : used[-1] + 1].reshape(used.size, -1).astype(np.float32)
        line = weights[used].astype(np.float32) @ band
        result[index] = columns @ line.reshape(width, channels)
    result /= np.float32(unit_scale(picture.dtype))
    return result


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


def exposure_of(thumb: Array, gain: float = 1.0) -> float:
    """Mean gray, 0 to 1, of a thumbnail under the exposing curve."""
    return float(gray(expose(thumb.astype(np.float64), gain)).mean())


def gain_for(thumb: Array, exposure: float) -> float:
    """Solve for the gain that brings a thumbnail to a mean gray level.

    Parameters
    ----------
    thumb : array, (size, size, 3), floats in 0..1
        The thumbnail of the whole picture.
    exposure : float
        Level wanted, 0 to 1.

    Returns
    -------
    float
        In 1/400..400, by bisection of log gain in float64, which the mean
        level rises with. Levels out of reach give the nearest end. A picture
        that no gain changes (only black, only white) gives 1.
    """
    values = thumb.astype(np.float64)
    if not np.any((values > 0) & (values < 1)):
        return 1.0
    low, high = -np.log(MAX_GAIN), np.log(MAX_GAIN)
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2
        if exposure_of(values, float(np.exp(middle))) < exposure:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))

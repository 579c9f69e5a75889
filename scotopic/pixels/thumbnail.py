"""Thumbnails: pictures averaged by area into a small square."""

from __future__ import annotations

import functools

import numpy as np

from scotopic.pixels.units import unit_scale
from scotopic.types import Array, Pixels

THUMBNAIL_SIZE = 64
_SMALL = 2**18
"""Pixels of a picture that is averaged at once, and not row by row."""


@functools.lru_cache(maxsize=256)
def area_weights(source: int, target: int) -> Array:
    """Matrix that averages `source` cells into `target` cells by area.

    Parameters
    ----------
    source, target : int
        Numbers of cells; either may be larger than the other.

    Returns
    -------
    array, (target, source), float64
        Each row sums to 1.
    """
    edges = np.linspace(0, source, target + 1)
    weights = np.zeros((target, source))
    for row, start, stop in zip(weights, edges[:-1], edges[1:], strict=True):
        first, last = int(start), min(int(np.ceil(stop)), source)
        cells = np.arange(first, last)
        overlap = np.minimum(stop, cells + 1) - np.maximum(start, cells)
        row[first:last] = np.clip(overlap, 0, None) / (source / target)
    weights.flags.writeable = False
    return weights


def thumbnail(picture: Pixels, size: int = THUMBNAIL_SIZE) -> Array:
    """Average a whole picture, by area, into a square thumbnail; see `reduced`."""
    return reduced(picture, size, size)


def reduced(picture: Pixels, rows_wanted: int, columns_wanted: int) -> Array:
    """Average a whole picture, by area, into a small one of any shape.

    Parameters
    ----------
    picture : array, (height, width, channels)
        uint8, uint16 or float; any size from 1x1.
    rows_wanted, columns_wanted : int
        Size of the small one in pixels.

    Returns
    -------
    array, (rows_wanted, columns_wanted, channels), float32 in 0..1
        Computed row band by row band: the memory it takes is a few rows.
    """
    height, width, channels = picture.shape
    columns = area_weights(width, columns_wanted).astype(np.float32)
    rows = area_weights(height, rows_wanted)
    if height * width <= _SMALL:
        pixels = picture[:].reshape(height, -1).astype(np.float32)
        lines = (rows.astype(np.float32) @ pixels).reshape(rows_wanted, width, channels)
        small: Array = columns @ lines / np.float32(unit_scale(picture.dtype))
        return small
    result = np.empty((rows_wanted, columns_wanted, channels), np.float32)
    for index, weights in enumerate(rows):
        used = np.flatnonzero(weights)
        band = picture[used[0] : used[-1] + 1].reshape(used.size, -1).astype(np.float32)
        line = weights[used].astype(np.float32) @ band
        result[index] = columns @ line.reshape(width, channels)
    result /= np.float32(unit_scale(picture.dtype))
    return result

"""Thumbnails: pictures averaged by area into a small square."""

from __future__ import annotations

import numpy as np

from scotopic.pixels.units import unit_scale
from scotopic.types import Array, Pixels

THUMBNAIL_SIZE = 64


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
    return weights


def thumbnail(picture: Pixels, size: int = THUMBNAIL_SIZE) -> Array:
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

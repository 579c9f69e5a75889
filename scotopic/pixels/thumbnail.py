"""Thumbnails: pictures averaged by area into a small square."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np

from scotopic.pixels.units import unit_scale
from scotopic.types import Array, Pixels

THUMBNAIL_SIZE = 64
Cells = tuple[tuple[slice, Array], ...]
"""For each cell of a mean: which of the source it covers, and their weights, float32."""


@functools.lru_cache(maxsize=256)
def area_weights(source: int, target: int) -> Cells:
    """What averages `source` cells into `target` cells by area.

    Parameters
    ----------
    source, target : int
        Numbers of cells; either may be larger than the other.

    Returns
    -------
    tuple of (slice, array), of length `target`
        The weights of each sum to 1.
    """
    edges = np.linspace(0, source, target + 1)
    found = []
    for start, stop in pairwise(edges):
        first, last = int(start), min(int(np.ceil(stop)), source)
        cells = np.arange(first, last)
        overlap = np.minimum(stop, cells + 1) - np.maximum(start, cells)
        weights = (np.clip(overlap, 0, None) / (source / target)).astype(np.float32)
        weights.flags.writeable = False
        found.append((slice(first, last), weights))
    return tuple(found)


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
        Computed row band by row band: the memory it takes is a few rows, and
        the rows of the result at the picture's width.
    """
    _, width, channels = picture.shape
    lines = _averaged(picture, rows_wanted)
    # Turned as matrices: to swap axes of pixels takes as long as to average them.
    turned = np.ascontiguousarray(lines.T).reshape(width, channels, rows_wanted)
    columns = _averaged(turned, columns_wanted).reshape(-1, rows_wanted)
    small = np.ascontiguousarray(columns.T).reshape(rows_wanted, columns_wanted, channels)
    small /= np.float32(unit_scale(picture.dtype))
    return small


def _averaged(lines: Pixels, wanted: int) -> Array:
    """Average along the first axis, into (wanted, width * channels), float32."""
    count, width, channels = lines.shape
    result = np.empty((wanted, width * channels), np.float32)
    for mean, (cells, weights) in zip(result, area_weights(count, wanted), strict=True):
        # A product for each row: weights of all rows in one matrix are nearly all 0.
        band = lines[cells].reshape(weights.size, -1).astype(np.float32, copy=False)
        np.matmul(weights, band, out=mean)
    return result

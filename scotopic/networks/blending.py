"""Tiles of networks that see more than a tile: blended, and brought to the levels of the whole."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scotopic.pixels import planes
from scotopic.pixels.interpolation import between
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.tiles import Tile, plan, ramp
from scotopic.pixels.units import unit_scale
from scotopic.types import Array, Pixels

MARGIN = 64
"""Pixels that tiles reach beyond what is theirs."""
LEVEL_GRID = 32
"""Cells each way in which blended tiles are given the levels of the whole."""
_BAND = 256

Enhance = Callable[[Array], Array]
"""A network: (1, 3, height, width), float32 in 0..1, to the same shape, not clipped."""


def blended(enhance: Enhance, pixels: Pixels, tiles: list[Tile], multiple: int) -> Array:
    """Enhance tiles, and blend them over their margins.

    Parameters
    ----------
    enhance : callable
        The network.
    pixels : array, (height, width, 1 or 3)
    tiles : list of Tile
    multiple : int
        What sides of the network's input are multiples of.

    Returns
    -------
    array, (3, height, width), float32 in 0..1
    """
    if len(tiles) == 1:
        return _enhanced(enhance, pixels, tiles[0])
    height, width = pixels.shape[:2]
    total = np.zeros((3, height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    for tile in tiles:
        output = _enhanced(enhance, pixels, tile)
        rows, columns = output.shape[1:]
        place = np.s_[slice(*tile.source_rows), slice(*tile.source_columns)]
        share = np.outer(
            ramp(tile.source_rows, tile.rows), ramp(tile.source_columns, tile.columns)
        )[:rows, :columns]
        total[:, place[0], place[1]] += share * output
        weight[place] += share
    total /= weight
    small = _shrunk(pixels, height * width, max(_pixels_of(tile) for tile in tiles))
    (whole,) = plan(small.shape[0], small.shape[1], 2**62, MARGIN, multiple)
    _level(total, _enhanced(enhance, small, whole))
    return total


def _enhanced(enhance: Enhance, pixels: Pixels, tile: Tile) -> Array:
    """A tile of a picture, enhanced, in 0..1, without what is padded at the edge."""
    height, width = pixels.shape[:2]
    source = planes.cut(pixels[slice(*tile.source_rows)], tile)
    output: Array = np.clip(enhance(source)[0], 0, 1)
    return output[:, : height - tile.source_rows[0], : width - tile.source_columns[0]]


def _level(enhanced: Array, guide: Array) -> None:
    """Bring blended tiles to the levels of the picture enhanced whole, made small.

    Each tile's level is guessed from what it shows alone. What the network
    makes of the whole picture, at a size that fits, says what the levels
    should have been: the difference of the two, on a grid of `LEVEL_GRID`
    means each way and linear between them, is added.
    """
    height, width = enhanced.shape[1:]
    apart = thumbnail(np.moveaxis(guide, 0, -1), LEVEL_GRID)
    apart = apart - thumbnail(np.moveaxis(enhanced, 0, -1), LEVEL_GRID)
    for plane, difference in zip(enhanced, np.moveaxis(apart, -1, 0), strict=True):
        columns = between(difference.T, slice(0, width), width / LEVEL_GRID).T
        for top in range(0, height, _BAND):
            band = slice(top, min(top + _BAND, height))
            plane[band] += between(columns, band, height / LEVEL_GRID)
    np.clip(enhanced, 0, 1, out=enhanced)


def _pixels_of(tile: Tile) -> int:
    (top, bottom), (left, right) = tile.source_rows, tile.source_columns
    return (bottom - top) * (right - left)


def _shrunk(pixels: Pixels, count: int, allowed: int) -> Array:
    """A picture of `count` pixels made to have at most those allowed, float32 in 0..1.

    Its pixels are means of squares; what is left over at the edge is not used.
    """
    factor = math.ceil(math.sqrt(count / allowed))
    height, width, channels = pixels.shape
    rows, columns = max(1, height // factor), max(1, width // factor)
    factor = min(factor, height, width)
    squares = pixels[: rows * factor, : columns * factor]
    squares = squares.reshape(rows, factor, columns, factor, channels)
    means = squares.mean(axis=(1, 3), dtype=np.float32)
    shrunk: Array = np.minimum(means / np.float32(unit_scale(pixels.dtype)), 1)
    return shrunk

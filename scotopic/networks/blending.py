"""Networks that see more than a tile: tiles blended, and brought to the levels of the whole."""

from __future__ import annotations

import math

import numpy as np

from scotopic.networks.session import Session
from scotopic.pixels import planes
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.tiles import Tile, plan, ramp
from scotopic.pixels.units import unit_scale
from scotopic.types import Array

MARGIN = 64
"""Pixels that tiles reach beyond what is theirs."""
LEVEL_GRID = 32
"""Cells each way in which blended tiles are given the levels of the whole."""
_BAND = 256


def blended(session: Session, pixels: Array, tiles: list[Tile]) -> Array:
    """Tiles enhanced and blended over their margins: (3, height, width), 0..1."""
    height, width = pixels.shape[:2]
    total = np.zeros((3, height, width), np.float32)
    weight = np.zeros((height, width) if len(tiles) > 1 else (1, 1), np.float32)
    for tile in tiles:
        place = np.s_[slice(*tile.source_rows), slice(*tile.source_columns)]
        output = np.clip(
            session.enhance(planes.cut(pixels[slice(*tile.source_rows)], tile))[0], 0, 1
        )
        rows, columns = total[0][place].shape
        if len(tiles) == 1:
            return output[:, :rows, :columns]
        share = np.outer(
            ramp(tile.source_rows, tile.rows), ramp(tile.source_columns, tile.columns)
        )[:rows, :columns]
        total[(slice(None), *place)] += share * output[:, :rows, :columns]
        weight[place] += share
    total /= weight
    _level(session, total, pixels, max(_pixels_of(tile) for tile in tiles))
    return total


def _level(session: Session, enhanced: Array, pixels: Array, allowed: int) -> None:
    """Bring blended tiles to the levels of the picture enhanced whole, made small.

    Each tile's level is guessed from what it shows alone. What the
    network makes of the whole, at a size that fits, says what the levels
    should have been: the difference of the two, on a grid of `LEVEL_GRID`
    means each way and linear between them, is added.
    """
    height, width = enhanced.shape[1:]
    factor = math.ceil(math.sqrt(height * width / allowed))
    small = _shrunk(pixels, factor)
    (whole,) = plan(*small.shape[:2], 2**62, MARGIN, session.spec.size_multiple)
    guide = np.clip(session.enhance(planes.cut(small, whole))[0], 0, 1)
    guide = guide[:, : small.shape[0], : small.shape[1]]
    apart = thumbnail(np.moveaxis(guide, 0, -1), LEVEL_GRID)
    apart = apart - thumbnail(np.moveaxis(enhanced, 0, -1), LEVEL_GRID)
    for plane, difference in zip(enhanced, np.moveaxis(apart, -1, 0), strict=True):
        columns = planes.between(difference.T, slice(0, width), width / LEVEL_GRID).T
        for top in range(0, height, _BAND):
            band = slice(top, min(top + _BAND, height))
            plane[band] += planes.between(columns, band, height / LEVEL_GRID)
    np.clip(enhanced, 0, 1, out=enhanced)


def _pixels_of(tile: Tile) -> int:
    (top, bottom), (left, right) = tile.source_rows, tile.source_columns
    return (bottom - top) * (right - left)


def _shrunk(pixels: Array, factor: int) -> Array:
    """Means of squares of pixels, float32 in 0..1; what is over at the edge is left out."""
    height, width = (max(1, side // factor) for side in pixels.shape[:2])
    factor = min(factor, *pixels.shape[:2])
    squares = pixels[: height * factor, : width * factor]
    squares = squares.reshape(height, factor, width, factor, pixels.shape[-1])
    means = squares.mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(np.minimum(means / np.float32(unit_scale(pixels.dtype)), 1))

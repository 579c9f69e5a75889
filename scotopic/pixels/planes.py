"""Conversions between pixels and the planes (channels first) that networks take and give."""

from __future__ import annotations

import numpy as np

from scotopic.pixels.evidence import EVIDENCE_BLOCK
from scotopic.pixels.interpolation import between
from scotopic.pixels.tiles import Tile
from scotopic.pixels.units import gray, unit_scale
from scotopic.types import Array

_BAND = 32
"""Rows that are finished at a time, few enough to stay in the processor's cache."""


def finished(source: Array, enhanced: Array, strength: float, pixels: Array) -> Array:
    """Enhanced planes as pixels of the picture's own type.

    Parameters
    ----------
    source, enhanced : array, (3, height, width), float32
        The picture as it was, and as enhanced.
    strength : float
        0 gives the source, 1 what is enhanced.
    pixels : array, (any, any, 1 or 3)
        Whose type and number of channels the result has.

    Returns
    -------
    array, (height, width, 1 or 3)
        Rounded to the nearest level if the type is an integer.
    """
    if strength < 1:
        enhanced = source + np.float32(strength) * (enhanced - source)
    channels = pixels.shape[-1]
    result = np.empty((*enhanced.shape[1:], channels), pixels.dtype)
    for top in range(0, result.shape[0], _BAND):
        band = np.clip(enhanced[:, top : top + _BAND], 0, 1)
        if channels == 1:
            band = gray(np.moveaxis(band, 0, -1))[None]
        if np.issubdtype(pixels.dtype, np.integer):
            band = np.rint(band * np.float32(unit_scale(pixels.dtype)))
        # One channel after the other: faster than by one assignment of all.
        for channel in range(channels):
            result[top : top + _BAND, :, channel] = band[channel]
    return result


def in_gray(planes: Array) -> Array:
    """Planes in colour, (3, height, width), each made the gray of all three.

    A network is never told that a picture is gray, and its corrections differ a little
    from channel to channel. Near black, a gain makes a tint of that. What it does to
    coloured pictures is learned, so only those that hold no colour at all get this.
    """
    return np.broadcast_to(gray(np.moveaxis(planes, 0, -1)), planes.shape)


def weights_at(weights: Array, rows: slice, columns: slice) -> Array:
    """Weights of blocks (`scotopic.pixels.evidence.evidence`) at pixels.

    Parameters
    ----------
    weights : array, (blocks, blocks), float32
    rows, columns : slice
        Of the pixels.

    Returns
    -------
    array, (rows, columns), float32
        Linear between the centres of blocks; (1, 1) if every weight is 1.
    """
    if weights.min() == 1:
        return np.ones((1, 1), np.float32)
    for span in (rows, columns):
        weights = between(weights, span, EVIDENCE_BLOCK).T
    return weights


def cut(rows: Array, tile: Tile) -> Array:
    """The planes that a network is given for a tile.

    Parameters
    ----------
    rows : array, (height, width, 1 or 3)
        Rows of the picture from the tile's first source row on.
    tile : Tile

    Returns
    -------
    array, (1, 3, height, width), float32 in 0..1
        Beyond the picture, its edge is repeated.
    """
    (top, bottom), (left, right) = tile.source_rows, tile.source_columns
    part = rows[: bottom - top, left:right]
    missing = [(0, bottom - top - part.shape[0]), (0, right - left - part.shape[1]), (0, 0)]
    if any(after for _, after in missing):
        part = np.pad(part, missing, "edge")
    return planes(part)


def planes(pixels: Array) -> Array:
    """Pixels as a batch of one, (1, 3, height, width), float32 in 0..1."""
    result = np.empty((1, 3, *pixels.shape[:2]), np.float32)
    for channel in range(3):
        result[0, channel] = pixels[..., min(channel, pixels.shape[-1] - 1)]
    result /= np.float32(unit_scale(pixels.dtype))
    return result

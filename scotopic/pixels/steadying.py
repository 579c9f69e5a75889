"""Noise averaged over time, where nothing moves.

Each pixel of a frame x becomes ``y = x + w (y' - x)``, where y' is the result of
the frame before. The weight w depends on the difference y' - x, averaged over
windows of 5x5 pixels and over the channels, in which noise counts for a fifth and
motion for all. With its typical size s over the frame (the median of its amount
at every fourth pixel of every fourth row, divided by 0.6745),

    w = 0.7 a max(0, 1 - (d / 3 s)^2)

a being the strength asked for, 0 to 1. Where something moves, d is larger than 3 s
and the frame stays as it is, so that nothing is dragged along.
"""

from __future__ import annotations

import numpy as np

from scotopic.types import Array

MOST = 0.7
"""Share of the frame before at full strength: still noise falls to .42 of its deviation."""
_REACH = 2
_SIGMAS = 3.0
_SAMPLED = np.s_[::4, ::4]
LEAST_SIGMA = 0.15 / 255
LARGEST_SIGMA = 4 / 255
"""Bounds of s. Where more than half of a frame moves, the median says nothing of its noise."""
_BAND = 64
"""Rows that are worked on at a time, few enough to stay in the processor's cache."""


def steadied(frame: Array, before: Array | None, strength: float) -> tuple[Array, Array]:
    """Average a frame with those before.

    Parameters
    ----------
    frame : array, (height, width, channels), uint8 or uint16
    before : array of that shape, float32 in 0..1, or None
        What was given for the frame before; None for the first of a scene.
    strength : float
        0 to 1.

    Returns
    -------
    frame : array of the same shape and type
    exact : array of that shape, float32 in 0..1
        The same before it was rounded, for the next frame.
    """
    scale = np.float32(np.iinfo(frame.dtype).max)
    exact = frame.astype(np.float32)
    exact /= scale
    if before is None:
        return frame, exact
    change = before - exact
    moved = _moved(change)
    sigma = np.clip(np.median(moved[_SAMPLED]) / 0.6745, LEAST_SIGMA, LARGEST_SIGMA)
    result = np.empty_like(frame)
    for top in range(0, frame.shape[0], _BAND):
        rows = slice(top, top + _BAND)
        distance = moved[rows] / np.float32(_SIGMAS * sigma)
        weight = np.float32(MOST * strength) * np.maximum(0, 1 - distance * distance)
        # One channel after the other: faster than by one product of all.
        for channel in range(frame.shape[-1]):
            exact[rows, :, channel] += weight * change[rows, :, channel]
        result[rows] = np.rint(exact[rows] * scale)
    return result, exact


def _moved(change: Array) -> Array:
    """The amount of the mean of a difference over channels and windows, (height, width)."""
    height, width, channels = change.shape
    mean = change.reshape(-1, channels) @ np.full(channels, 1 / channels, np.float32)
    padded = np.pad(mean.reshape(height, width), _REACH, "edge")
    across = sum(padded[:, i : i + width] for i in range(1, 2 * _REACH + 1)) + padded[:, :width]
    down = sum(across[i : i + height] for i in range(1, 2 * _REACH + 1)) + across[:height]
    result: Array = np.abs(down, out=down)
    result /= np.float32((2 * _REACH + 1) ** 2)
    return result

"""Noise averaged over time, where nothing moves.

Each pixel of a frame x becomes ``y = x + w (y' - x)``, where y' is the result of
the frame before. The weight w depends on the difference y' - x, averaged over
windows of 5x5 pixels and over the channels, in which noise counts for a fifth and
motion for all. With its typical size s over the frame (the median of its amount,
divided by 0.6745),

    w = 0.7 a max(0, 1 - (d / 3 s)^2)

a being the strength asked for, 0 to 1. Where something moves, d is larger than 3 s
and the frame stays as it is, so that nothing is dragged along.
"""

from __future__ import annotations

import numpy as np

from scotopic.pixels.gain_map import box_mean
from scotopic.types import Array

MOST = 0.7
"""Share of the frame before at full strength: still noise falls to .42 of its deviation."""
_REACH = 2
_SIGMAS = 3.0
LEAST_SIGMA = 0.15 / 255
LARGEST_SIGMA = 4 / 255
"""Bounds of s. Where more than half of a frame moves, the median says nothing of its noise."""


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
    given = frame.astype(np.float32) / scale
    if before is None:
        return frame, given
    change = before - given
    moved = np.abs(box_mean(change.mean(axis=-1), _REACH))
    sigma = np.clip(np.median(moved) / 0.6745, LEAST_SIGMA, LARGEST_SIGMA)
    weight = np.float32(MOST * strength) * np.maximum(0, 1 - (moved / (_SIGMAS * sigma)) ** 2)
    result = given + weight[..., None].astype(np.float32) * change
    return np.rint(result * scale).astype(frame.dtype), result

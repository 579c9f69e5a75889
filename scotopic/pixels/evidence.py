"""Where a picture holds any signal at all."""

from __future__ import annotations

import numpy as np

from scotopic.pixels.units import unit_scale
from scotopic.types import Array, Pixels

EVIDENCE_BLOCK = 16
_EVIDENT_LEVEL = 0.25 / 255


def evidence(picture: Pixels) -> Array:
    """How much signal each block of 16x16 pixels has, from 0 to 1.

    It is 0 for a block that is entirely black, and 1 for a block whose mean is
    a quarter of an 8-bit level or more. Where the file holds nothing, a
    network can only invent; its correction is weighted by this.

    Parameters
    ----------
    picture : array, (height, width, channels)
        uint8, uint16 or float.

    Returns
    -------
    array, (height / 16, width / 16), rounded up, float32
    """
    height, width, channels = picture.shape
    kind = np.float32 if np.issubdtype(picture.dtype, np.floating) else np.uint32
    rows, columns = np.arange(0, height, EVIDENCE_BLOCK), np.arange(0, width, EVIDENCE_BLOCK)
    sums = np.empty((rows.size, columns.size), np.float64)
    for index, top in enumerate(rows):
        band = picture[top : top + EVIDENCE_BLOCK].reshape(-1, width * channels)
        sums[index] = np.add.reduceat(band.sum(axis=0, dtype=kind), channels * columns)
    heights, widths = np.diff(rows, append=height), np.diff(columns, append=width)
    means = sums / (heights[:, None] * widths * channels * unit_scale(picture.dtype))
    shares: Array = np.minimum(means / _EVIDENT_LEVEL, 1).astype(np.float32)
    return shares

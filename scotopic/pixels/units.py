"""Conventions about pixels: their scale, and gray."""

from __future__ import annotations

from typing import Any

import numpy as np

from scotopic.types import Array, Pixels

GRAY_WEIGHTS = (0.299, 0.587, 0.114)
_BAND = 32
"""Rows that are looked at together: in a picture in colour, the first of them will do."""


def gray(picture: Array) -> Array:
    """Weighted sum of the encoded channels: 0.299 R + 0.587 G + 0.114 B.

    Parameters
    ----------
    picture : array, (..., 3) or (..., 1)
        RGB or gray, any scale.

    Returns
    -------
    array, (...)
        In the picture's own scale; float64 for integer input.
    """
    if picture.shape[-1] == 1:
        return picture[..., 0]
    weights = np.asarray(GRAY_WEIGHTS)
    if np.issubdtype(picture.dtype, np.floating):
        weights = weights.astype(picture.dtype)
    result: Array = picture @ weights
    return result


def size_of(pixels: Pixels) -> tuple[int, int]:
    """Height and width."""
    return pixels.shape[0], pixels.shape[1]


def is_gray(pixels: Pixels) -> bool:
    """Whether all channels of each pixel are the same."""
    starts = range(0, pixels.shape[0], _BAND)
    bands = (pixels[start : start + _BAND] for start in starts)
    return all(bool((band == band[..., :1]).all()) for band in bands)


def unit_scale(dtype: Any) -> float:
    """Return the value of a pixel's type that stands for 1.0.

    255 for uint8, 65535 for uint16, 1 for floats.
    """
    kind = np.dtype(dtype)
    return float(np.iinfo(kind).max) if np.issubdtype(kind, np.integer) else 1.0

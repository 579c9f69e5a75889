"""Noise, estimated from a picture."""

from __future__ import annotations

import numpy as np

from scotopic.pixels.units import gray, unit_scale
from scotopic.pixels.visible import alpha_of
from scotopic.types import Array, Pixels

_PATCH = 256
_PATCHES = 4


def noise_in_the_dark(picture: Pixels, box: tuple[slice, slice] | None = None) -> float:
    """Standard deviation of the noise in the darker half of a picture.

    The median absolute Laplacian (mask of Immerkaer, CVIU 64(2), 1996, of
    unit response to white noise) over the darker half of the pixels, times
    1.4826, at full size and averaged by 2 and by 4 (coarse grain shows only
    there); the largest of the three, and at least the noise of 8-bit
    rounding, ``1 / (255 sqrt(12))``. Large pictures are sampled by a grid of
    patches. Pixels count as far as they and their neighbours are opaque.

    Parameters
    ----------
    picture : array, (height, width, 3)
    box : pair of slices, optional
        The rows and columns that are looked at; by default all.

    Returns
    -------
    float, on the scale 0..1
    """
    box = box or (slice(0, picture.shape[0]), slice(0, picture.shape[1]))
    alpha = alpha_of(picture)
    estimates = [1 / (255 * np.sqrt(12))]
    patch = _patch(picture, box)
    level = gray(patch.astype(np.float32) / np.float32(unit_scale(picture.dtype)))
    weights = None if alpha is None else _patch(alpha, box).astype(np.float32)
    while min(level.shape) >= 8 and level.shape[0] * 4 >= patch.shape[0]:
        estimates.append(_laplacian_noise(level, weights))
        level = _halved(level)
        weights = None if weights is None else _least_of_four(weights)
    return float(max(estimates))


def _patch(picture: Pixels, box: tuple[slice, slice]) -> Array:
    """All that is in a box, or a grid of its patches joined into one."""
    rows, columns = box
    side = _PATCH * _PATCHES
    if rows.stop - rows.start <= side or columns.stop - columns.start <= side:
        return picture[
            rows.start : min(rows.stop, rows.start + side),
            columns.start : min(columns.stop, columns.start + side),
        ]
    tops, lefts = (np.linspace(span.start, span.stop - _PATCH, _PATCHES, dtype=int) for span in box)
    bands = [
        np.concatenate([picture[t : t + _PATCH, x : x + _PATCH] for x in lefts], axis=1)
        for t in tops
    ]
    return np.concatenate(bands, axis=0)


def _laplacian_noise(level: Array, weights: Array | None = None) -> float:
    across = level[:, :-2] - 2 * level[:, 1:-1] + level[:, 2:]
    mask = (across[:-2] - 2 * across[1:-1] + across[2:]) / 6
    inner = level[1:-1, 1:-1]
    if weights is None:
        return float(1.4826 * _median(np.abs(mask[inner <= _median(level)])))
    weights = _least_of_nine(weights)
    if not weights.any():
        return 0.0
    dark = inner <= _weighted_median(inner, weights)
    return 1.4826 * _weighted_median(np.abs(mask[dark]), weights[dark])


def _weighted_median(values: Array, weights: Array) -> float:
    """The value up to which half of all weight lies."""
    values, weights = values.ravel(), weights.ravel()
    order = np.argsort(values)
    below = np.cumsum(weights[order], dtype=np.float64)
    return float(values[order[np.searchsorted(below, below[-1] / 2)]])


def _least_of_nine(weights: Array) -> Array:
    """The smallest weight of each pixel and those beside it, but for the edge."""
    for _ in range(2):
        weights = np.minimum(np.minimum(weights[:-2], weights[1:-1]), weights[2:]).T
    return weights


def _least_of_four(weights: Array) -> Array:
    """The smallest weight of each four pixels that `_halved` averages."""
    height, width = (n // 2 * 2 for n in weights.shape)
    even = weights[:height, :width]
    result: Array = even.reshape(height // 2, 2, width // 2, 2).min(axis=(1, 3))
    return result


def _median(values: Array) -> float:
    """The median of finite values, as NumPy's, which is several times as slow.

    It also looks for the largest value, to find any NaN, and so sorts more.
    """
    middle = values.size // 2
    parted = np.partition(values, middle, axis=None)
    if values.size % 2:
        return float(parted[middle])
    return float((parted[:middle].max() + parted[middle]) / 2)


def _halved(level: Array) -> Array:
    height, width = (n // 2 * 2 for n in level.shape)
    even = level[:height, :width]
    result: Array = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return result

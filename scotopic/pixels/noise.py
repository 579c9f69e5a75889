"""Noise, estimated from a picture."""

from __future__ import annotations

import numpy as np

from scotopic.pixels.units import gray, unit_scale
from scotopic.types import Array, Pixels

_PATCH = 256
_PATCHES = 4


def noise_in_the_dark(picture: Pixels) -> float:
    """Standard deviation of the noise in the darker half of a picture.

    The median absolute Laplacian (mask of Immerkaer, CVIU 64(2), 1996, of
    unit response to white noise) over the darker half of the pixels, times
    1.4826, at full size and averaged by 2 and by 4 (coarse grain shows only
    there); the largest of the three, and at least the noise of 8-bit
    rounding, ``1 / (255 sqrt(12))``. Large pictures are sampled by a grid of
    patches.

    Parameters
    ----------
    picture : array, (height, width, 3)

    Returns
    -------
    float, on the scale 0..1
    """
    estimates = [1 / (255 * np.sqrt(12))]
    for patch in _patches(picture):
        level = gray(patch.astype(np.float32) / np.float32(unit_scale(picture.dtype)))
        while min(level.shape) >= 8 and level.shape[0] * 4 >= patch.shape[0]:
            estimates.append(_laplacian_noise(level))
            level = _halved(level)
    return float(max(estimates))


def _patches(picture: Pixels) -> list[Array]:
    """The whole picture, or a grid of its patches joined into one."""
    height, width = picture.shape[:2]
    side = _PATCH * _PATCHES
    if height <= side or width <= side:
        return [picture[:side, :side]]
    tops = np.linspace(0, height - _PATCH, _PATCHES, dtype=int)
    lefts = np.linspace(0, width - _PATCH, _PATCHES, dtype=int)
    rows = [
        np.concatenate([picture[t : t + _PATCH, x : x + _PATCH] for x in lefts], axis=1)
        for t in tops
    ]
    return [np.concatenate(rows, axis=0)]


def _laplacian_noise(level: Array) -> float:
    across = level[:, :-2] - 2 * level[:, 1:-1] + level[:, 2:]
    mask = (across[:-2] - 2 * across[1:-1] + across[2:]) / 6
    dark = level[1:-1, 1:-1] <= _median(level)
    return float(1.4826 * _median(np.abs(mask[dark])))


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

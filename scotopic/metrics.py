"""Measures of likeness: two arrays in, a number out, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scotopic.errors import ScotopicError
from scotopic.exposure import gray, unit_scale

Array = NDArray[Any]

_WINDOW_SIZE = 11
_WINDOW_SIGMA = 1.5


def _as_unit(result: Array, reference: Array) -> tuple[Array, Array]:
    if result.shape != reference.shape:
        raise ScotopicError(
            f"cannot compare pictures of different shapes: {result.shape} and {reference.shape}"
        )
    return (
        result.astype(np.float64) / unit_scale(result.dtype),
        reference.astype(np.float64) / unit_scale(reference.dtype),
    )


def psnr(result: Array, reference: Array) -> float:
    """Peak signal-to-noise ratio in decibels.

    ``10 log10(1 / mean((result - reference)^2))`` over all pixels and
    channels, pictures scaled to 0..1 in float64 first.

    Parameters
    ----------
    result, reference : array, (height, width, channels)
        uint8, uint16, or floats in 0..1.

    Returns
    -------
    float
        Infinite for equal pictures.

    Raises
    ------
    ScotopicError
        When the shapes differ.
    """
    a, b = _as_unit(result, reference)
    error = float(np.mean((a - b) ** 2))
    return float(-10 * np.log10(error)) if error else float("inf")


def match_mean(result: Array, reference: Array) -> Array:
    """Scale a picture to the mean gray of a reference, and clip: GT-mean.

    ``clip(result * mean(gray(reference)) / mean(gray(result)), 0, 1)``, the
    form used by Retinexformer and CIDNet.

    Returns
    -------
    array of float64 in 0..1
    """
    a, b = _as_unit(result, reference)
    mean = gray(a).mean()
    matched: Array = np.clip(a * (gray(b).mean() / mean), 0, 1) if mean else a
    return matched


def gt_mean_psnr(result: Array, reference: Array) -> float:
    """PSNR after `match_mean`: forgives an error of exposure."""
    return psnr(match_mean(result, reference), _as_unit(reference, reference)[0])


def ssim(result: Array, reference: Array) -> float:
    """Structural similarity, the mean over channels and valid windows.

    Gaussian window 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03, weighted
    (not sample) covariance: Wang et al., IEEE Trans. Image Processing 13(4),
    2004. The same as scikit-image's ``structural_similarity`` with
    ``gaussian_weights=True, sigma=1.5, use_sample_covariance=False``.

    Parameters
    ----------
    result, reference : array, (height, width, channels)
        uint8, uint16, or floats in 0..1; both sides at least 11.
    """
    a, b = _as_unit(result, reference)
    if min(a.shape[:2]) < _WINDOW_SIZE:
        raise ScotopicError(f"SSIM needs pictures of at least 11x11 pixels, not {a.shape[:2]}")
    mean_a, mean_b = _blur(a), _blur(b)
    var_a = _blur(a * a) - mean_a**2
    var_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    )
    return float(similarity.mean())


def gaussian_window(size: int = _WINDOW_SIZE, sigma: float = _WINDOW_SIGMA) -> Array:
    """One axis of the separable SSIM window; sums to 1."""
    offsets = np.arange(size) - size // 2
    window = np.exp(-(offsets**2) / (2 * sigma**2))
    result: Array = window / window.sum()
    return result


def _blur(picture: Array) -> Array:
    """Weighted mean of each whole window: (h - 10, w - 10, channels)."""
    window = gaussian_window()
    reach = len(window) - 1
    height, width = picture.shape[0] - reach, picture.shape[1] - reach
    rows = sum(weight * picture[i : i + height] for i, weight in enumerate(window))
    columns: Array = np.asarray(
        sum(weight * rows[:, i : i + width] for i, weight in enumerate(window))  # type: ignore[index]
    )
    return columns

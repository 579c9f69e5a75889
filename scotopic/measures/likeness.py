"""Measures of quality, computed in float64: of a result and its reference, or of one picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scotopic.errors import InvalidValueError, MissingPackageError
from scotopic.pixels.units import gray, unit_scale
from scotopic.types import Array

WINDOW_SIZE = 11
WINDOW_SIGMA = 1.5
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LOE_SIDE = 50


def _as_unit(result: Array, reference: Array) -> tuple[Array, Array]:
    if result.shape != reference.shape:
        raise InvalidValueError(
            f"cannot compare pictures of different shapes: {result.shape} and {reference.shape}"
        )
    return (
        result.astype(np.float64) / unit_scale(result.dtype),
        reference.astype(np.float64) / unit_scale(reference.dtype),
    )


def psnr(result: Array, reference: Array) -> float:
    """Peak signal-to-noise ratio in decibels.

    ``10 log10(1 / mean((result - reference)^2))`` over all pixels and
    channels of pictures in 0..1.

    Parameters
    ----------
    result, reference : array, (height, width, channels)
        uint8, uint16, or floats in 0..1.

    Returns
    -------
    float
        Infinite if the pictures are equal.

    Raises
    ------
    InvalidValueError
        When the shapes differ.
    """
    a, b = _as_unit(result, reference)
    error = float(np.mean((a - b) ** 2))
    return float(-10 * np.log10(error)) if error else float("inf")


def match_mean(result: Array, reference: Array) -> Array:
    """Scale a picture to the mean gray of a reference, and clip it (GT-mean).

    ``clip(result * mean(gray(reference)) / mean(gray(result)), 0, 1)``, as
    Retinexformer and CIDNet compute it.

    Returns
    -------
    array, (height, width, channels), float64 in 0..1
    """
    a, b = _as_unit(result, reference)
    mean = gray(a).mean()
    matched: Array = np.clip(a * (gray(b).mean() / mean), 0, 1) if mean else a
    return matched


def gt_mean_psnr(result: Array, reference: Array) -> float:
    """PSNR after `match_mean`, which ignores an error of exposure."""
    return psnr(match_mean(result, reference), _as_unit(reference, reference)[0])


def gt_mean_ssim(result: Array, reference: Array) -> float:
    """SSIM after `match_mean`, which ignores an error of exposure."""
    return ssim(match_mean(result, reference), _as_unit(reference, reference)[0])


def ciede2000(result: Array, reference: Array) -> float:
    """Mean colour difference CIEDE2000 of two sRGB pictures under D65.

    Computed by scikit-image: Sharma, Wu and Dalal, Color Research and
    Application 30(1), 2005. A difference of about 1 is just visible.

    Raises
    ------
    InvalidValueError
        When the shapes differ.
    MissingPackageError
        When scikit-image is not installed.
    """
    a, b = _as_unit(result, reference)
    try:
        from skimage.color import deltaE_ciede2000, rgb2lab
    except ImportError as error:
        raise MissingPackageError(
            "CIEDE2000 needs scikit-image", remedy="pip install scikit-image"
        ) from error
    difference: Callable[..., Array] = deltaE_ciede2000  # scikit-image gives it no types
    return float(difference(rgb2lab(a), rgb2lab(b)).mean())


def mae(result: Array, reference: Array) -> float:
    """Mean absolute difference over all pixels and channels, 0 to 1."""
    a, b = _as_unit(result, reference)
    return float(np.mean(np.abs(a - b)))


def ssim(result: Array, reference: Array) -> float:
    """Structural similarity (SSIM), averaged over channels and valid windows.

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
    _check_size(a, WINDOW_SIZE, "SSIM")
    luminance, structure = _likeness(a, b)
    return float((luminance * structure).mean())


def ms_ssim(result: Array, reference: Array) -> float:
    """Multi-scale structural similarity (MS-SSIM), averaged over channels.

    There are five scales, each made from the one before by averaging 2x2
    pixels. The measure is the product of the mean contrast and structure at
    the first four and of the mean SSIM at the last one, raised to the powers
    0.0448, 0.2856, 0.3001, 0.2363 and 0.1333: Wang, Simoncelli and Bovik,
    Asilomar 2003. Negative means count as 0. The value is the same as that of
    TensorFlow's ``ssim_multiscale`` if no side is odd at any scale.

    Parameters
    ----------
    result, reference : array, (height, width, channels)
        uint8, uint16, or floats in 0..1; both sides at least 176.
    """
    a, b = _as_unit(result, reference)
    _check_size(a, WINDOW_SIZE * 2 ** (len(_SCALE_WEIGHTS) - 1), "MS-SSIM")
    product = np.ones(a.shape[-1])
    for scale, power in enumerate(_SCALE_WEIGHTS):
        luminance, structure = _likeness(a, b)
        last = scale == len(_SCALE_WEIGHTS) - 1
        mean = (luminance * structure if last else structure).mean(axis=(0, 1))
        product = product * np.maximum(mean, 0) ** power
        a, b = _halved(a), _halved(b)
    return float(product.mean())


def loe(result: Array, picture: Array) -> float:
    """Lightness order error against the picture that a result was made from.

    The share of pairs of pixels whose order by lightness (the largest
    channel) differs, after sampling both pictures down to about 50 pixels on
    the shorter side: Wang, Zheng, Hu and Li, IEEE Trans. Image Processing
    22(9), 2013, equations 4 to 6, but as a share instead of a count. It is 0
    for any change of brightness that keeps the order.
    """
    a, b = (_sampled(x.max(axis=-1)).ravel() for x in _as_unit(result, picture))
    differ = sum(int(((a >= one) != (b >= two)).sum()) for one, two in zip(a, b, strict=True))
    return differ / a.size**2


def _sampled(lightness: Array) -> Array:
    step = max(1, min(lightness.shape) // _LOE_SIDE)
    result: Array = lightness[::step, ::step]
    return result


def clipped(picture: Array) -> tuple[float, float]:
    """Shares of clipped pixels, 0 to 1.

    Returns
    -------
    highlights : float
        Share of the pixels with at least one channel at the highest value.
    shadows : float
        Share of the pixels with all channels at the lowest value.
    """
    unit, _ = _as_unit(picture, picture)
    return float((unit.max(-1) == 1).mean()), float((unit.max(-1) == 0).mean())


def noise_level(picture: Array) -> float:
    """Estimate the standard deviation of the noise in gray, on the scale 0..1.

    The picture is filtered by the difference of two Laplacians, which does
    not respond to planes and to edges along the axes. The median absolute
    value is divided by 0.6745 and by the filter's norm, 6: Immerkær, Computer
    Vision and Image Understanding 64(2), 1996, with the median in place of
    the mean. White noise is assumed: noise that is correlated between pixels
    is underestimated. Fine texture counts as noise.
    """
    plane = gray(_as_unit(picture, picture)[0])
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    filtered = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.median(np.abs(filtered)) / (0.6745 * 6)) if filtered.size else 0.0


def colourfulness(picture: Array) -> float:
    """Colourfulness M3 of Hasler and Süsstrunk (SPIE 5007, 2003), for values in 0..255.

    0 for gray. They call 15 slightly colourful, and 59 quite colourful.
    """
    red, green, blue = np.moveaxis(255 * _as_unit(picture, picture)[0], -1, 0)
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(first.std(), second.std())
    return float(spread + 0.3 * np.hypot(first.mean(), second.mean()))


def _check_size(picture: Array, side: int, name: str) -> None:
    height, width = picture.shape[:2]
    if min(height, width) < side:
        raise InvalidValueError(
            f"{name} needs pictures of at least {side}x{side} pixels, not {width}x{height}"
        )


def _halved(picture: Array) -> Array:
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    quarters = [picture[i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
    return np.asarray(sum(quarters[1:], quarters[0])) / 4


def _likeness(a: Array, b: Array) -> tuple[Array, Array]:
    """Luminance, and contrast times structure, for each complete window."""
    mean_a, mean_b = _blur(a), _blur(b)
    var_a = _blur(a * a) - mean_a**2
    var_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return luminance, (2 * covariance + c2) / (var_a + var_b + c2)


def gaussian_window(size: int = WINDOW_SIZE, sigma: float = WINDOW_SIGMA) -> Array:
    """One axis of the separable window of SSIM; its sum is 1."""
    offsets = np.arange(size) - size // 2
    window = np.exp(-(offsets**2) / (2 * sigma**2))
    result: Array = window / window.sum()
    return result


def _blur(picture: Array) -> Array:
    """Weighted mean of each complete window, (height - 10, width - 10, channels)."""
    window = gaussian_window()
    reach = len(window) - 1
    height, width = picture.shape[0] - reach, picture.shape[1] - reach
    rows = sum(weight * picture[i : i + height] for i, weight in enumerate(window))
    columns: Array = np.asarray(
        sum(weight * rows[:, i : i + width] for i, weight in enumerate(window))
    )
    return columns

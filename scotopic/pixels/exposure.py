"""Exposure: the thumbnail, the exposing curve, its solver and the limit on gain.

This is the classical half of the method, in plain NumPy, and the reference
that every other implementation of the curve is tested against.

The exposing curve with gain ``g > 0`` is

    E_g(x) = g x / (1 + (g - 1) x)

It fixes 0 and 1, has slope ``g`` at 0 and ``1 / g`` at 1, its inverse is
``E_{1/g}``, and curves compose by multiplying their gains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

THUMBNAIL_SIZE = 64
EVIDENCE_BLOCK = 16
_EVIDENT_LEVEL = 0.25 / 255
GRAY_WEIGHTS = (0.299, 0.587, 0.114)
MAX_GAIN = 400.0
_BISECTION_STEPS = 40

Array = NDArray[Any]


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


def unit_scale(dtype: Any) -> float:
    """Return the value of a pixel's type that stands for 1.0.

    255 for uint8, 65535 for uint16, 1 for floats.
    """
    kind = np.dtype(dtype)
    return float(np.iinfo(kind).max) if np.issubdtype(kind, np.integer) else 1.0


def area_weights(source: int, target: int) -> Array:
    """Matrix that averages `source` cells into `target` cells by area.

    Parameters
    ----------
    source, target : int
        Numbers of cells; either may be the larger.

    Returns
    -------
    array, (target, source), float64
        Each row sums to 1.
    """
    edges = np.linspace(0, source, target + 1)
    weights = np.zeros((target, source))
    for row, start, stop in zip(weights, edges[:-1], edges[1:], strict=True):
        first, last = int(start), min(int(np.ceil(stop)), source)
        cells = np.arange(first, last)
        overlap = np.minimum(stop, cells + 1) - np.maximum(start, cells)
        row[first:last] = np.clip(overlap, 0, None) / (source / target)
    return weights


def thumbnail(picture: Array, size: int = THUMBNAIL_SIZE) -> Array:
    """Average a whole picture, by area, into a square thumbnail.

    Parameters
    ----------
    picture : array, (height, width, channels)
        uint8, uint16 or float; any size from 1x1.
    size : int
        Side of the thumbnail in pixels.

    Returns
    -------
    array, (size, size, channels), float32 in 0..1
        Computed row band by row band: the memory it takes is a few rows.
    """
    height, width, channels = picture.shape
    columns = area_weights(width, size).astype(np.float32)
    rows = area_weights(height, size)
    result = np.empty((size, size, channels), np.float32)
    for index, weights in enumerate(rows):
        used = np.flatnonzero(weights)
        band = picture[used[0] : used[-1] + 1].reshape(used.size, -1).astype(np.float32)
        line = weights[used].astype(np.float32) @ band
        result[index] = columns @ line.reshape(width, channels)
    result /= np.float32(unit_scale(picture.dtype))
    return result


def evidence(picture: Array) -> Array:
    """How much there is to correct, 0 to 1, block by block of 16x16 pixels.

    It is 0 where a block is black, all of it, and 1 from a mean of a quarter
    of an 8-bit level on. Where there is nothing in the file, a network can
    only make things up: its correction is weighted by this.

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
        line = picture[top : top + EVIDENCE_BLOCK].sum(axis=0, dtype=kind).sum(axis=-1)
        sums[index] = np.add.reduceat(line, columns)
    heights, widths = np.diff(rows, append=height), np.diff(columns, append=width)
    means = sums / (heights[:, None] * widths * channels * unit_scale(picture.dtype))
    return np.minimum(means / _EVIDENT_LEVEL, 1).astype(np.float32)


def expose(picture: Array, gain: float) -> Array:
    """Apply the exposing curve ``E_g``.

    Parameters
    ----------
    picture : array of floats in 0..1
    gain : float
        Slope of the curve at black; above 1 brightens, below 1 darkens.

    Returns
    -------
    array
        Same shape and type, in 0..1.
    """
    result: Array = picture * gain / (1 + (gain - 1) * picture)
    return result


def exposure_of(thumb: Array, gain: float = 1.0, weights: Array | None = None) -> float:
    """Mean gray, 0 to 1, of a thumbnail under the exposing curve."""
    return float(np.average(gray(expose(thumb.astype(np.float64), gain)), weights=weights))


def gain_for(thumb: Array, exposure: float, weights: Array | None = None) -> float:
    """Solve for the gain that brings a thumbnail to a mean gray level.

    Parameters
    ----------
    thumb : array, (size, size, 3), floats in 0..1
        The thumbnail of the whole picture.
    exposure : float
        Level wanted, 0 to 1.
    weights : array, (size, size), optional
        Of each cell in the mean; by default all count alike.

    Returns
    -------
    float
        In 1/400..400, by bisection of log gain in float64, which the mean
        level rises with. Levels out of reach give the nearest end. A picture
        that no gain changes (only black, only white) gives 1.
    """
    values = thumb.astype(np.float64)
    if not np.any((values > 0) & (values < 1)):
        return 1.0
    low, high = -np.log(MAX_GAIN), np.log(MAX_GAIN)
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2
        if exposure_of(values, float(np.exp(middle)), weights) < exposure:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


# The limit on gain. Each constant is explained where it is used.
NOISE_LEVEL = 0.06
NOISE_RESIDUAL = 0.25
FLAT_LEVEL = 0.95
FLAT_SHARE = 0.05
EMPTY_LEVEL = 0.02
EMPTY_SHARE = 0.25
LIT_LEVEL = 0.3
SUBJECT_LEVEL = 0.6
_PATCH = 256
_PATCHES = 4


@dataclass(frozen=True)
class Decision:
    """What the automatic exposure came to, and why.

    Attributes
    ----------
    predicted_exposure, predicted_gain : float
        Of the network alone.
    limits : dict
        The largest gain that each rule allows: ``noise``, ``highlights``,
        ``night``.
    limited_by : str or None
        The rule that held the gain down; ``brightness`` when the picture is
        already as bright as predicted and is left so; None when none did.
    gain : float
        What is used, at least 1.
    """

    predicted_exposure: float
    predicted_gain: float
    limits: dict[str, float]
    limited_by: str | None
    gain: float


def restrain(picture: Array, thumb: Array, predicted: float) -> Decision:
    """Limit a predicted exposure by what the picture can bear.

    The gain used is ``max(1, min(predicted, noise, highlights, night))``.

    Parameters
    ----------
    picture : array, (height, width, 3)
    thumb : array, (64, 64, 3), floats in 0..1
        Its thumbnail.
    predicted : float
        Exposure wanted, 0 to 1.
    """
    wanted = gain_for(thumb, predicted)
    limits = {
        "noise": noise_limit(noise_in_the_dark(picture)),
        "highlights": highlight_limit(thumb),
        "night": night_limit(thumb),
    }
    rule = min(limits, key=lambda name: limits[name])
    limited_by = rule if limits[rule] < wanted else None
    gain = min(wanted, limits[rule])
    if gain < 1:
        gain, limited_by = 1.0, "brightness" if limited_by is None else limited_by
    return Decision(predicted, wanted, limits, limited_by, gain)


def noise_limit(noise: float) -> float:
    """Gain at which the noise left over after denoising reaches a level.

    ``NOISE_LEVEL / (NOISE_RESIDUAL * noise)``: near black the curve's slope
    is the gain, and the network leaves about a quarter of the noise.
    """
    return NOISE_LEVEL / (NOISE_RESIDUAL * noise)


def noise_in_the_dark(picture: Array) -> float:
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


def _patches(picture: Array) -> list[Array]:
    """The picture as one, or a grid of patches joined into one."""
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
    dark = level[1:-1, 1:-1] <= np.median(level)
    return float(1.4826 * np.median(np.abs(mask[dark])))


def _halved(level: Array) -> Array:
    height, width = (n // 2 * 2 for n in level.shape)
    even = level[:height, :width]
    result: Array = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return result


def highlight_limit(thumb: Array) -> float:
    """Gain that flattens a stated share of the picture and no more.

    A cell is flat when its brightest channel is above ``FLAT_LEVEL``. The
    curve takes a cell of brightness x there at gain
    ``FLAT_LEVEL (1 - x) / (x (1 - FLAT_LEVEL))``; the limit is the gain for
    the cell that ends the brightest ``FLAT_SHARE`` of the picture not flat yet.
    """
    brightest = thumb.max(axis=-1).ravel().astype(np.float64)
    bearing = np.sort(brightest[brightest < FLAT_LEVEL])[::-1]
    index = int(FLAT_SHARE * brightest.size)
    if index >= bearing.size or bearing[index] <= 0:
        return MAX_GAIN
    x = bearing[index]
    return float(min(MAX_GAIN, FLAT_LEVEL * (1 - x) / (x * (1 - FLAT_LEVEL))))


def night_limit(thumb: Array) -> float:
    """Gain that exposes the subject of a night, and leaves the night black.

    A cell of the thumbnail is empty when its gray is under ``EMPTY_LEVEL`` of
    the picture's brightest (99.5th percentile). In a picture that is lit
    somewhere (that brightest above ``LIT_LEVEL``) and empty over more than
    ``EMPTY_SHARE``, the gain is at most what brings the subject to
    ``SUBJECT_LEVEL``: the mean in which each cell counts by its own light.
    Underexposed pictures have no such brightness and are not touched.
    """
    level = gray(thumb)
    brightest = np.quantile(level, 0.995)
    empty = level < EMPTY_LEVEL * brightest
    small_light = level.max() > LIT_LEVEL and empty.mean() > 0.9
    if empty.mean() <= EMPTY_SHARE or not (brightest > LIT_LEVEL or small_light):
        return MAX_GAIN
    return gain_for(thumb, SUBJECT_LEVEL, weights=level)

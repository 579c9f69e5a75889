"""The gain map: a gain of the exposing curve that varies over the picture.

A map of ln g at low resolution is brought to the picture's edges by a guided
filter (He, Sun, Tang, PAMI 35(6), 2013): it is written, in windows around each
place, as a linear function of a guide,

    ln g = slope * z + offset        z = logit(m)

m being the brightest channel of a pixel. Slope and offset form a small grid,
and are interpolated between its cells. A pixel's gain thus depends on
the pixel, its place and the grid alone, so tiles are exposed exactly as the
whole is. Since ``logit E_g(m) = z + ln g``, the result is ``(1 + slope) z +
offset``: it rises with the picture wherever ``slope > -1``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scotopic.pixels import interpolation
from scotopic.pixels.exposure import MAX_GAIN, brightest, expose, gain_for, logit
from scotopic.pixels.units import size_of
from scotopic.types import Array

Weights = tuple[Array, Array]
"""Of the rows and of the columns of a grid, (pixels, cells) each, float32."""

_RADIUS = 3
"""Radius of the filter's windows, in cells."""
_EPSILON = 0.1
"""Variance of z, below which a window counts as flat."""
STEEPEST, FLATTEST = 0.35, -0.7
"""Bounds of the slope: local contrast is at least 0.3 and at most 1.35 times the guide's."""
LARGEST = float(np.log(MAX_GAIN))
GUIDE_RANGE = (-5.0, 2.0)
"""z below and above which the guide is constant, brightness of 0.007 and 0.88: neither noise about
black nor a lamp is taken further along the line than what the line was fitted to."""


@dataclass(frozen=True)
class GainMap:
    """Coefficients of ln g on a grid that covers a picture.

    Attributes
    ----------
    slope, offset : array, (rows, columns), float32
    """

    slope: Array
    offset: Array

    @classmethod
    def uniform(cls, gain: float) -> GainMap:
        """The same gain everywhere."""
        return cls(np.zeros((1, 1), np.float32), np.full((1, 1), np.log(gain), np.float32))

    def shifted(self, log_factor: float) -> GainMap:
        """All gains multiplied by the exponential of a number."""
        return GainMap(self.slope, self.offset + np.float32(log_factor))

    def balanced(self, balance: float, middle: float) -> GainMap:
        """The deviation of ln g from a middle value multiplied by a number, 0 to 1."""
        share = np.float32(balance)
        return GainMap(share * self.slope, share * self.offset + (1 - share) * np.float32(middle))

    def weights(
        self, size: tuple[int, int], rows: slice | None = None, columns: slice | None = None
    ) -> Weights:
        """Weights of the grid's cells at the pixels of a picture, or of a part of one.

        Parameters
        ----------
        size : (height, width)
            Of the whole picture.
        rows, columns : slice, optional
            The part, which may reach beyond the picture.
        """
        spans = (rows or slice(0, size[0]), columns or slice(0, size[1]))
        down, across = (
            interpolation.weights(cells, span, length / cells)
            for cells, span, length in zip(self.slope.shape, spans, size, strict=True)
        )
        return down, across

    def coefficients(self, weights: Weights) -> tuple[Array, Array]:
        """Slope and offset of pixels, two arrays (height, width, 1), float32."""
        down, across = weights
        slope, offset = ((down @ grid @ across.T)[..., None] for grid in (self.slope, self.offset))
        return slope, offset

    def log_gain(self, picture: Array, weights: Weights | None = None) -> Array:
        """ln g of pixels, (height, width, 1).

        Parameters
        ----------
        picture : array of floats in 0..1, (height, width, channels)
        weights : pair of arrays, optional
            As from `weights`, if the picture is a part of the whole.
        """
        slope, offset = self.coefficients(weights or self.weights(size_of(picture)))
        logs = np.clip(slope * guide_of(picture) + offset, -LARGEST, LARGEST)
        result: Array = logs.astype(picture.dtype, copy=False)
        return result

    def mean_log_gain(self, picture: Array, weights: Array | None = None) -> float:
        """Mean of ln g over a picture, such as a thumbnail, whose cells may have weights."""
        return float(np.average(self.log_gain(picture)[..., 0], weights=weights))

    def mean_gain(self, picture: Array, weights: Array | None = None) -> float:
        """Geometric mean of the gain over a picture, such as a thumbnail."""
        return float(np.exp(self.mean_log_gain(picture, weights)))

    def exposed(self, picture: Array) -> Array:
        """A whole picture, floats in 0..1, exposed."""
        return expose(picture, np.exp(self.log_gain(picture)))

    def reaching(self, thumb: Array, exposure: float, weights: Array | None = None) -> GainMap:
        """The map shifted so that it brings a thumbnail to a mean gray level, 0 to 1."""
        relative = np.exp(self.log_gain(thumb))
        return self.shifted(float(np.log(gain_for(thumb, exposure, weights, relative))))


def guide_of(picture: Array) -> Array:
    """z of floats in 0..1, (height, width, 1), held within `GUIDE_RANGE`."""
    guide: Array = np.clip(logit(brightest(picture)), *GUIDE_RANGE)
    return guide


def guided(log_gain: Array, guide: Array) -> GainMap:
    """Bring a map of ln g to the edges of a guide.

    Map and guide are of one resolution, so that a cell that an edge divides
    lies between its neighbours in both. At a step of the picture by 4 in z,
    where the gain falls by half as much, levels beside it are up to an eighth
    darker on the dark side and up to a tenth brighter on the bright side than
    far from it (`tests/pixels/test_gain_map.py`).

    Parameters
    ----------
    log_gain : array, (rows, columns)
        Covers the picture.
    guide : array, (rows, columns, 1)
        z of the same cells, as from `guide_of`.
    """
    z, w = guide[..., 0].astype(np.float64), log_gain.astype(np.float64)
    mean_z, mean_w = box_mean(z), box_mean(w)
    variance = box_mean(z * z) - mean_z * mean_z
    covariance = box_mean(z * w) - mean_z * mean_w
    slope = np.clip(covariance / (variance + _EPSILON), FLATTEST, STEEPEST)
    offset = mean_w - slope * mean_z
    return GainMap(box_mean(slope).astype(np.float32), box_mean(offset).astype(np.float32))


def box_mean(values: Array, radius: int = _RADIUS) -> Array:
    """Mean over square windows of 2 radius + 1 cells, of what lies inside the picture."""
    for _ in range(2):
        length = values.shape[0]
        sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        index = np.arange(length)
        low, high = np.maximum(index - radius, 0), np.minimum(index + radius + 1, length)
        values = ((sums[high] - sums[low]) / (high - low)[:, None]).T
    return values

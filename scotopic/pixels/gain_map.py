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

from scotopic.pixels.exposure import MAX_GAIN, brightest, logit
from scotopic.types import Array

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

    def coefficients_at(self, rows: Array, columns: Array) -> tuple[Array, Array]:
        """Slope and offset of pixels.

        Parameters
        ----------
        rows : array, (height, rows of the grid), float32
        columns : array, (width, columns of the grid), float32
            Weights of the grid's rows and columns, as from `interpolation`.

        Returns
        -------
        two arrays, (height, width), float32
        """
        return rows @ self.slope @ columns.T, rows @ self.offset @ columns.T

    def log_gain(self, picture: Array, rows: Array, columns: Array) -> Array:
        """ln g of pixels, (height, width, 1).

        Parameters
        ----------
        picture : array of floats in 0..1, (height, width, channels)
        rows, columns : array
            As for `coefficients_at`.
        """
        slope, offset = self.coefficients_at(rows, columns)
        guide = np.clip(logit(brightest(picture)), *GUIDE_RANGE)
        result = np.clip(slope[..., None] * guide + offset[..., None], -LARGEST, LARGEST)
        given: Array = result.astype(picture.dtype, copy=False)
        return given

    def mean_log_gain(self, picture: Array) -> float:
        """Mean of ln g over a picture, such as a thumbnail."""
        return float(self.log_gain_whole(picture).mean())

    def log_gain_whole(self, picture: Array) -> Array:
        """ln g of all pixels of a picture, such as a thumbnail, (height, width, 1)."""
        (height, width), (rows, columns) = picture.shape[:2], self.slope.shape
        return self.log_gain(
            picture,
            interpolation(0, height, height, rows),
            interpolation(0, width, width, columns),
        )


def interpolation(start: int, stop: int, length: int, cells: int) -> Array:
    """Weights of the cells of a grid along one side of a picture, at its pixels.

    Parameters
    ----------
    start, stop : int
        The pixels asked for; they may lie beyond the picture.
    length : int
        Pixels of the whole side.
    cells : int
        Cells of the grid, of equal length.

    Returns
    -------
    array, (stop - start, cells), float32
        Linear between the centres of cells, constant beyond the first and
        the last. Each row sums to 1.
    """
    pixels = np.arange(start, stop)
    places = np.clip((pixels + 0.5) * cells / length - 0.5, 0, cells - 1)
    below = np.minimum(places.astype(np.intp), max(cells - 2, 0))
    share = (places - below).astype(np.float32)
    weights = np.zeros((stop - start, cells), np.float32)
    index = np.arange(stop - start)
    weights[index, below] = 1 - share
    weights[index, np.minimum(below + 1, cells - 1)] += share
    return weights


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
    guide : array, (rows, columns)
        z of the same cells.
    """
    z, w = guide.astype(np.float64), log_gain.astype(np.float64)
    mean_z, mean_w = _box_mean(z), _box_mean(w)
    variance = _box_mean(z * z) - mean_z * mean_z
    covariance = _box_mean(z * w) - mean_z * mean_w
    slope = np.clip(covariance / (variance + _EPSILON), FLATTEST, STEEPEST)
    offset = mean_w - slope * mean_z
    return GainMap(_box_mean(slope).astype(np.float32), _box_mean(offset).astype(np.float32))


def guide_of(picture: Array) -> Array:
    """z of floats in 0..1, (height, width), held within `GUIDE_RANGE`."""
    guide: Array = np.clip(logit(brightest(picture))[..., 0], *GUIDE_RANGE)
    return guide


def _box_mean(values: Array, radius: int = _RADIUS) -> Array:
    """Mean over windows of 2 radius + 1 cells, of what lies inside the picture."""
    for _ in range(2):
        length = values.shape[0]
        sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        index = np.arange(length)
        low, high = np.maximum(index - radius, 0), np.minimum(index + radius + 1, length)
        values = ((sums[high] - sums[low]) / (high - low)[:, None]).T
    return values

"""Pictures that are transparent in places: only what is seen counts.

Transparent pixels have colours too, black or white or whatever a program left in them.
No statistic of a picture may depend on these: means are weighted by opacity. Where a
network needs a colour and none is seen, it is given that of the surroundings.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scotopic.pixels.interpolation import between
from scotopic.pixels.thumbnail import reduced
from scotopic.pixels.units import unit_scale
from scotopic.types import Array, Pixels

HIDDEN = 0.02
"""Opacity up to which a pixel is hidden: it counts for nothing, and stays as it is."""
_ENOUGH = 0.25
"""Mean opacity, against the largest, from which on a cell has the colour of its own pixels alone."""
_BAND = 64
"""Rows that are coloured at a time."""
_OPAQUE = 1 - 1e-5
"""Mean opacity that differs from 1 only by rounding."""


class Cutout:
    """A picture and its opacity, as `Pixels`: slices give its colours, `alpha` the opacity.

    Parameters
    ----------
    pixels : array, (height, width, channels)
        uint8, uint16 or float.
    alpha : array, (height, width)
        uint8, uint16 or float.
    """

    def __init__(self, pixels: Pixels, alpha: Pixels) -> None:
        self._pixels, self.alpha = pixels, alpha
        self.shape, self.dtype = pixels.shape, pixels.dtype
        self.nbytes = pixels.nbytes + alpha.nbytes

    def __getitem__(self, key: Any) -> Array:
        """Colours of rows, or of rows and columns, by slices."""
        return self._pixels[key]


def cut_out(pixels: Array, alpha: Array | None) -> Pixels:
    """A picture with its opacity, unless all of it is opaque, or none of it is seen."""
    if alpha is None or not is_seen(alpha) or alpha.min() == unit_scale(alpha.dtype):
        return pixels
    return Cutout(pixels, alpha)


def is_seen(alpha: Array) -> bool:
    """Whether anything is seen of a picture with an opacity."""
    return bool(alpha.max() > HIDDEN * unit_scale(alpha.dtype))


class _Opaque:
    """The colours of a picture, whatever its opacity."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self.shape, self.dtype, self.nbytes = pixels.shape, pixels.dtype, pixels.nbytes

    def __getitem__(self, key: Any) -> Array:
        return self._pixels[key]


def counted(pixels: Pixels, weights: Array | None) -> Pixels:
    """A picture without its opacity if `small` has found no weights, as of one that nobody sees."""
    return _Opaque(pixels) if weights is None and alpha_of(pixels) is not None else pixels


def alpha_of(pixels: Pixels) -> Pixels | None:
    """The opacity of a picture, (height, width) by slices of rows, if it has any."""
    found: Pixels | None = getattr(pixels, "alpha", None)
    return found


def small(pixels: Pixels, rows: int, columns: int) -> tuple[Array, Array | None]:
    """Average what is seen of a picture, by area, into a small one.

    Parameters
    ----------
    pixels : array, (height, width, channels), `Cutout`, or a reader of rows
    rows, columns : int
        Size of the small one in pixels.

    Returns
    -------
    colours : array, (rows, columns, channels), float32 in 0..1
        Means weighted by opacity. Where hardly anything is seen, of the surroundings.
    weights : array, (rows, columns), float32 in 0..1, or None
        Mean opacity; None if all is opaque, or nothing is seen.
    """
    if alpha_of(pixels) is None:
        return reduced(pixels, rows, columns), None
    sums = reduced(_Multiplied(pixels), rows, columns)
    sums[..., -1][sums[..., -1] > _OPAQUE] = 1
    weights = sums[..., -1]
    if not weights.any():
        return reduced(pixels, rows, columns), None
    if weights.min() == 1:
        return np.ascontiguousarray(sums[..., :-1]), None
    return _spread(sums), weights


class _Multiplied:
    """Colours multiplied by opacity, and the opacity as one more channel, on one scale."""

    def __init__(self, pixels: Pixels) -> None:
        height, width, channels = pixels.shape
        self._pixels, self._alpha = pixels, alpha_of(pixels)
        self.shape, self.dtype = (height, width, channels + 1), pixels.dtype
        self.nbytes = pixels.nbytes

    def __getitem__(self, key: Any) -> Array:
        shares = _shares(self._alpha, key)[..., None]
        one = np.float32(unit_scale(self.dtype))
        return np.concatenate([self._pixels[key] * shares, shares * one], axis=-1)


def _shares(alpha: Any, key: Any) -> Array:
    """Opacity of rows, or of rows and columns, float32 in 0..1; 0 of what is hidden."""
    shares: Array = (alpha[key] / np.float32(unit_scale(alpha.dtype))).astype(
        np.float32, copy=False
    )
    shares[shares <= HIDDEN] = 0
    return shares


def _spread(sums: Array) -> Array:
    """Mean colours of cells; where hardly anything is seen, from ever coarser means."""
    weights = sums[..., -1:]
    own: Array = sums[..., :-1] / np.maximum(weights, np.finfo(np.float32).tiny)
    share = np.minimum(weights / (_ENOUGH * weights.max()), 1)
    if share.min() == 1:
        return own
    rows, columns = weights.shape[:2]
    around = _spread(reduced(sums, -(-rows // 2), -(-columns // 2)))
    around = _enlarged(around, slice(0, rows), slice(0, columns), (rows, columns))
    result: Array = around + share * (own - around)
    return result


def _enlarged(cells: Array, rows: slice, columns: slice, size: tuple[int, int]) -> Array:
    """Cells that cover a picture of a size, at some of its rows and columns."""
    count, across, channels = cells.shape
    lines = between(cells.reshape(count, -1), rows, size[0] / count)
    turned = lines.reshape(-1, across, channels).swapaxes(0, 1)
    result = between(turned.reshape(across, -1), columns, size[1] / across)
    enlarged: Array = result.reshape(len(result), -1, channels).swapaxes(0, 1)
    return enlarged


class _Shown:
    """A picture whose hidden pixels have the colours of their surroundings."""

    def __init__(self, pixels: Pixels, alpha: Pixels, thumb: Array) -> None:
        self._pixels, self._alpha = pixels, alpha
        self.shape, self.dtype, self.nbytes = pixels.shape, pixels.dtype, pixels.nbytes
        if np.ptp(thumb, axis=-1).max() < 1e-5:  # rounding is no colour: gray is to stay gray
            thumb = np.repeat(thumb[..., :1], 3, axis=-1)
        self._thumb = thumb[..., : pixels.shape[-1]]

    def __getitem__(self, key: Any) -> Array:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        band: Array = self._pixels[rows]
        hidden = _is_hidden(self._alpha, rows)
        if not hidden.any():
            return band[:, columns]
        band = band.copy()
        first = rows.indices(self.shape[0])[0]
        for top in range(0, len(band), _BAND):
            part = slice(top, top + _BAND)
            if hidden[part].any():
                around = self._around(slice(first + top, first + top + len(band[part])))
                np.copyto(band[part], around, where=hidden[part][..., None])
        return band[:, columns]

    def _around(self, rows: slice) -> Array:
        """The thumbnail at rows of the picture, as pixels of its type."""
        size = (self.shape[0], self.shape[1])
        around = _enlarged(self._thumb, rows, slice(0, size[1]), size)
        if np.issubdtype(self.dtype, np.integer):
            around = np.rint(around * np.float32(unit_scale(self.dtype)))
        return around.astype(self.dtype)


def _is_hidden(alpha: Pixels, rows: slice) -> Array:
    hidden: Array = alpha[rows] <= HIDDEN * unit_scale(alpha.dtype)
    return hidden


def shown(pixels: Pixels, thumb: Array) -> Pixels:
    """A picture as a network is to see it: where it is hidden, coloured as a thumbnail is.

    Parameters
    ----------
    pixels : array, `Cutout`, or a reader of rows
    thumb : array, (size, size, 3), floats in 0..1
        Of the picture, by `small`.
    """
    alpha = alpha_of(pixels)
    return pixels if alpha is None else _Shown(pixels, alpha, thumb)


def keep_hidden(pixels: Pixels, rows: slice, band: Array) -> None:
    """Give pixels that are hidden back to enhanced rows of a picture."""
    alpha = alpha_of(pixels)
    if alpha is not None:
        np.copyto(band, pixels[rows], where=_is_hidden(alpha, rows)[..., None])


def box_of(weights: Array | None, size: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of a picture of a size in which anything is seen."""
    if weights is None:
        return slice(0, size[0]), slice(0, size[1])
    rows, columns = np.any(weights, axis=1), np.any(weights, axis=0)
    return _span(np.asarray(rows), size[0]), _span(np.asarray(columns), size[1])


def _span(seen: Array, length: int) -> slice:
    places, count = np.flatnonzero(seen), len(seen)
    return slice(int(places[0] * length // count), int(-(-(places[-1] + 1) * length // count)))

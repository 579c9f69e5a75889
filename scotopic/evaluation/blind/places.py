"""Where people look closely: three places of a picture, chosen by rule and not by taste."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from scotopic.pixels.units import gray
from scotopic.types import Array

LARGEST_SIDE = 320
"""Of a place, in pixels: the input and two candidates then fit side by side on a sheet."""
_CELLS = 8
"""Cells along the side of a place, which moves by whole cells."""
_BLACK = 1 / 255


@dataclass(frozen=True)
class Place:
    """A square part of a picture.

    Attributes
    ----------
    kind : str
        What it was chosen for: a key of `RULES`.
    top, left, side : int
        In pixels.
    """

    kind: str
    top: int
    left: int
    side: int

    def cut(self, picture: Array) -> Array:
        """The same pixels of a picture, none of them changed."""
        return picture[self.top : self.top + self.side, self.left : self.left + self.side]


@dataclass(frozen=True)
class _Places:
    """What lies at each place that could be chosen; arrays of (rows, columns) of places.

    Attributes
    ----------
    level : array
        Mean gray, 0 to 1.
    spread : array
        Standard deviation of gray.
    detail : array
        Mean absolute difference of gray between neighbouring pixels.
    """

    level: Array
    spread: Array
    detail: Array


def _flat_and_dark(places: _Places) -> Array:
    """Rank the darker half of what is not black by its flatness: noise shows there."""
    visible = places.level > _BLACK
    if not visible.any():
        visible = np.ones_like(visible)
    dark = visible & (places.level <= np.median(places.level[visible]))
    return np.where(dark, -places.spread, -np.inf)


RULES: dict[str, Callable[[_Places], Array]] = {
    "dark": _flat_and_dark,
    "edge": lambda places: places.spread,
    "detail": lambda places: places.detail,
}
"""By which the places are chosen, in this order: the place where the rule is highest.

``dark`` is the flattest place in the darker half of those that are not black,
``edge`` where dark and bright differ most, by the standard deviation of gray, and
``detail`` where neighbouring pixels differ most.
"""


def choose(picture: Array) -> list[Place]:
    """Choose one place of a picture by each rule.

    A place is at most 320 pixels wide and at most two thirds of the picture's
    shorter side. Places do not overlap or, where the picture has no room for
    that, are apart by half a side.

    Parameters
    ----------
    picture : array, (height, width, 3), uint8
        The input, so that no method has a say.

    Returns
    -------
    list of Place
        In the order of `RULES`; the same for the same picture.
    """
    step = max(1, min(LARGEST_SIDE, 2 * min(picture.shape[:2]) // 3) // _CELLS)
    places = _places(picture, step)
    chosen: list[tuple[int, int]] = []
    for rule in RULES.values():
        merit = np.where(_room_beside(chosen, places.level.shape), rule(places), -np.inf)
        row, column = np.unravel_index(int(merit.argmax()), merit.shape)
        chosen.append((int(row), int(column)))
    side = min(_CELLS * step, *picture.shape[:2])
    return [
        Place(kind, row * step, column * step, side)
        for kind, (row, column) in zip(RULES, chosen, strict=True)
    ]


def _room_beside(chosen: list[tuple[int, int]], shape: tuple[int, ...]) -> Array:
    """Which places, (rows, columns) of bool, are as far from the chosen ones as there is room for."""
    rows, columns = np.indices(shape)
    apart = np.full(shape, _CELLS)
    for row, column in chosen:
        apart = np.minimum(apart, np.maximum(abs(rows - row), abs(columns - column)))
    return next(apart >= least for least in (_CELLS, _CELLS // 2, 0) if (apart >= least).any())


def _places(picture: Array, step: int) -> _Places:
    """Look at all places, which begin at multiples of ``step`` pixels."""
    level, square, detail = _cells(picture, step)
    window = (min(_CELLS, level.shape[0]), min(_CELLS, level.shape[1]))

    def over_places(cells: Array) -> Array:
        means: Array = sliding_window_view(cells, window).mean(axis=(-2, -1))
        return means

    mean = over_places(level)
    variance = np.maximum(over_places(square) - mean**2, 0)
    return _Places(mean, np.sqrt(variance), over_places(detail))


def _cells(picture: Array, step: int) -> tuple[Array, Array, Array]:
    """Mean, mean square and mean difference of neighbours of the gray of each whole cell.

    Computed row by row of cells, for less memory.
    """
    rows, columns = picture.shape[0] // step, picture.shape[1] // step
    found = np.empty((3, rows, columns))
    for row in range(rows):
        band = gray(picture[row * step : (row + 1) * step] / np.float32(255))
        across = np.abs(np.diff(band, axis=1, append=band[:, -1:]))
        down = np.abs(np.diff(band, axis=0, append=band[-1:]))
        for means, values in zip(found, (band, band**2, across + down), strict=True):
            whole = values[:, : columns * step].reshape(step, columns, step)
            means[row] = whole.mean(axis=(0, 2), dtype=np.float64)
    return found[0], found[1], found[2]

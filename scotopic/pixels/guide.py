"""What is seen of a whole picture at low resolution, besides its thumbnail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from scotopic.pixels.exposure import brightest
from scotopic.pixels.gain_map import GainMap, guide_of, guided
from scotopic.pixels.visible import Cutout, box_of, small
from scotopic.types import Array, Pixels

Made = TypeVar("Made")

LONG_SIDE = 384
"""Pixels of the long side, at most."""
_PLACES = 12
"""Places along each side of a cell that are looked at for its highlights."""


@dataclass(frozen=True)
class Guide:
    """A picture at low resolution.

    Attributes
    ----------
    small : array, (height, width, 3 or 1), float32 in 0..1
        At most `LONG_SIDE` pixels on its long side.
    weights : array, (height, width), float32 in 0..1, or None
        How much of each of its pixels is seen; None if all of it is.
    """

    small: Array
    weights: Array | None = None
    _made: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, pixels: Pixels) -> Guide:
        """Of a picture, (height, width, channels), that is read row by row."""
        height, width = pixels.shape[:2]
        scale = min(1.0, LONG_SIDE / max(height, width))
        return cls(*small(pixels, max(1, round(scale * height)), max(1, round(scale * width))))

    def guided(self, log_gain: Array) -> GainMap:
        """A map of ln g, brought to the picture's edges."""
        return guided(log_gain, self.logits(*log_gain.shape))

    def logits(self, rows: int, columns: int) -> Array:
        """z of cells, (rows, columns, 1), as `scotopic.pixels.gain_map.guide_of` gives it."""
        return guide_of(self._reduced(rows, columns)[0])

    def colours(self, cells: int) -> Array:
        """Mean colours of cells, (cells, cells, 3 or 1), 0 to 1."""
        return self._reduced(cells, cells)[0]

    def levels(self, cells: int) -> Array:
        """Mean brightness of cells, (cells, cells, 1), 0 to 1."""
        return brightest(self.colours(cells))

    def seen(self, cells: int) -> Array | None:
        """How much of each cell is seen, (cells, cells), 0 to 1; None if all of it is."""
        return None if self.weights is None else self._reduced(cells, cells)[1]

    def box(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of the picture, which is of that size, in which anything is seen."""
        return box_of(self.weights, size)

    def _reduced(self, rows: int, columns: int) -> tuple[Array, Array | None]:
        def made() -> tuple[Array, Array | None]:
            if self.weights is None:
                return small(self.small, rows, columns)
            return small(Cutout(self.small, self.weights / self.weights.max()), rows, columns)

        return self._once((rows, columns), made)

    def highlights(self, cells: int) -> Array:
        """Brightness of the lightest tenth of each cell, (cells, cells), 0 to 1.

        Of 12x12 places in it: all of its pixels, or where they are fewer, the
        same ones several times.
        """
        return self._once(cells, lambda: self._highlights(cells))

    def _highlights(self, cells: int) -> Array:
        bright = brightest(self.small)[..., 0]
        count = cells * _PLACES
        rows, columns = (
            ((np.arange(count) + 0.5) * side / count).astype(np.intp) for side in bright.shape
        )
        seen = bright[np.ix_(rows, columns)].reshape(cells, _PLACES, cells, _PLACES)
        result: Array = np.quantile(seen, 0.9, axis=(1, 3)).astype(np.float32)
        return result

    def _once(self, key: object, make: Callable[[], Made]) -> Made:
        """What is made of this picture for a key; several rules ask for the same."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

"""Types that all rooms share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Numbers of any type; what they are and their shape is said where it is used."""


def is_number(value: object) -> bool:
    """Whether a value is a real number, of Python or of NumPy."""
    return isinstance(value, Real)


def is_whole_number(value: object) -> bool:
    """Whether a value is a whole number, of Python or of NumPy."""
    return isinstance(value, Integral)


class Pixels(Protocol):
    """A picture, or what gives its rows by slices as an array does.

    Attributes
    ----------
    shape : (height, width, 1 or 3)
    dtype : uint8, uint16, or a float type
    nbytes : int
        What it holds in memory.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and channels."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a channel's value."""

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""

    def __getitem__(self, key: Any) -> Array:
        """Rows, or rows and columns, by slices."""

"""Values of cells at the pixels of a picture, linear between the centres of cells."""

from __future__ import annotations

import numpy as np

from scotopic.types import Array


def between(cells: Array, span: slice, pitch: float) -> Array:
    """Interpolate rows of cells at the pixels of a span.

    Parameters
    ----------
    cells : array, (count, any), float32
    span : slice
        Of pixels; it may reach beyond the picture.
    pitch : float
        Pixels from one row of cells to the next.

    Returns
    -------
    array, (pixels of the span, any), float32
        Linear between the centres of cells, constant beyond the first and the last.
    """
    last = cells.shape[0] - 1
    places = np.clip((np.arange(span.start, span.stop) + 0.5) / pitch - 0.5, 0, last)
    below = places.astype(np.intp)
    share = (places - below).astype(np.float32)[:, None]
    result: Array = cells[below] * (1 - share) + cells[np.minimum(below + 1, last)] * share
    return result


def weights(count: int, span: slice, pitch: float) -> Array:
    """What `between` multiplies rows of cells by: a matrix, (pixels of the span, count)."""
    return between(np.eye(count, dtype=np.float32), span, pitch)

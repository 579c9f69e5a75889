"""The frames of a film for programs that decode and encode it themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from scotopic.enhancer import Enhancer, default_enhancer
from scotopic.errors import InvalidValueError
from scotopic.series.film import TEMPORAL, FrameSeries
from scotopic.types import Array
from scotopic.wish import Wish


def enhance_frames(  # noqa: PLR0913 (what a caller may ask for, by keyword)
    frames: Iterable[Array],
    fps: float,
    *,
    exposure: float | None = None,
    ev: float = 0.0,
    balance: float = 1.0,
    strength: float = 1.0,
    temporal: float = TEMPORAL,
    enhancer: Enhancer | None = None,
) -> Iterator[Array]:
    """Enhance the frames of a film in their order, exposed alike from one to the next.

    For programs that decode and encode films themselves; `scotopic video`
    does all of it. A cut begins a scene, which is exposed for itself; see
    `scotopic.series.film.FrameSeries`.

    Parameters
    ----------
    frames : iterable of arrays, (height, width, 3 or 1)
        RGB or gray, encoded (gamma) values, uint8 or uint16, all of one shape.
    fps : float
        Frames a second.
    exposure, ev, balance, strength
        As for `enhance`.
    temporal : float
        How strongly noise is averaged over time where nothing moves, 0 to 1.
    enhancer : Enhancer, optional
        By default one with the default network.

    Yields
    ------
    array
        Of the same shape and type as its frame.

    Raises
    ------
    InvalidValueError
        When a number is out of its range, or a frame is of another kind, or of
        another shape than the first.
    """
    wish = Wish(exposure=exposure, ev=ev, balance=balance, strength=strength)
    series = FrameSeries(enhancer or default_enhancer(), wish, fps, temporal)
    return series.enhance(_checked_frames(frames))


def _checked_frames(frames: Iterable[Array]) -> Iterator[Array]:
    shape: tuple[int, ...] | None = None
    for frame in frames:
        if (
            frame.dtype not in (np.uint8, np.uint16)
            or frame.ndim != 3
            or frame.shape[2] not in (1, 3)
        ):
            raise InvalidValueError(
                "frames must be uint8 or uint16, (height, width, 3 or 1), "
                f"not {frame.dtype}, {frame.shape}"
            )
        if shape not in (None, frame.shape):
            raise InvalidValueError(f"frames must be of one shape, not {shape} and {frame.shape}")
        shape = frame.shape
        yield frame

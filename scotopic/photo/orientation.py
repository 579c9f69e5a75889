"""Pictures turned upright. EXIF 2.32, 4.6.4, tag 0x0112 (Orientation)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scotopic.photo.photo import Photo
from scotopic.types import Array

UPRIGHT = 1
ON_ITS_SIDE = range(5, 9)
"""Orientations whose width is the height of the upright picture."""
TURNED = range(2, 9)


def upright(photo: Photo, orientation: int) -> Photo:
    """The photo turned upright, with alpha and all frames.

    Parameters
    ----------
    photo : Photo
    orientation : int
        In which its pixels are stored: 1 to 8, as in EXIF.
    """
    if orientation == UPRIGHT:
        return photo
    animation = photo.animation
    if animation:
        frames = [
            (_turned(pixels, orientation), _turned_alpha(alpha, orientation))
            for pixels, alpha in animation.frames
        ]
        animation = replace(animation, frames=frames)
    return replace(
        photo,
        pixels=_turned(photo.pixels, orientation),
        alpha=_turned_alpha(photo.alpha, orientation),
        animation=animation,
    )


def _turned_alpha(alpha: Array | None, orientation: int) -> Array | None:
    return None if alpha is None else _turned(alpha, orientation)


def _turned(array: Array, orientation: int) -> Array:
    if orientation in ON_ITS_SIDE:
        array = np.swapaxes(array, 0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)

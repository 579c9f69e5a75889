"""Colour of the shadows that a gain brings up.

Near black a file does not know its colours: they are rounding, compression,
what the sensor calls black, and noise. A gain that keeps the ratios of the
channels makes coloured patches of them, and of the weak cast that every dark
picture has a strong one. So shadows are brought nearer to gray, the more they
are brought up.
"""

from __future__ import annotations

import numpy as np

from scotopic.pixels.gain_map import GainMap
from scotopic.types import Array

SHADOW_LEVEL = 0.01
"""Brightness at which a large gain leaves half of the differences between the channels."""
_BAND = 64
"""Rows that are worked on at a time, few enough to stay in the processor's cache."""


def with_calm_shadows(picture: Array, gain: float, axis: int = -1) -> Array:
    """Bring the shadows of a picture nearer to gray, before a gain is applied to it.

    Each channel x moves towards the brightest one, m, which stays:

        x' = x + d (m - x)        d = (1 - 1 / gain) s^2 / (m^2 + s^2)

    with s = `SHADOW_LEVEL`. Gray stays gray, and hue (HSV) stays as it is; at
    a gain of 1 or less the picture does. At brightness s a large gain leaves
    half of the saturation (HSV), at 2 s four fifths, at 5 s 96 %.

    Parameters
    ----------
    picture : array, (height, width, 3), floats in 0..1
        Or planes, (batch, 3, height, width), as `axis` says.
    gain : float
        Mean gain of the exposing curve over the whole picture.
    axis : int
        That of the channels, -1 or 1.

    Returns
    -------
    array
        Same shape and type; the array that was given if nothing is to change.
    """
    share = max(0.0, 1 - 1 / gain) * SHADOW_LEVEL**2
    if share == 0:
        return picture
    kind, result = picture.dtype.type, np.empty_like(picture)
    for top in range(0, picture.shape[0 if axis == -1 else 2], _BAND):
        rows = np.s_[top : top + _BAND] if axis == -1 else np.s_[:, :, top : top + _BAND]
        band = picture[rows]
        bright = band.max(axis=axis, keepdims=True)
        moved = kind(share) / (bright * bright + kind(SHADOW_LEVEL**2))
        result[rows] = band + moved * (bright - band)
    return result


def exposed_calmly(picture: Array, gains: GainMap) -> Array:
    """A whole picture, floats in 0..1, exposed after its shadows were brought nearer to gray."""
    return gains.exposed(with_calm_shadows(picture, gains.mean_gain(picture)))

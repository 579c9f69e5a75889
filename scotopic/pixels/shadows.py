"""Colour of the shadows that a gain brings up.

Near black a file does not know its colours: they are rounding, compression,
what the sensor calls black, and noise. A gain that keeps the ratios of the
channels makes coloured patches of them, and of the weak cast that every dark
picture has a strong one. So shadows are brought nearer to gray, the more they
are brought up.
"""

from __future__ import annotations

import numpy as np

from scotopic.types import Array

SHADOW_LEVEL = 0.02
"""Brightness at which a large gain leaves half of the differences between the channels."""
_BAND = 64
"""Rows that are worked on at a time, few enough to stay in the processor's cache."""


def with_calm_shadows(planes: Array, gain: float) -> Array:
    """Bring the shadows of a picture nearer to gray, before a gain is applied to it.

    Each channel x moves towards the brightest one, m, which stays:

        x' = x + d (m - x)        d = (1 - 1 / gain) s^2 / (m^2 + s^2)

    with s = `SHADOW_LEVEL`. Gray stays gray, and hue (HSV) stays as it is; at
    a gain of 1 or less the picture does. At brightness s a large gain leaves
    half of the saturation (HSV), at 2 s four fifths, at 5 s 96 %.

    Parameters
    ----------
    planes : array, (batch, 3, height, width), float32 in 0..1
    gain : float
        Mean gain of the exposing curve over the whole picture.

    Returns
    -------
    array
        Same shape and type; the array that was given if nothing is to change.
    """
    share = max(0.0, 1 - 1 / gain) * SHADOW_LEVEL**2
    if share == 0:
        return planes
    result = np.empty_like(planes)
    for top in range(0, planes.shape[2], _BAND):
        band = planes[:, :, top : top + _BAND]
        bright = band.max(axis=1, keepdims=True)
        moved = np.float32(share) / (bright * bright + np.float32(SHADOW_LEVEL**2))
        result[:, :, top : top + _BAND] = band + moved * (bright - band)
    return result

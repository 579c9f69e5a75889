"""Local contrast, of which a lifted picture has too little, given back.

A gain that brings shadows up more than lights makes a picture flatter: blacks
turn gray, and a veil lies over it. Around a mean of its surroundings, which stays
where it is, a picture's logit is spread by a factor; since the map is linear in
the logit, that is another map of the same kind.
"""

from __future__ import annotations

import numpy as np

from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.gain_map import STEEPEST, GainMap, box_mean
from scotopic.pixels.restraint import Night
from scotopic.types import Array

LIFTED, NIGHT = 0.2, 0.4
"""What the contrast grows by where the mean gain is e or more, and in a night, whose blacks are to
stay black beside its lights."""
_RADIUS = 4
"""Of the windows of the mean, in cells; it is taken twice."""


def with_contrast(
    gains: GainMap, cells: Array, thumb: Array, weights: Array | None = None
) -> GainMap:
    """A map that exposes a picture to the same mean level, with more local contrast.

    No cell's contrast grows beyond `STEEPEST`, and pictures that are neither
    lifted nor a night keep their map.

    Parameters
    ----------
    gains : GainMap
    cells : array, (rows, columns, 1)
        z of the cells of the map, as `scotopic.pixels.gain_map.guide_of` gives it.
    thumb : array, (64, 64, 3), floats in 0..1
        The picture's thumbnail.
    weights : array, (64, 64), optional
        How much of each cell of the thumbnail is seen, 0 to 1; by default all.
    """
    lifted = float(np.clip(gains.mean_log_gain(thumb, weights), 0, 1))
    amount = LIFTED * lifted + NIGHT * Night.of(thumb, weights).share
    if amount == 0:
        return gains
    slope, offset = gains.slope.astype(np.float64), gains.offset.astype(np.float64)
    factor = np.maximum(1, np.minimum(1 + amount, (1 + STEEPEST) / (1 + slope)))
    around = (1 + slope) * cells[..., 0] + offset
    for _ in range(2):
        around = box_mean(around, _RADIUS)
    spread = GainMap(
        (factor * (1 + slope) - 1).astype(np.float32),
        (factor * offset - (factor - 1) * around).astype(np.float32),
    )
    return spread.reaching(thumb, exposure_of(gains.exposed(thumb), weights=weights), weights)

"""Local contrast, of which a lifted picture has too little, given back.

A gain that brings shadows up more than lights makes a picture flatter: blacks
turn gray, and a veil lies over it. Around a mean of its surroundings, which stays
where it is, a picture's logit is spread by a factor; since the map is linear in
the logit, that is another map of the same kind. Where highlights are near white
already, what stays is their level instead: shadows beside a lamp become
darker, and the lamp does not burn.
"""

from __future__ import annotations

import numpy as np

from scotopic.pixels.exposure import exposure_of, logit
from scotopic.pixels.gain_map import STEEPEST, GainMap, box_mean
from scotopic.pixels.guide import Guide
from scotopic.pixels.restraint import Night
from scotopic.types import Array

LIFTED, NIGHT = 0.2, 0.3
"""What the contrast grows by where the mean gain is e or more, and in a night, whose blacks are to
stay black beside its lights."""
HIGHLIGHTS = (0.75, 0.9)
"""Levels of a cell's highlights at which they begin to be what stays, and at which they are."""
_RADIUS = 4
"""Of the windows of the mean, in cells; it is taken twice."""


def with_contrast(
    gains: GainMap, guide: Guide, thumb: Array, weights: Array | None = None
) -> GainMap:
    """A map that exposes a picture to the same mean level, with more local contrast.

    No cell's contrast grows beyond `STEEPEST`, and pictures that are neither
    lifted nor a night keep their map.

    Parameters
    ----------
    gains : GainMap
        As many rows as columns.
    guide : Guide
        Of the picture.
    thumb : array, (64, 64, 3), floats in 0..1
        The picture's thumbnail.
    weights : array, (64, 64), optional
        How much of each cell of the thumbnail is seen, 0 to 1; by default all.
    """
    lifted = float(np.clip(gains.mean_log_gain(thumb, weights), 0, 1))
    amount = LIFTED * lifted + NIGHT * Night.of(thumb, weights).share
    if amount == 0:
        return gains
    count = gains.slope.shape[0]
    slope, offset = gains.slope.astype(np.float64), gains.offset.astype(np.float64)
    factor = np.maximum(1, np.minimum(1 + amount, (1 + STEEPEST) / (1 + slope)))
    middle, lights = (
        (1 + slope) * z + offset
        for z in (guide.logits(count, count)[..., 0], logit(guide.highlights(count)))
    )
    for _ in range(2):
        middle = box_mean(middle, _RADIUS)
    begins, ends = (logit(np.float64(level)) for level in HIGHLIGHTS)
    near_white = np.clip((lights - begins) / (ends - begins), 0, 1)
    stays = middle + box_mean(near_white * np.maximum(lights - middle, 0), 1)
    spread = GainMap(
        (factor * (1 + slope) - 1).astype(np.float32),
        (factor * offset - (factor - 1) * stays).astype(np.float32),
    )
    return spread.reaching(thumb, exposure_of(gains.exposed(thumb), weights=weights), weights)

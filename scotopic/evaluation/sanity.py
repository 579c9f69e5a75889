"""What to doubt about results: each check gives a sentence, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scotopic.datasets.pictures import is_lossy
from scotopic.datasets.scenes import Fingerprint, fingerprint
from scotopic.evaluation.pairing import Case, Pictures
from scotopic.types import Array

MEAN_TOLERANCE = 0.01
"""Results whose level is their reference's to one part in a hundred, at the
median of the pictures, were probably given it."""
SAME_SCENE = 0.9
"""Correlation of two thumbnails above which they show the same scene. (Scenes
of a data set are joined at 0.8; a warning should be surer.)"""


def doubts(case: Case, pictures: Pictures, seen: SeenInTraining | None = None) -> list[str]:
    """What is to be doubted about one result, its scene's place in training among it."""
    found = []
    result, reference, picture = pictures.result, pictures.reference, pictures.picture
    if reference is not None and np.array_equal(result, reference):
        found.append("is identical to its reference")
    if picture is not None and np.array_equal(result, picture):
        found.append("is identical to its input")
    if case.result is not None and is_lossy(case.result):
        found.append("is a lossy file: its scores are those of the compression too")
    highest = int(result.max()) if np.issubdtype(result.dtype, np.integer) else None
    if highest is not None and highest <= 1:
        found.append("has no value above 1: pictures in 0..1 may have been saved without scaling")
    if result.dtype == np.uint16 and highest is not None and 1 < highest < 256:
        found.append("has no value above 255: 8-bit values may have been saved as 16 bits")
    leaked = seen.doubt(reference) if seen is not None and reference is not None else None
    return [*found, leaked] if leaked else found


def levels_are_given(values: Sequence[Mapping[str, float]]) -> str | None:
    """Whether all results have their reference's level: a sign of GT-mean at the source."""
    pairs = [(v["exposure"], v["reference_exposure"]) for v in values if "reference_exposure" in v]
    if len(pairs) < 3:
        return None
    apart = [abs(level - wanted) / max(wanted, 1e-6) for level, wanted in pairs]
    if np.median(apart) > MEAN_TOLERANCE:
        return None
    return (
        f"the results have their references' mean level, to {np.median(apart):.2%} at the median: "
        "was it given to the method?"
    )


class SeenInTraining:
    """Finds pictures, and their scenes, among those of a training set.

    Parameters
    ----------
    prints : mapping of str to Fingerprint
        Of the training pictures, by their names.
    """

    def __init__(self, prints: Mapping[str, Fingerprint]) -> None:
        self.names = list(prints)
        self.hashes = {one.pixels: name for name, one in prints.items()}
        self.thumbs = np.stack([one.thumb for one in prints.values()])

    def doubt(self, reference: Array) -> str | None:
        """Whether a reference, or its scene, was trained on."""
        one = fingerprint(reference)
        if one.pixels in self.hashes:
            return f"has a reference that is in the training set: {self.hashes[one.pixels]}"
        likeness = self.thumbs @ one.thumb
        best = int(likeness.argmax())
        if likeness[best] > SAME_SCENE:
            return f"shows a scene of the training set: {self.names[best]}"
        return None

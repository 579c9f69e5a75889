"""Warnings about results whose scores may not mean what they seem to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scotopic.datasets.scenes import Fingerprint, fingerprint
from scotopic.evaluation.pairing import Case, Pictures
from scotopic.photo.header import read_header
from scotopic.types import Array

MEAN_TOLERANCE = 0.01
"""Relative difference between the mean levels of results and references, at the
median of the pictures, below which the method was probably given the level."""
SAME_SCENE = 0.9
"""Correlation of two thumbnails above which they show the same scene. The scenes
of a data set are joined at 0.8 already; a warning should be more certain."""
_FEWEST_PICTURES = 3


def warnings_about(
    case: Case, pictures: Pictures, trained_on: TrainingSet | None = None
) -> list[str]:
    """Warnings about one result, each the rest of a sentence that begins with its name."""
    found = []
    result, reference, dark = pictures.result, pictures.reference, pictures.input
    if reference is not None and np.array_equal(result, reference):
        found.append("is identical to its reference")
    if dark is not None and np.array_equal(result, dark):
        found.append("is identical to its input")
    if case.result is not None and read_header(case.result).is_lossy:
        found.append("is a lossy file, so its scores include the loss by compression")
    found += _wrong_scale(result)
    if trained_on is not None and reference is not None:
        found += trained_on.warnings_about(reference)
    return found


def _wrong_scale(result: Array) -> list[str]:
    highest = int(result.max())
    if highest <= 1:
        return ["has no value above 1: values of 0 to 1 may have been saved without scaling"]
    if result.dtype == np.uint16 and highest < 256:
        return ["has no value above 255: 8-bit values may have been saved as 16 bits"]
    return []


def levels_are_given(values: Sequence[Mapping[str, float]]) -> str | None:
    """A warning if the results have the mean levels of their references.

    No method can predict these so well: it was given them, as GT-mean does.

    Parameters
    ----------
    values : sequence of mapping
        `Score.values` of the pictures of one method.
    """
    pairs = [(v["exposure"], v["reference_exposure"]) for v in values if "reference_exposure" in v]
    if len(pairs) < _FEWEST_PICTURES:
        return None
    apart = np.median([abs(level - wanted) / max(wanted, 1e-6) for level, wanted in pairs])
    if apart > MEAN_TOLERANCE:
        return None
    return (
        "the mean levels of the results differ from those of their references by only "
        f"{apart:.2%} at the median: was the method given them?"
    )


class TrainingSet:
    """Finds pictures, and their scenes, in a training set.

    Parameters
    ----------
    prints : mapping of str to Fingerprint
        Fingerprints of the training pictures, by name; at least one.
    """

    def __init__(self, prints: Mapping[str, Fingerprint]) -> None:
        self.names = list(prints)
        self.names_by_hash = {one.pixels: name for name, one in prints.items()}
        self.thumbs = np.stack([one.thumb for one in prints.values()])

    def warnings_about(self, reference: Array) -> list[str]:
        """A warning if a reference, or another picture of its scene, was trained on."""
        one = fingerprint(reference)
        if one.pixels in self.names_by_hash:
            name = self.names_by_hash[one.pixels]
            return [f"has a reference that is in the training set: {name}"]
        correlations = self.thumbs @ one.thumb
        best = int(correlations.argmax())
        if correlations[best] > SAME_SCENE:
            return [f"shows a scene of the training set: {self.names[best]}"]
        return []

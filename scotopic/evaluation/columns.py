"""The columns of a table of scores: what is measured, and under which name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scotopic.evaluation.pairing import Pictures
from scotopic.measures import likeness
from scotopic.measures.niqe import niqe
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.types import Array

_LEAST_LEVEL = 1e-6


@dataclass(frozen=True)
class Score:
    """The scores of one picture.

    Attributes
    ----------
    name : str
    values : dict of str to float
        Score by the key of its column; only those that could be computed.
    notes : tuple of str
        What was converted to read the picture, and warnings about it.
    """

    name: str
    values: dict[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """How a score is shown.

    Attributes
    ----------
    key : str
        Name for programs.
    label : str
        Name for people.
    digits : int
        Digits after the decimal point in tables for people.
    """

    key: str
    label: str
    digits: int


@dataclass(frozen=True)
class Measure(Column):
    """How a score is computed.

    Attributes
    ----------
    needs : tuple of str
        Which of the fields ``input`` and ``reference`` of `Pictures` it is
        computed from, beside the result.
    of : callable
        Computes it from `Pictures`. It raises a `ScotopicError` for a picture
        that has no such score.
    """

    needs: tuple[str, ...]
    of: Callable[[Pictures], float]

    def applies_to(self, pictures: Pictures) -> bool:
        """Whether all that the score is computed from is there."""
        return all(getattr(pictures, needed) is not None for needed in self.needs)


def mean_level(picture: Array) -> float:
    """Mean gray of a picture, 0 to 1: its exposure."""
    return exposure_of(thumbnail(picture))


def present(array: Array | None) -> Array:
    """Narrow the type of an array that `Measure.needs` has checked to be there."""
    assert array is not None
    return array


def _against(measure: Callable[[Array, Array], float]) -> Callable[[Pictures], float]:
    return lambda pictures: measure(pictures.result, present(pictures.reference))


def _exposure_error(pictures: Pictures) -> float:
    wanted = mean_level(present(pictures.reference))
    predicted = pictures.predicted
    if predicted is None:
        predicted = mean_level(pictures.result)
    return abs(math.log(max(predicted, _LEAST_LEVEL) / max(wanted, _LEAST_LEVEL)))


_REFERENCE = ("reference",)
_INPUT = ("input",)
MEASURES = (
    Measure("psnr", "PSNR, dB", 2, _REFERENCE, _against(likeness.psnr)),
    Measure("ssim", "SSIM", 4, _REFERENCE, _against(likeness.ssim)),
    Measure("gt_mean_psnr", "GT-mean PSNR, dB", 2, _REFERENCE, _against(likeness.gt_mean_psnr)),
    Measure("gt_mean_ssim", "GT-mean SSIM", 4, _REFERENCE, _against(likeness.gt_mean_ssim)),
    Measure("ms_ssim", "MS-SSIM", 4, _REFERENCE, _against(likeness.ms_ssim)),
    Measure("mae", "mean absolute error", 4, _REFERENCE, _against(likeness.mae)),
    Measure("ciede2000", "CIEDE2000", 2, _REFERENCE, _against(likeness.ciede2000)),
    Measure(
        "reference_exposure",
        "mean level of reference",
        3,
        _REFERENCE,
        lambda pictures: mean_level(present(pictures.reference)),
    ),
    Measure("exposure_error", "exposure error", 3, _REFERENCE, _exposure_error),
    Measure(
        "loe",
        "LOE",
        3,
        _INPUT,
        lambda pictures: likeness.loe(pictures.result, present(pictures.input)),
    ),
    Measure(
        "input_exposure",
        "mean level of input",
        3,
        _INPUT,
        lambda pictures: mean_level(present(pictures.input)),
    ),
    Measure("exposure", "mean level", 3, (), lambda pictures: mean_level(pictures.result)),
    Measure("highlights", "clipped highlights", 4, (), lambda p: likeness.clipped(p.result)[0]),
    Measure("shadows", "crushed shadows", 4, (), lambda p: likeness.clipped(p.result)[1]),
    Measure("niqe", "NIQE", 2, (), lambda pictures: niqe(pictures.result)),
    Measure("noise", "noise", 4, (), lambda pictures: likeness.noise_level(pictures.result)),
    Measure("colourfulness", "colourfulness", 1, (), lambda p: likeness.colourfulness(p.result)),
)
"""All measures that need no further package, in the order of the columns.

``exposure_error`` is the absolute natural logarithm of predicted over reference
exposure. The prediction is the network's; of results that were made elsewhere it
is their mean level.
"""


def columns(scores: Sequence[Score]) -> list[Column]:
    """The columns that all of these pictures have."""
    known = {measure.key: measure for measure in MEASURES}
    keys = dict.fromkeys(key for score in scores for key in score.values)
    return [
        known.get(key) or Column(key, key.upper(), 4)
        for key in keys
        if all(key in score.values for score in scores)
    ]

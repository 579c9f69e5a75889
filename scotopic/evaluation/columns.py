"""The columns of a table of scores: what is measured, by which name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scotopic.evaluation.pairing import Pictures
from scotopic.measures import likeness
from scotopic.measures.niqe import niqe
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.types import Array


@dataclass(frozen=True)
class Score:
    """A picture's scores.

    Attributes
    ----------
    name : str
    values : dict
        By the keys of `MEASURES`; those alone that could be computed.
    notes : tuple of str
        What was done to read the picture, and what is to be doubted.
    """

    name: str
    values: dict[str, float]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Measure:
    """A column of scores.

    Attributes
    ----------
    key, label : str
    digits : int
        Shown to people after the point.
    needs : tuple of str
        Which of ``reference`` and ``picture`` it is computed with.
    of : callable
        From `Pictures` to a number; a `ScotopicError` means there is none.
    """

    key: str
    label: str
    digits: int
    needs: tuple[str, ...]
    of: Callable[[Pictures], float]


def _against(measure: Callable[[Array, Array], float]) -> Callable[[Pictures], float]:
    return lambda pictures: measure(pictures.result, _given(pictures.reference))


def _given(array: Array | None) -> Array:
    assert array is not None
    return array


def _level(picture: Array) -> float:
    return exposure_of(thumbnail(picture))


def _exposure_error(pictures: Pictures) -> float:
    predicted, wanted = pictures.predicted, _level(_given(pictures.reference))
    predicted = _level(pictures.result) if predicted is None else predicted
    return abs(math.log(max(predicted, 1e-6) / max(wanted, 1e-6)))


MEASURES = (
    Measure("psnr", "PSNR, dB", 2, ("reference",), _against(likeness.psnr)),
    Measure("ssim", "SSIM", 4, ("reference",), _against(likeness.ssim)),
    Measure("gt_mean_psnr", "GT-mean PSNR, dB", 2, ("reference",), _against(likeness.gt_mean_psnr)),
    Measure("gt_mean_ssim", "GT-mean SSIM", 4, ("reference",), _against(likeness.gt_mean_ssim)),
    Measure("ms_ssim", "MS-SSIM", 4, ("reference",), _against(likeness.ms_ssim)),
    Measure("mae", "mean abs. error", 4, ("reference",), _against(likeness.mae)),
    Measure("ciede2000", "CIEDE2000", 2, ("reference",), _against(likeness.ciede2000)),
    Measure(
        "reference_exposure",
        "reference's level",
        3,
        ("reference",),
        lambda p: _level(_given(p.reference)),
    ),
    Measure("exposure_error", "exposure error", 3, ("reference",), _exposure_error),
    Measure("loe", "LOE", 3, ("picture",), lambda p: likeness.loe(p.result, _given(p.picture))),
    Measure(
        "input_exposure", "input's level", 3, ("picture",), lambda p: _level(_given(p.picture))
    ),
    Measure("exposure", "level", 3, (), lambda p: _level(p.result)),
    Measure("highlights", "clipped highlights", 4, (), lambda p: likeness.clipped(p.result)[0]),
    Measure("shadows", "crushed shadows", 4, (), lambda p: likeness.clipped(p.result)[1]),
    Measure("niqe", "NIQE", 2, (), lambda p: niqe(p.result)),
    Measure("noise", "noise", 4, (), lambda p: likeness.noise_level(p.result)),
    Measure("colourfulness", "colourfulness", 1, (), lambda p: likeness.colourfulness(p.result)),
)
"""All columns. ``exposure_error`` is the absolute natural logarithm of
predicted over reference exposure; the prediction is the network's, or for
given results their level."""


def columns(scores: Sequence[Score]) -> list[Measure]:
    """The measures that all these pictures have."""
    known = {measure.key: measure for measure in MEASURES}
    every = dict.fromkeys(key for score in scores for key in score.values)
    return [
        known.get(key) or Measure(key, key.upper(), 4, (), lambda pictures: math.nan)
        for key in every
        if all(key in score.values for score in scores)
    ]

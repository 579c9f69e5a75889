"""A method judged: scores for each picture, their means, and what to doubt."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.evaluation import sanity
from scotopic.evaluation.pairing import Case, Failure, Pictures, read_pixels
from scotopic.measures import likeness
from scotopic.measures.niqe import niqe
from scotopic.photo import reading, writing
from scotopic.pixels.exposure import exposure_of, thumbnail

Array = NDArray[Any]

EXPOSURES = ("automatic", "unlimited", "reference")
"""Where a model's exposure comes from: the prediction limited by what the
picture can bear, the bare prediction, or the reference's own mean level."""

_RESAMPLINGS = 10_000


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


Looker = Callable[[Case, Pictures, Score], None]
"""Is shown each picture that was judged: for contact sheets and the like."""


@dataclass(frozen=True)
class Judge:
    """How pictures are judged.

    Attributes
    ----------
    measures : sequence of Measure
    seen : SeenInTraining or None
        What was trained on, to find the judged ones in.
    look : callable
        Shown what was judged.
    """

    measures: Sequence[Measure] = MEASURES
    seen: sanity.SeenInTraining | None = None
    look: Looker = lambda case, pictures, score: None

    def score(self, case: Case, pictures: Pictures) -> Score:
        """Score the pixels of a case; a `ScotopicError` when they differ in size."""
        for kind, other in (("reference", pictures.reference), ("input", pictures.picture)):
            if other is not None and other.shape != pictures.result.shape:
                sizes = f"{_size(pictures.result)}, its {kind} {_size(other)}"
                raise ScotopicError(f"{case.name}: {sizes}")
        values, notes = {}, list(pictures.notes)
        for measure in self.measures:
            if all(getattr(pictures, needed) is not None for needed in measure.needs):
                try:
                    values[measure.key] = measure.of(pictures)
                except ScotopicError as error:
                    notes.append(f"has no {measure.label}: {error}")
        score = Score(case.name, values, (*notes, *sanity.doubts(case, pictures, self.seen)))
        self.look(case, pictures, score)
        return score


def judge_model(
    enhancer: Enhancer,
    cases: Sequence[Case],
    exposure: str = "automatic",
    save: Path | None = None,
    judge: Judge = Judge(),
) -> Iterator[Score | Failure]:
    """Enhance each picture, save it if asked, and judge it as 8-bit pixels.

    Parameters
    ----------
    enhancer : Enhancer
    cases : sequence of Case
        With pictures; with references if there are any.
    exposure : str
        One of `EXPOSURES`.
    save : Path, optional
        Folder for the results, as PNG.
    judge : Judge
    """
    for case in cases:
        try:
            yield judge.score(case, _made(enhancer, case, exposure, save))
        except ScotopicError as error:
            yield Failure(case.name, str(error))


def _made(enhancer: Enhancer, case: Case, exposure: str, save: Path | None) -> Pictures:
    if case.picture is None:
        raise ScotopicError(f"{case.name}: no picture to enhance")
    picture, notes = read_pixels(case.picture)
    if picture.dtype != np.uint8:
        raise ScotopicError(f"{case.picture}: 16 bits a channel; models are judged on 8-bit ones")
    reference = None if case.reference is None else read_pixels(case.reference)[0]
    fed = exposure == "reference"
    if fed and reference is None:
        raise ScotopicError(f"{case.name}: no reference to take the exposure from")
    level = _level(_given(reference)) if fed else None
    result, report = enhancer.enhance_array(
        picture, exposure=level, limited=exposure != "unlimited"
    )
    if save is not None:
        storage.write_atomically(
            writing.encode(reading.Photo(result), "PNG"), save / f"{case.name}.png"
        )
    automatic = report.automatic
    predicted = None if automatic is None else automatic.predicted_exposure
    return Pictures(result, picture, reference, predicted, notes)


def judge_results(cases: Sequence[Case], judge: Judge = Judge()) -> Iterator[Score | Failure]:
    """Judge results that are there already."""
    for case in cases:
        try:
            assert case.result is not None
            result, notes = read_pixels(case.result)
            others = (
                None if path is None else read_pixels(path)[0]
                for path in (case.picture, case.reference)
            )
            yield judge.score(case, Pictures(result, *others, None, notes))
        except ScotopicError as error:
            yield Failure(case.name, str(error))


def columns(scores: Sequence[Score]) -> list[Measure]:
    """The measures that all these pictures have."""
    known = {measure.key: measure for measure in MEASURES}
    every = dict.fromkeys(key for score in scores for key in score.values)
    return [
        known.get(key) or Measure(key, key.upper(), 4, (), lambda pictures: math.nan)
        for key in every
        if all(key in score.values for score in scores)
    ]


def means(scores: Sequence[Score]) -> dict[str, float]:
    """The mean of each column."""
    return {m.key: float(np.mean([s.values[m.key] for s in scores])) for m in columns(scores)}


def intervals(scores: Sequence[Score], seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % interval of each column's mean, by the percentile bootstrap.

    The pictures are drawn anew, with replacement, 10,000 times, by the seed:
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    It says how far the mean may move with other pictures like these.
    """
    draws = np.random.default_rng(seed).integers(len(scores), size=(_RESAMPLINGS, len(scores)))

    def interval(key: str) -> tuple[float, float]:
        resampled = np.array([score.values[key] for score in scores])[draws].mean(axis=1)
        low, high = np.quantile(resampled, (0.025, 0.975), method="nearest")
        return float(low), float(high)

    return {measure.key: interval(measure.key) for measure in columns(scores)}


def constant_exposure_error(scores: Sequence[Score]) -> float | None:
    """Exposure error of the best constant: the median in the logarithm.

    It knows the references, so it is the least that any constant can have.
    None without references.
    """
    levels = [score.values.get("reference_exposure") for score in scores]
    known = [level for level in levels if level is not None]
    if len(known) < len(levels):
        return None
    logs = np.log(np.maximum(known, 1e-6))
    return float(np.abs(logs - np.median(logs)).mean())


def differences(scores: Sequence[Score], others: Sequence[Score]) -> list[Score]:
    """Picture by picture, the first less the second, of the pictures that both have.

    The mean of these has a much narrower interval than either method's own
    mean, since a hard picture is hard for both.
    """
    known = {other.name: other.values for other in others}
    common = [score for score in scores if score.name in known]
    return [
        replace(
            score,
            values={
                key: value - known[score.name][key]
                for key, value in score.values.items()
                if key in known[score.name]
            },
        )
        for score in common
    ]


def as_csv(methods: Mapping[str, Sequence[Score]]) -> str:
    """A line a method and picture, under a line of column names."""
    buffer = io.StringIO()
    every = [score for scores in methods.values() for score in scores]
    keys = list(dict.fromkeys(key for score in every for key in score.values))
    writer = csv.DictWriter(buffer, ["method", "name", *keys], lineterminator="\n")
    writer.writeheader()
    for method, scores in methods.items():
        for score in scores:
            writer.writerow({"method": method, "name": score.name, **score.values})
    return buffer.getvalue()


def as_dict(
    methods: Mapping[str, Sequence[Score]], failures: Mapping[str, Sequence[Failure]] | None = None
) -> dict[str, Any]:
    """For JSON: each method's pictures, means and intervals; its lead over the first."""
    first, *others = methods
    content = {
        "methods": {
            method: {
                "pictures": [{"name": s.name, **s.values, "notes": s.notes} for s in scores],
                "failed": [vars(failure) for failure in (failures or {}).get(method, ())],
                "mean": means(scores),
                "interval": intervals(scores),
                "constant_exposure_error": constant_exposure_error(scores),
            }
            for method, scores in methods.items()
        },
        "differences": {
            method: {"mean": means(lead), "interval": intervals(lead)}
            for method in others
            for lead in [differences(methods[method], methods[first])]
            if lead
        },
    }
    finite: dict[str, Any] = _finite(content)
    return finite


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON has not: the PSNR of equal pictures."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_table(methods: Mapping[str, Sequence[Score]]) -> str:
    """The means with their intervals, for people, and each one's lead over the first."""
    first, *others = methods
    lines = []
    for method, scores in methods.items():
        lines += [f"{method}: mean of {len(scores)}, and its 95 % interval", *_rows(scores)]
        constant = constant_exposure_error(scores)
        if constant is not None:
            lines.append(f"  {'error of a constant':20} {constant:.3f}")
    for method in others:
        lead = differences(methods[method], methods[first])
        lines += [f"{method} less {first}, picture by picture, {len(lead)} of them"]
        lines += _rows(lead) if lead else []
    return "\n".join(lines)


def _rows(scores: Sequence[Score]) -> list[str]:
    mean, interval = means(scores), intervals(scores)

    def row(measure: Measure) -> str:
        low, high = (f"{end:.{measure.digits}f}" for end in interval[measure.key])
        return f"  {measure.label:20} {mean[measure.key]:<9.{measure.digits}f} {low} to {high}"

    return [row(measure) for measure in columns(scores)]


def _size(picture: Array) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"

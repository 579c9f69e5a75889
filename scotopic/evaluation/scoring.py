"""A method judged: scores for each picture, their means, and what to doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.evaluation import sanity
from scotopic.evaluation.columns import MEASURES, Measure, Score, _given, _level
from scotopic.evaluation.pairing import Case, Failure, Pictures, read_pixels
from scotopic.photo import reading, writing
from scotopic.types import Array

EXPOSURES = ("automatic", "unlimited", "reference")
"""Where a model's exposure comes from: the prediction limited by what the
picture can bear, the bare prediction, or the reference's own mean level."""


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


def _size(picture: Array) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"

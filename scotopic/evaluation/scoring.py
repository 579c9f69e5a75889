"""Score what a model makes of pictures, or results that exist already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError
from scotopic.evaluation.columns import MEASURES, Measure, Score, mean_level
from scotopic.evaluation.pairing import Case, Failure, Pictures, read_pixels
from scotopic.evaluation.sanity import TrainingSet, warnings_about
from scotopic.photo import writing
from scotopic.photo.photo import Photo
from scotopic.types import Array
from scotopic.wish import Wish

EXPOSURES = ("automatic", "unlimited", "reference")
"""Where a model's exposure comes from: its prediction limited by what the picture
can bear, its bare prediction, or the mean level of the reference."""

Observer = Callable[[Case, Pictures, Score], None]
"""Called with every picture that was scored, for contact sheets and the like."""


@dataclass(frozen=True)
class Scorer:
    """How pictures are scored.

    Attributes
    ----------
    measures : sequence of Measure
    trained_on : TrainingSet, optional
        A warning is noted for references that are in it.
    observe : callable
        See `Observer`.
    """

    measures: Sequence[Measure] = MEASURES
    trained_on: TrainingSet | None = None
    observe: Observer = lambda case, pictures, score: None

    def score(self, case: Case, pictures: Pictures) -> Score:
        """Score the pixels of a case.

        Raises
        ------
        InvalidValueError
            When the pictures differ in size; nothing is resized.
        """
        _check_sizes(case, pictures)
        values, notes = {}, list(pictures.notes)
        for measure in self.measures:
            if measure.applies_to(pictures):
                try:
                    values[measure.key] = measure.of(pictures)
                except ScotopicError as error:
                    notes.append(f"has no {measure.label}: {error}")
        notes += warnings_about(case, pictures, self.trained_on)
        score = Score(case.name, values, tuple(notes))
        self.observe(case, pictures, score)
        return score


def _check_sizes(case: Case, pictures: Pictures) -> None:
    for kind, other in (("reference", pictures.reference), ("input", pictures.input)):
        if other is not None and other.shape != pictures.result.shape:
            raise InvalidValueError(
                f"the result is {_size(pictures.result)} pixels, its {kind} {_size(other)}",
                path=case.result or case.input,
            )


def _size(picture: Array) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"


def score_model(
    enhancer: Enhancer,
    cases: Sequence[Case],
    exposure_from: str = "automatic",
    save: Path | None = None,
    scorer: Scorer = Scorer(),
) -> Iterator[Score | Failure]:
    """Enhance each input, save the result if asked, and score its 8-bit pixels.

    Parameters
    ----------
    enhancer : Enhancer
    cases : sequence of Case
        With inputs, and with references if there are any.
    exposure_from : str
        One of `EXPOSURES`.
    save : Path, optional
        Folder to save the results in, as PNG.
    scorer : Scorer

    Yields
    ------
    Score or Failure
        One for each case, in order.
    """
    for case in cases:
        try:
            pictures = _enhanced(enhancer, case, exposure_from)
            if save is not None:
                encoded, _ = writing.encode(Photo(pictures.result), "PNG")
                storage.write_atomically(encoded, save / f"{case.name}.png")
            yield scorer.score(case, pictures)
        except ScotopicError as error:
            yield _failure(case, error)


def _enhanced(enhancer: Enhancer, case: Case, exposure_from: str) -> Pictures:
    if case.input is None:
        raise MissingFileError(f"no input named {case.name}")
    dark, notes = read_pixels(case.input)
    if dark.dtype != np.uint8:
        raise InvalidValueError(
            "has 16 bits per channel; models are evaluated on 8-bit pictures", path=case.input
        )
    reference = None if case.reference is None else read_pixels(case.reference)[0]
    level = None
    if exposure_from == "reference":
        if reference is None:
            raise MissingFileError("has no reference to take the exposure from", path=case.input)
        level = mean_level(reference)
    wish = Wish(exposure=level, limited=exposure_from != "unlimited")
    result, report = enhancer.enhance_array(dark, wish)
    predicted = None if report.automatic is None else report.automatic.predicted_exposure
    return Pictures(result, dark, reference, predicted, notes)


def score_results(cases: Sequence[Case], scorer: Scorer = Scorer()) -> Iterator[Score | Failure]:
    """Score results that exist already; one score or failure for each case, in order."""
    for case in cases:
        try:
            if case.result is None:
                raise MissingFileError(f"no result named {case.name}")
            result, notes = read_pixels(case.result)
            dark, reference = (
                None if path is None else read_pixels(path)[0]
                for path in (case.input, case.reference)
            )
            yield scorer.score(case, Pictures(result, dark, reference, None, notes))
        except ScotopicError as error:
            yield _failure(case, error)


def _failure(case: Case, error: ScotopicError) -> Failure:
    path = case.result or case.input
    return Failure(case.name, error if path is None else error.about(path))

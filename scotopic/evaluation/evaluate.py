"""Evaluate methods: pair the files, score them, keep what the reports show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from scotopic.datasets import pictures, scenes
from scotopic.enhancer import Enhancer
from scotopic.errors import MissingFileError
from scotopic.evaluation import learned_measures, sanity, scoring, views
from scotopic.evaluation.columns import MEASURES, Score
from scotopic.evaluation.contact_sheet import ContactSheet
from scotopic.evaluation.gallery import Gallery
from scotopic.evaluation.pairing import Case, Failure, Pictures, pair_folders
from scotopic.evaluation.request import Request
from scotopic.evaluation.scoring import Scorer
from scotopic.photo import images

Progress = Callable[[str, Score | Failure, int], None]
"""Called after each picture with the method, the picture's score or failure, and
the number of pictures of all methods."""


@dataclass
class Method:
    """What was found about one method.

    Attributes
    ----------
    gallery : Gallery
        Pictures for the HTML report; empty unless the request asks for a page.
    scores : list of Score
    failures : list of Failure
    """

    gallery: Gallery
    scores: list[Score] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, outcome: Score | Failure) -> None:
        """Add what came of one picture."""
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
        else:
            self.scores.append(outcome)

    def warnings(self) -> list[str]:
        """A sentence for each warning, with the pictures that it is about."""
        given = sanity.levels_are_given([score.values for score in self.scores])
        names_by_note: dict[str, list[str]] = {}
        for score in self.scores:
            for note in score.notes:
                names_by_note.setdefault(note, []).append(score.name)
        found = [given] if given else []
        for note, names in names_by_note.items():
            every = 1 < len(self.scores) == len(names)
            found.append(f"{'each picture' if every else pictures.some(names)}: {note}")
        return found


@dataclass
class Evaluation:
    """What was found about all methods.

    Attributes
    ----------
    methods : dict of str to Method
        By the name of the model, or the path of the folder of results.
    sheet : ContactSheet, optional
    """

    methods: dict[str, Method] = field(default_factory=dict)
    sheet: ContactSheet | None = None

    @property
    def scores(self) -> dict[str, list[Score]]:
        """The scores of each method."""
        return {name: method.scores for name, method in self.methods.items()}

    @property
    def failures(self) -> list[Failure]:
        """The failures of all methods."""
        return [failure for method in self.methods.values() for failure in method.failures]

    def warnings(self) -> list[str]:
        """The warnings of all methods, each with the name of its method."""
        return [
            f"{name}: {warning}"
            for name, method in self.methods.items()
            for warning in method.warnings()
        ]


def evaluate(
    request: Request, progress: Progress = lambda method, outcome, total: None
) -> Evaluation:
    """Score all pictures of all methods of a request.

    Parameters
    ----------
    request : Request
    progress : callable
        See `Progress`.

    Returns
    -------
    Evaluation
        Pictures that could not be scored are among its failures.

    Raises
    ------
    ScotopicError
        When a folder is missing or empty, or the model or a measure cannot be
        loaded.
    """
    pairs = _pairs(request)
    total = sum(len(cases) + len(unpaired) for cases, unpaired in pairs.values())
    trained_on = _training_set(request.trained_on)
    measures = (*MEASURES, *(learned_measures.load(name) for name in request.measures))
    sheet = ContactSheet() if request.run and request.run.sheet else None
    evaluation = Evaluation(sheet=sheet)
    for name, (cases, unpaired) in pairs.items():
        method = Method(Gallery("psnr" if request.references else "exposure"))
        evaluation.methods[name] = method
        observe = _observer(sheet, method.gallery if request.page else None)
        scorer = Scorer(measures, trained_on, observe)
        for outcome in chain(unpaired, _outcomes(request, cases, scorer)):
            method.add(outcome)
            progress(name, outcome, total)
    return evaluation


def _pairs(request: Request) -> dict[str, tuple[list[Case], list[Failure]]]:
    if request.run:
        pairs = pair_folders(inputs=request.inputs, references=request.references)
        return {request.run.model: pairs}
    return {
        str(folder): pair_folders(
            results=folder, inputs=request.inputs, references=request.references
        )
        for folder in request.results
    }


def _outcomes(request: Request, cases: Sequence[Case], scorer: Scorer) -> Iterator[Score | Failure]:
    run = request.run
    if run is None:
        yield from scoring.score_results(cases, scorer)
        return
    with Enhancer(run.model, run.memory, run.provider) as enhancer:
        yield from scoring.score_model(enhancer, cases, run.exposure_from, run.save, scorer)


def _observer(sheet: ContactSheet | None, gallery: Gallery | None) -> scoring.Observer:
    def observe(case: Case, seen: Pictures, score: Score) -> None:
        if sheet is None and gallery is None:
            return
        arrays = {"input": seen.input, "result": seen.result, "reference": seen.reference}
        shown = {
            kind: images.in_8_bits(array) for kind, array in arrays.items() if array is not None
        }
        if sheet is not None:
            ssim = score.values.get("ssim", math.nan)
            caption = f"{score.name}: {score.values['psnr']:.2f} dB, SSIM {ssim:.3f}"
            stretched = views.autocontrast(shown["input"])
            sheet.add(caption, [shown["input"], stretched, shown["result"], shown["reference"]])
        if gallery is not None:
            gallery.add(score.name, score.values[gallery.key], shown)

    return observe


def _training_set(folders: Sequence[Path]) -> sanity.TrainingSet | None:
    prints = {
        f"{folder}/{name}": one
        for folder in folders
        for name, one in scenes.fingerprints(folder).items()
    }
    if folders and not prints:
        raise MissingFileError("no pictures in this folder", path=folders[0])
    return sanity.TrainingSet(prints) if prints else None

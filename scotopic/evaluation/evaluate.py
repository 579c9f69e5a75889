"""Judge methods as one asks for: pair, score, look, doubt, report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scotopic.datasets import pictures, scenes
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.evaluation import columns, learned_measures, report, sanity, scoring, tables
from scotopic.evaluation.columns import MEASURES, Score
from scotopic.evaluation.pairing import Case, Failure, Pictures, pair_folders
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.types import Array


@dataclass(frozen=True)
class Request:
    """What is to be judged, and what is wanted of it.

    Attributes
    ----------
    results : sequence of Path
        Folders of results, one a method; none when a model is judged.
    inputs, references : Path or None
        What the results were made from, and what they should be.
    model : str or None
        Judged by what it makes of the inputs.
    exposure_from : str
        One of `scotopic.evaluation.scoring.EXPOSURES`.
    save : Path or None
        Folder for a model's results.
    sheet, page : bool
        Whether a contact sheet, and a report, are wanted.
    training : sequence of Path
        Folders of references that were trained on, to find the judged ones in.
    measures : sequence of str
        More measures, of `scotopic.evaluation.learned_measures.NAMES`.
    """

    results: Sequence[Path] = ()
    inputs: Path | None = None
    references: Path | None = None
    model: str | None = None
    exposure_from: str = "automatic"
    save: Path | None = None
    sheet: bool = False
    page: bool = False
    training: Sequence[Path] = ()
    measures: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.results and self.model:
            raise ScotopicError("give either --model or --results")
        if not self.results and self.inputs is None:
            raise ScotopicError("give either --inputs for a model, or --results")
        if self.results and (self.save or self.sheet):
            raise ScotopicError("--save and --sheet are for the results of a --model")
        if self.results and self.exposure_from != "automatic":
            raise ScotopicError("--exposure-from is for a --model")
        if self.sheet and self.references is None:
            raise ScotopicError("--sheet needs --references")
        if self.training and self.references is None:
            raise ScotopicError("--training needs --references")


@dataclass
class Judgement:
    """What came of it, by the names of the methods."""

    scores: dict[str, list[Score]] = field(default_factory=dict)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    galleries: dict[str, report.Gallery] = field(default_factory=dict)
    sheet: report.ContactSheet | None = None

    def doubts(self) -> list[str]:
        """A sentence for each thing to be doubted, naming the pictures."""
        found = []
        for method, scores in self.scores.items():
            given = sanity.levels_are_given([score.values for score in scores])
            found += [f"{method}: {given}"] if given else []
            noted: dict[str, list[str]] = {}
            for score in scores:
                for note in score.notes:
                    noted.setdefault(note, []).append(score.name)
            for note, names in noted.items():
                which = "each picture" if 1 < len(scores) == len(names) else pictures.some(names)
                found.append(f"{method}: {which}: {note}")
        return found


def judge(
    request: Request, tell: Callable[[int, Score | Failure], None] = lambda total, one: None
) -> Judgement:
    """Judge every method that is asked for.

    Parameters
    ----------
    request : Request
    tell : callable
        Told of each picture as it is judged, and how many there are in all.

    Raises
    ------
    ScotopicError
        When a folder is missing or empty, or no picture of a method could be
        judged. Single pictures that fail are part of the judgement.
    """
    paired = _paired(request)
    total = sum(len(cases) for cases, _ in paired.values())
    seen = _training(request.training)
    measures = (*MEASURES, *(learned_measures.measure(name) for name in request.measures))
    judgement = Judgement(sheet=report.ContactSheet() if request.sheet else None)
    for method, (cases, unpaired) in paired.items():
        gallery = report.Gallery("psnr" if request.references else "exposure")
        judgement.galleries[method] = gallery
        judgement.scores[method], judgement.failures[method] = [], list(unpaired)
        how = scoring.Judge(measures, seen, _looker(request, judgement.sheet, gallery))
        for outcome in _stream(request, cases, how):
            if isinstance(outcome, Failure):
                judgement.failures[method].append(outcome)
            else:
                judgement.scores[method].append(outcome)
            tell(total, outcome)
        if not judgement.scores[method]:
            raise ScotopicError(judgement.failures[method][-1].reason)
    return judgement


def _paired(request: Request) -> dict[str, tuple[list[Case], list[Failure]]]:
    if request.results:
        return {
            str(folder): pair_folders(
                results=folder, inputs=request.inputs, references=request.references
            )
            for folder in request.results
        }
    paired = pair_folders(inputs=request.inputs, references=request.references)
    return {request.model or DEFAULT_MODEL: paired}


def _stream(
    request: Request, cases: Sequence[Case], judge: scoring.Judge
) -> Iterator[Score | Failure]:
    if request.results:
        return scoring.judge_results(cases, judge)
    enhancer = Enhancer(request.model or DEFAULT_MODEL)
    return scoring.judge_model(enhancer, cases, request.exposure_from, request.save, judge)


def _looker(
    request: Request, sheet: report.ContactSheet | None, gallery: report.Gallery
) -> scoring.Looker:
    def look(case: Case, pictures: Pictures, score: Score) -> None:
        views = {"input": pictures.picture, "result": pictures.result}
        views["reference"] = pictures.reference
        shown = {kind: _in_8_bits(view) for kind, view in views.items() if view is not None}
        if sheet is not None:
            row = [shown["input"], report.autocontrast(shown["input"])]
            ssim = score.values.get("ssim", math.nan)
            told = f"{score.name}: {score.values['psnr']:.2f} dB, SSIM {ssim:.3f}"
            sheet.add(told, [*row, shown["result"], shown["reference"]])
        if request.page:
            gallery.add(score.name, score.values[gallery.key], shown)

    return look


def _in_8_bits(picture: Array) -> Array:
    return picture if picture.dtype == np.uint8 else np.rint(picture / 257).astype(np.uint8)


def _training(folders: Sequence[Path]) -> sanity.SeenInTraining | None:
    prints = {
        f"{folder}/{name}": one
        for folder in folders
        for name, one in scenes.fingerprints(folder).items()
    }
    if folders and not prints:
        raise ScotopicError(f"{folders[0]}: no pictures in this folder")
    return sanity.SeenInTraining(prints) if prints else None


def page(request: Request, judgement: Judgement) -> str:
    """The HTML report."""
    every = [score for scores in judgement.scores.values() for score in scores]
    labels = {m.key: (m.label, m.digits) for m in columns.columns(every)}
    return report.html_report(
        tables.as_dict(judgement.scores, judgement.failures),
        labels,
        judgement.galleries,
        judgement.doubts(),
        _protocol(request, judgement.scores),
    )


def _protocol(request: Request, scores: Mapping[str, Sequence[Score]]) -> str:
    what = (
        f"results of {', '.join(scores)}"
        if request.results
        else f"what {request.model or DEFAULT_MODEL} makes of {request.inputs}"
    )
    exposed = {
        "automatic": "",
        "unlimited": " at the exposure that it predicts, without the limits",
        "reference": " at the reference's own mean level, which is given to it",
    }[request.exposure_from]
    against = f" against {request.references}" if request.references else ", without references"
    return (
        f"Judged: {what}{exposed}{against}, as saved with 8 bits unless noted. PSNR over all pixels and "
        "channels; SSIM by Wang et al. 2004, the mean of the channels; GT-mean is after scaling "
        "to the reference's mean gray. Intervals by bootstrap over the pictures."
    )

"""A method against references: scores for each picture, and their means."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scotopic import metrics, photo
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.exposure import exposure_of, thumbnail

Array = NDArray[Any]

EXPOSURES = ("automatic", "unlimited", "reference")
"""Where a model's exposure comes from: the prediction limited by what the
picture can bear, the bare prediction, or the reference's own mean level."""


@dataclass(frozen=True)
class Pair:
    """A picture and its reference, by the name they share."""

    name: str
    picture: Path
    reference: Path


@dataclass(frozen=True)
class Score:
    """How close a result is to its reference.

    Attributes
    ----------
    name : str
    psnr, ssim, gt_mean_psnr : float
        As `scotopic.metrics` defines them, of the 8-bit result; PSNR in dB.
    exposure, reference_exposure : float
        Mean gray level of the result and of the reference, 0 to 1.
    exposure_error : float
        Absolute natural logarithm of predicted over reference exposure; the
        prediction is the network's, or for given results their level.
    """

    name: str
    psnr: float
    ssim: float
    gt_mean_psnr: float
    exposure: float
    reference_exposure: float
    exposure_error: float


_RESAMPLINGS = 10_000
COLUMNS = tuple(field.name for field in fields(Score) if field.name != "name")


def pair_folders(pictures: Path, references: Path) -> list[Pair]:
    """Pair the pictures of two folders by their names without the ending.

    Raises
    ------
    ScotopicError
        When a folder is empty, or a picture is without a partner: those are
        named.
    """
    first, second = _by_stem(pictures), _by_stem(references)
    alone = [str(first[stem]) for stem in first if stem not in second]
    alone += [str(second[stem]) for stem in second if stem not in first]
    if alone:
        more = f" and {len(alone) - 5} more" if len(alone) > 5 else ""
        raise ScotopicError(f"without a partner: {', '.join(alone[:5])}{more}")
    return [Pair(stem, first[stem], second[stem]) for stem in first]


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise ScotopicError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in photo.FORMATS:
            if path.stem in found:
                raise ScotopicError(f"{found[path.stem]} and {path} share one name")
            found[path.stem] = path
    if not found:
        raise ScotopicError(f"{folder}: no pictures in this folder")
    return found


def score_model(
    enhancer: Enhancer,
    pairs: Sequence[Pair],
    exposure: str = "automatic",
    save: Path | None = None,
) -> Iterator[Score]:
    """Enhance each picture, save it if asked, and score it as 8-bit pixels.

    Parameters
    ----------
    enhancer : Enhancer
    pairs : sequence of Pair
    exposure : str
        One of `EXPOSURES`.
    save : Path, optional
        Folder for the results, as PNG.
    """
    for pair in pairs:
        picture, reference = read_8_bits(pair.picture), read_8_bits(pair.reference)
        level = exposure_of(thumbnail(reference))
        result, report = enhancer.enhance_array(
            picture,
            exposure=level if exposure == "reference" else None,
            limited=exposure != "unlimited",
        )
        if save is not None:
            data = photo.encode(photo.Photo(result), "PNG")
            photo.write_atomically(data, save / f"{pair.name}.png")
        yield _score(pair.name, result, reference, report.automatic.predicted_exposure)


def score_results(pairs: Sequence[Pair]) -> Iterator[Score]:
    """Score results that are there already."""
    for pair in pairs:
        yield _score(pair.name, read_8_bits(pair.picture), read_8_bits(pair.reference), None)


def _score(name: str, result: Array, reference: Array, predicted: float | None) -> Score:
    if result.shape != reference.shape:
        raise ScotopicError(f"{name}: {_size(result)}, its reference {_size(reference)}")
    level, wanted = (exposure_of(thumbnail(x)) for x in (result, reference))
    predicted = level if predicted is None else predicted
    return Score(
        name=name,
        psnr=metrics.psnr(result, reference),
        ssim=metrics.ssim(result, reference),
        gt_mean_psnr=metrics.gt_mean_psnr(result, reference),
        exposure=level,
        reference_exposure=wanted,
        exposure_error=abs(math.log(max(predicted, 1e-6) / max(wanted, 1e-6))),
    )


def means(scores: Sequence[Score]) -> dict[str, float]:
    """The mean of each column."""
    return {column: float(np.mean([getattr(s, column) for s in scores])) for column in COLUMNS}


def intervals(scores: Sequence[Score], seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % interval of each column's mean, by the percentile bootstrap.

    The pictures are drawn anew, with replacement, 10,000 times, by the seed:
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    It says how far the mean may move with other pictures like these.
    """
    draws = np.random.default_rng(seed).integers(len(scores), size=(_RESAMPLINGS, len(scores)))

    def interval(column: str) -> tuple[float, float]:
        resampled = np.array([getattr(score, column) for score in scores])[draws].mean(axis=1)
        low, high = np.quantile(resampled, (0.025, 0.975), method="nearest")
        return float(low), float(high)

    return {column: interval(column) for column in COLUMNS}


def constant_exposure_error(scores: Sequence[Score]) -> float:
    """Exposure error of the best constant: the median in the logarithm.

    It knows the references, so it is the least that any constant can have.
    """
    logs = np.log([max(score.reference_exposure, 1e-6) for score in scores])
    return float(np.abs(logs - np.median(logs)).mean())


def differences(scores: Sequence[Score], others: Sequence[Score]) -> list[Score]:
    """Picture by picture, the first less the second; both of the same pictures.

    The mean of these has a much narrower interval than either method's own
    mean, since a hard picture is hard for both.

    Raises
    ------
    ScotopicError
        When the pictures are not the same.
    """
    if [score.name for score in scores] != [other.name for other in others]:
        raise ScotopicError("only methods with results of the same pictures can be compared")
    return [
        Score(one.name, *(getattr(one, c) - getattr(other, c) for c in COLUMNS))
        for one, other in zip(scores, others, strict=True)
    ]


def as_csv(methods: Mapping[str, Sequence[Score]]) -> str:
    """A line a method and picture, under a line of column names."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, ["method", "name", *COLUMNS], lineterminator="\n")
    writer.writeheader()
    for method, scores in methods.items():
        writer.writerows({"method": method, **asdict(score)} for score in scores)
    return buffer.getvalue()


def as_dict(methods: Mapping[str, Sequence[Score]]) -> dict[str, Any]:
    """For JSON: each method's pictures, means and intervals; its lead over the first."""
    first, *others = methods
    return {
        "methods": {
            method: {
                "pictures": [asdict(score) for score in scores],
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
        },
    }


def as_table(methods: Mapping[str, Sequence[Score]]) -> str:
    """The means with their intervals, for people, and each one's lead over the first."""
    first, *others = methods
    lines = []
    for method, scores in methods.items():
        constant = constant_exposure_error(scores)
        lines += [f"{method}: mean of {len(scores)}, and its 95 % interval", *_rows(scores)]
        lines[-1] += f" (a constant's: {constant:.3f})"
    for method in others:
        lines += [f"{method} less {first}, picture by picture"]
        lines += _rows(differences(methods[method], methods[first]))
    return "\n".join(lines)


def _rows(scores: Sequence[Score]) -> list[str]:
    mean, interval = means(scores), intervals(scores)

    def row(label: str, column: str, digits: int, unit: str = "") -> str:
        low, high = interval[column]
        value, ends = f"{mean[column]:.{digits}f}{unit}", f"{low:.{digits}f} to {high:.{digits}f}"
        return f"  {label:15} {value:10} {ends}"

    return [
        row("PSNR", "psnr", 2, " dB"),
        row("SSIM", "ssim", 4),
        row("GT-mean PSNR", "gt_mean_psnr", 2, " dB"),
        row("exposure error", "exposure_error", 3),
    ]


def read_8_bits(path: Path) -> Array:
    """Pixels of a picture, (height, width, 3) and uint8, gray ones repeated.

    Raises
    ------
    ScotopicError
        When it cannot be read, or has 16 bits a channel.
    """
    picture = photo.read(path)
    if picture.pixels.dtype != np.uint8:
        raise ScotopicError(f"{path}: 16 bits a channel; scores are of 8-bit pictures")
    return np.repeat(picture.pixels, 3, -1) if picture.pixels.shape[-1] == 1 else picture.pixels


def _size(picture: Array) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"

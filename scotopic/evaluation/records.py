"""Scores as plain values: one record for each picture, method and comparison.

These are the lines of ``scotopic evaluate --json``; docs/protocol.md describes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from scotopic.evaluation.columns import Score
from scotopic.evaluation.evaluate import Evaluation, Method
from scotopic.evaluation.pairing import Failure
from scotopic.evaluation.statistics import constant_exposure_error, differences, intervals, means

Record = dict[str, Any]
"""Plain values that JSON can hold. Numbers that it cannot, such as the infinite PSNR
of identical pictures, are None."""


def picture_record(method: str, outcome: Score | Failure) -> Record:
    """The record of one picture of a method: ``scored`` or ``failed``."""
    record: Record = {"method": method, "name": outcome.name}
    if isinstance(outcome, Failure):
        return {**record, "status": "failed", "error": outcome.error.as_dict()}
    values = {key: _finite(value) for key, value in outcome.values.items()}
    return {**record, "status": "scored", **values, "notes": list(outcome.notes)}


def summary_record(name: str, method: Method) -> Record:
    """The record of a method as a whole."""
    return {
        "method": name,
        "status": "summary",
        "pictures": len(method.scores),
        "failed": len(method.failures),
        **_statistics(method.scores),
        "constant_exposure_error": constant_exposure_error(method.scores),
        "warnings": method.warnings(),
    }


def difference_records(evaluation: Evaluation) -> Iterator[Record]:
    """The records of the comparisons of each further method with the first."""
    against, *others = evaluation.scores
    for method in others:
        apart = differences(evaluation.scores[method], evaluation.scores[against])
        yield {
            "method": method,
            "status": "difference",
            "against": against,
            "pictures": len(apart),
            **_statistics(apart),
        }


def _statistics(scores: list[Score]) -> Record:
    return {
        "mean": {key: _finite(value) for key, value in means(scores).items()},
        "interval": {key: [*map(_finite, ends)] for key, ends in intervals(scores).items()},
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

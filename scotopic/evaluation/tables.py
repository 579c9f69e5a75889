"""Scores as CSV, as JSON and as text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from scotopic.evaluation.columns import Measure, Score, columns
from scotopic.evaluation.pairing import Failure
from scotopic.evaluation.statistics import constant_exposure_error, differences, intervals, means


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

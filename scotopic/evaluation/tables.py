"""Scores as CSV, and as text for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from scotopic.evaluation.columns import Column, Score, columns
from scotopic.evaluation.statistics import constant_exposure_error, differences, intervals, means

_LABEL_WIDTH = 30


def as_csv(methods: Mapping[str, Sequence[Score]]) -> str:
    """A line of column names, then one line for each method and picture."""
    buffer = io.StringIO()
    scores = [score for scores in methods.values() for score in scores]
    keys = list(dict.fromkeys(key for score in scores for key in score.values))
    writer = csv.DictWriter(buffer, ["method", "name", *keys], lineterminator="\n")
    writer.writeheader()
    for method, scores_of_method in methods.items():
        for score in scores_of_method:
            writer.writerow({"method": method, "name": score.name, **score.values})
    return buffer.getvalue()


def as_table(methods: Mapping[str, Sequence[Score]]) -> str:
    """Each method's means with their intervals, and its difference from the first method.

    Methods without scores are left out, so that the text is empty if none has any.
    """
    first, *others = methods
    lines = []
    for method, scores in methods.items():
        if not scores:
            continue
        lines += [f"{method}: mean of {_pictures(scores)}, with 95 % interval", *_rows(scores)]
        constant = constant_exposure_error(scores)
        if constant is not None:
            lines.append(_row("exposure error, best constant", f"{constant:.3f}"))
    for method in others:
        if not methods[method] or not methods[first]:
            continue
        apart = differences(methods[method], methods[first])
        lines.append(f"{method} minus {first}: mean difference over {_pictures(apart)}")
        lines += _rows(apart)
    return "\n".join(lines)


def _pictures(scores: Sequence[Score]) -> str:
    return "1 picture" if len(scores) == 1 else f"{len(scores)} pictures"


def _rows(scores: Sequence[Score]) -> list[str]:
    mean, interval = means(scores), intervals(scores)

    def row(column: Column) -> str:
        low, high = (f"{end:.{column.digits}f}" for end in interval[column.key])
        return _row(column.label, f"{mean[column.key]:<9.{column.digits}f} {low} to {high}")

    return [row(column) for column in columns(scores)]


def _row(label: str, text: str) -> str:
    return f"  {label:{_LABEL_WIDTH}} {text}"

"""Means, intervals and differences of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scotopic.evaluation.columns import Score, columns

_RESAMPLINGS = 10_000


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

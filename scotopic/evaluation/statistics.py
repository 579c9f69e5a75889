"""Means, intervals and differences of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scotopic.evaluation.columns import Score, columns

_RESAMPLINGS = 10_000


def means(scores: Sequence[Score]) -> dict[str, float]:
    """The mean of each column that all pictures have."""
    return {
        column.key: float(np.mean([score.values[column.key] for score in scores]))
        for column in columns(scores)
    }


def intervals(scores: Sequence[Score], seed: int = 0) -> dict[str, tuple[float, float]]:
    """The 95 % interval of each column's mean, by the percentile bootstrap.

    The pictures are drawn with replacement 10,000 times, from the seed given:
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    The interval says how far the mean may move with other pictures like these.
    """
    if not scores:
        return {}
    draws = np.random.default_rng(seed).integers(len(scores), size=(_RESAMPLINGS, len(scores)))

    def interval(key: str) -> tuple[float, float]:
        resampled = np.array([score.values[key] for score in scores])[draws].mean(axis=1)
        low, high = np.quantile(resampled, (0.025, 0.975), method="nearest")
        return float(low), float(high)

    return {column.key: interval(column.key) for column in columns(scores)}


def constant_exposure_error(scores: Sequence[Score]) -> float | None:
    """Mean exposure error of the best constant prediction.

    That constant is the median of the reference exposures, in the logarithm. It
    is chosen from the references themselves, so no constant has a lower error.

    Returns
    -------
    float or None
        None when there are no pictures, or some have no reference.
    """
    levels = [score.values.get("reference_exposure") for score in scores]
    known = [level for level in levels if level is not None]
    if not known or len(known) < len(levels):
        return None
    logs = np.log(np.maximum(known, 1e-6))
    return float(np.abs(logs - np.median(logs)).mean())


def differences(scores: Sequence[Score], others: Sequence[Score]) -> list[Score]:
    """The first method's scores minus the other's, for each picture that both have.

    The mean of these differences has a much narrower interval than the mean of
    either method, since a picture that is hard for one is hard for the other.
    """
    known = {other.name: other.values for other in others}
    return [
        replace(
            score,
            values={
                key: value - known[score.name][key]
                for key, value in score.values.items()
                if key in known[score.name]
            },
        )
        for score in scores
        if score.name in known
    ]

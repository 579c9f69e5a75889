"""How long a run goes, and how fast it learns on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scotopic.errors import ScotopicError
from scotopic.training.presets import Recipe


@dataclass(frozen=True)
class Budget:
    """How long to train: a number of steps, or of minutes."""

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ScotopicError("give either --epochs or --minutes")

    def used(self, step: int, seconds: float) -> float:
        """Share of the budget that is used up."""
        if self.steps is not None:
            return step / self.steps
        assert self.minutes is not None
        return seconds / (60 * self.minutes)


def learning_rate(recipe: Recipe, used: float, history: Sequence[float] = ()) -> float:
    """Learning rate at a share of the budget, after epochs of these scores."""
    if recipe.schedule == "plateau":
        return recipe.learning_rate * 0.5 ** plateaus(history)
    if used < recipe.warm_up:
        return recipe.learning_rate * used / recipe.warm_up
    progress = min(1.0, (used - recipe.warm_up) / (1 - recipe.warm_up))
    return float(recipe.learning_rate * (1 + np.cos(np.pi * progress)) / 2)


def plateaus(history: Sequence[float], patience: int = 5) -> int:
    """How often a score has not risen for so many epochs: Keras's ReduceLROnPlateau."""
    best, waited, count = -np.inf, 0, 0
    for score in history:
        waited = 0 if score > best else waited + 1
        best = max(best, score)
        if waited == patience:
            waited, count = 0, count + 1
    return count

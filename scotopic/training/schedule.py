"""How long a run trains, and its learning rate on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scotopic.errors import InvalidValueError
from scotopic.training.presets import Recipe

_NO_LIMIT = 10**9


@dataclass(frozen=True)
class Budget:
    """How long to train: a number of steps, or of minutes.

    Raises
    ------
    InvalidValueError
        When both or none of the two are given.
    """

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise InvalidValueError("a budget is either a number of steps or of minutes")

    @property
    def most_steps(self) -> int:
        """Steps that are certainly enough."""
        return _NO_LIMIT if self.steps is None else self.steps

    @property
    def expected_steps(self) -> int:
        """Steps to reckon with: those asked for, or one for each second."""
        return self.steps or max(1, round(60 * (self.minutes or 0)))

    def used(self, step: int, seconds: float) -> float:
        """Share of the budget that is used up after so many steps and seconds."""
        if self.steps is not None:
            return step / self.steps
        assert self.minutes is not None
        return seconds / (60 * self.minutes)


def learning_rate(recipe: Recipe, used: float, history: Sequence[float] = ()) -> float:
    """Learning rate of the next step.

    Parameters
    ----------
    recipe : Recipe
    used : float
        Share of the budget that is used up, 0 to 1.
    history : sequence of float
        Score of each epoch so far; only the plateau schedule looks at it.
    """
    if recipe.schedule == "plateau":
        return recipe.learning_rate * 0.5 ** plateaus(history)
    if used < recipe.warm_up:
        return recipe.learning_rate * used / recipe.warm_up
    progress = min(1.0, (used - recipe.warm_up) / (1 - recipe.warm_up))
    return float(recipe.learning_rate * (1 + np.cos(np.pi * progress)) / 2)


def plateaus(history: Sequence[float], patience: int = 5) -> int:
    """Count how often the best score was not exceeded for `patience` epochs.

    Counts as Keras's ``ReduceLROnPlateau`` does.
    """
    best, waited, count = -np.inf, 0, 0
    for score in history:
        waited = 0 if score > best else waited + 1
        best = max(best, score)
        if waited == patience:
            waited, count = 0, count + 1
    return count

"""The training loop: learning rate, averaged weights, checkpoints, resuming, log.

A step depends only on the state (weights and optimizer) and on the number of
the step, so a run that was killed and resumed ends with the same weights as
one that was not.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic.errors import InvalidValueError, Parameter, ScotopicError, TargetExistsError
from scotopic.storage import write_json
from scotopic.training.checkpoints import (
    CHECKPOINT,
    LOG,
    RECORD,
    WEIGHTS,
    Progress,
    load_checkpoint,
    load_start,
    read_record,
    save_checkpoint,
    save_weights,
)
from scotopic.training.presets import Recipe, build_network, fast_format
from scotopic.training.run_log import Entry, RunLog, event_writer, forget_after
from scotopic.training.schedule import Budget, learning_rate
from scotopic.training.steps import steps_of
from scotopic.training.tasks import task_of, validate
from scotopic.training.training_data import TrainingData
from scotopic.version import __version__


@dataclass(frozen=True)
class Run:
    """Everything that determines the weights that a run ends with.

    Attributes
    ----------
    preset : str
        Name of the network.
    recipe : Recipe
        How it is trained.
    budget : Budget
        How long it is trained.
    data : TrainingData
        What it is trained and validated on.
    seed : int
        Seed of the first weights and of all samples.
    start : Path, optional
        Folder of a finished run of the same preset, whose weights are the
        first ones. Its record becomes part of the record of this run.
    gain_run : Path, optional
        Folder of a finished run of the preset ``gain``, which has predicted
        the gain maps of the data; for the record.
    """

    preset: str
    recipe: Recipe
    budget: Budget
    data: TrainingData
    seed: int = 0
    start: Path | None = None
    gain_run: Path | None = None

    def record(self) -> dict[str, Any]:
        """The run and the versions of the software, as plain values for JSON."""
        record = {
            "preset": self.preset,
            "start": None if self.start is None else read_record(self.start),
            "gain_run": None if self.gain_run is None else read_record(self.gain_run),
            "recipe": self.recipe.as_dict(),
            "budget": {"steps": self.budget.steps, "minutes": self.budget.minutes},
            "seed": self.seed,
            "data": self.data.record(),
            "versions": {
                "scotopic": __version__,
                "python": platform.python_version(),
                "keras": keras.__version__,
                "backend": keras.backend.backend(),
                "numpy": np.__version__,
            },
        }
        plain: dict[str, Any] = json.loads(json.dumps(record))
        return plain


def train(
    run: Run,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    report: Callable[[Entry], None] = lambda entry: None,
) -> keras.Model:
    """Train a network; leave weights, checkpoint, record, log and curves in a folder.

    Parameters
    ----------
    run : Run
        What to train, on what, how, and for how long.
    folder : Path
        Where to write; made if absent.
    resume : bool
        Whether to continue the run that is in the folder already.
    tensorboard : bool
        Whether to write the log for TensorBoard too, in ``tensorboard``.
    report : callable
        Called with an entry after each step (``step``, ``used``, ``loss``),
        and with the entry of the log after each epoch.

    Returns
    -------
    network : keras.Model
        With the averaged weights, which are also in ``weights.npz``.

    Raises
    ------
    TargetExistsError
        When the folder holds a run and `resume` is false.
    MissingFileError
        When the folder to start from holds no finished run.
    UnreadableError
        When a file of the run to continue, or to start from, is damaged.
    InvalidValueError
        When the run to continue differs from this one.
    ScotopicError
        When the loss becomes infinite or not a number.
    """
    writer = event_writer() if tensorboard else None
    keras.utils.set_random_seed(run.seed)
    network = build_network(run.preset, fast_format(run.preset))
    compiled(network, run.recipe, run.budget.expected_steps)
    if run.start is not None:
        load_start(network, run.start)
    progress = _begin(network, run, folder, resume)
    log = RunLog(folder, writer)
    try:
        _Loop(run, network, progress, log, report).train()
    finally:
        log.close()
    save_checkpoint(network, progress, folder / CHECKPOINT)
    network.optimizer.finalize_variable_values(network.trainable_variables)
    save_weights(network, folder / WEIGHTS)
    return network


def compiled(network: keras.Model, recipe: Recipe, steps: int | None = None) -> keras.Model:
    """Give a network its losses and its optimizer.

    Parameters
    ----------
    network : keras.Model
    recipe : Recipe
    steps : int, optional
        Length of the run, if it is known.
    """
    task_of(network).compile(network, recipe, steps)
    network.optimizer.build(network.trainable_variables)
    return network


class AveragedWeights:
    """Context in which a network has the average of its weights."""

    def __init__(self, network: keras.Model) -> None:
        self.network = network

    def __enter__(self) -> None:
        variables = self.network.trainable_variables
        self.own = [np.array(v) for v in map(keras.ops.convert_to_numpy, variables)]
        self.network.optimizer.finalize_variable_values(variables)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self.network.trainable_variables, self.own, strict=True):
            variable.assign(value)


def _begin(network: keras.Model, run: Run, folder: Path, resume: bool) -> Progress:
    """Write the record of a run, or check it and load the last checkpoint."""
    record, checkpoint = run.record(), folder / CHECKPOINT
    if (folder / RECORD).exists():
        if not resume:
            raise TargetExistsError("holds a run already", path=folder, remedy=Parameter("resume"))
        before = read_record(folder)
        changed = [key for key in record if record[key] != before.get(key)]
        if changed:
            raise InvalidValueError(
                f"cannot resume, since these changed: {', '.join(changed)}", path=folder
            )
    write_json(record, folder / RECORD)
    progress = load_checkpoint(network, checkpoint) if checkpoint.exists() else Progress()
    forget_after(progress.step, folder / LOG)
    return progress


@dataclass
class _Loop:
    """A run under way."""

    run: Run
    network: keras.Model
    progress: Progress
    log: RunLog
    report: Callable[[Entry], None]

    def train(self) -> None:
        """Go through steps and epochs until the budget is used up."""
        recipe, budget, progress = self.run.recipe, self.run.budget, self.progress
        rows: list[dict[str, float]] = []
        steps = steps_of(self.network, self.run.data, recipe, self.run.seed)
        began = time.monotonic() - progress.seconds
        for batch in steps.batches(progress.step, budget.most_steps):
            used = budget.used(progress.step, time.monotonic() - began)
            if used >= 1:
                break
            rate = learning_rate(recipe, used, self.log.history())
            self.network.optimizer.learning_rate = rate
            rows.append(steps(batch))
            progress.step += 1
            progress.seconds = time.monotonic() - began
            self._report_step(used, rows[-1]["loss"])
            if progress.step % recipe.steps_per_epoch == 0:
                began += self._end_epoch(rows)
                rows = []
        if rows:
            self._end_epoch(rows)

    def _report_step(self, used: float, loss: float) -> None:
        if not np.isfinite(loss):
            raise ScotopicError(f"the loss is not finite at step {self.progress.step}")
        self.report({"step": self.progress.step, "used": used, "loss": loss})

    def _end_epoch(self, rows: list[dict[str, float]]) -> float:
        """Validate, save and log; return the seconds that it took.

        They do not count as time of training.
        """
        began = time.monotonic()
        with AveragedWeights(self.network):
            scores = {
                pairs.name: validate(self.network, pairs) for pairs in self.run.data.validation
            }
        rate = self.network.optimizer.learning_rate
        entry = {
            "step": self.progress.step,
            "seconds": round(self.progress.seconds, 1),
            **{key: float(np.mean([row[key] for row in rows])) for key in rows[0]},
            "learning_rate": float(keras.ops.convert_to_numpy(rate)),
            "validation": scores,
        }
        save_checkpoint(self.network, self.progress, self.log.folder / CHECKPOINT)
        self.log.add(entry)
        self.report(entry)
        return time.monotonic() - began

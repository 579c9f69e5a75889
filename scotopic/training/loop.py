"""The training loop: schedule, average of the weights, checkpoints, resume, log.

A step depends on the state (weights and optimizer) and on the step's number
alone, so a run that is killed and resumed goes the same way as one that is
left alone.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic import __version__
from scotopic.errors import ScotopicError
from scotopic.training.checkpoints import (
    CHECKPOINT,
    LOG,
    RECORD,
    WEIGHTS,
    Progress,
    load_checkpoint,
    load_start,
    save_checkpoint,
    save_weights,
)
from scotopic.training.run_log import Log, event_writer, forget_after
from scotopic.training.presets import Recipe, build_network
from scotopic.training.schedule import Budget, learning_rate
from scotopic.training.tasks import task_of, validate
from scotopic.training.training_data import CropBatches, TrainingData, batches


def compiled(network: Any, recipe: Recipe, steps: int | None = None) -> Any:
    """Give a network its losses and its optimizer, for a run of so many steps if known."""
    task_of(network).compile(network, recipe, steps)
    network.optimizer.build(network.trainable_variables)
    return network


class AveragedWeights:
    """Within ``with``, the network has the average of its weights."""

    def __init__(self, network: Any) -> None:
        self.network = network

    def __enter__(self) -> None:
        variables = self.network.trainable_variables
        self.own = [np.array(v) for v in map(keras.ops.convert_to_numpy, variables)]
        self.network.optimizer.finalize_variable_values(variables)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self.network.trainable_variables, self.own, strict=True):
            variable.assign(value)


def run_record(
    preset: str,
    recipe: Recipe,
    budget: Budget,
    seed: int,
    data: TrainingData,
    start: Path | None = None,
) -> dict[str, Any]:
    """Everything that says how weights came to be."""
    return {
        "preset": preset,
        "start": None if start is None else json.loads((start / RECORD).read_text()),
        "recipe": recipe.as_dict(),
        "budget": {"steps": budget.steps, "minutes": budget.minutes},
        "seed": seed,
        "data": data.record(),
        "versions": {
            "scotopic": __version__,
            "python": platform.python_version(),
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "numpy": np.__version__,
        },
    }


def train(
    preset: str,
    data: TrainingData,
    recipe: Recipe,
    budget: Budget,
    folder: Path,
    *,
    seed: int = 0,
    start: Path | None = None,
    resume: bool = False,
    tensorboard: bool = False,
    report: Callable[[dict[str, Any]], None] = lambda entry: None,
) -> Any:
    """Train a preset; leave weights, checkpoint, record, log and curves in a folder.

    Parameters
    ----------
    preset, data, recipe, budget, seed
        What to train, on what, how, for how long, and the seed of it all.
    folder : Path
        Made if absent. A run already there is continued with `resume`, and
        refused without.
    start : Path, optional
        Folder of a finished run of this preset, whose weights are gone on
        from; its record becomes part of this run's.
    resume : bool
    tensorboard : bool
        Whether the log is written for TensorBoard too, in ``tensorboard``.
    report : callable
        Told each step's and each epoch's entry, the latter also logged.

    Returns
    -------
    network
        With the averaged weights, which are also in ``weights.npz``.
    """
    writer = event_writer() if tensorboard else None
    keras.utils.set_random_seed(seed)
    network = compiled(build_network(preset), recipe, budget.steps)
    if start is not None:
        load_start(network, start)
    folder.mkdir(parents=True, exist_ok=True)
    record = run_record(preset, recipe, budget, seed, data, start)
    progress = _start(network, folder, record, resume)
    log = Log(folder, writer)
    steps = budget.steps if budget.steps is not None else 10**9
    dataset = CropBatches(task_of(network), data, recipe, seed, steps)
    began = time.monotonic() - progress.seconds
    rows: list[dict[str, float]] = []
    for inputs, targets in batches(dataset, progress.step):
        used = budget.used(progress.step, time.monotonic() - began)
        if used >= 1:
            break
        network.optimizer.learning_rate = learning_rate(recipe, used, log.history())
        rows.append(_step(network, inputs, targets))
        progress.step += 1
        progress.seconds = time.monotonic() - began
        if not np.isfinite(rows[-1]["loss"]):
            raise ScotopicError(f"the loss is not finite at step {progress.step}")
        report({"step": progress.step, "used": used, "loss": rows[-1]["loss"]})
        if progress.step % recipe.steps_per_epoch == 0:
            began += _end_epoch(network, data, progress, log, rows, report)
            rows = []
    if rows:
        _end_epoch(network, data, progress, log, rows, report)
    log.close()
    save_checkpoint(network, progress, folder / CHECKPOINT)
    network.optimizer.finalize_variable_values(network.trainable_variables)
    save_weights(network, folder / WEIGHTS)
    return network


def _step(network: Any, inputs: Any, targets: Any) -> dict[str, float]:
    """Train on a batch; its loss, and the PSNR of what the network made of it."""
    network.reset_metrics()
    told = network.train_on_batch(inputs, targets, return_dict=True)
    (psnr,) = (value for key, value in told.items() if key.endswith("psnr"))
    return {"loss": float(told["loss"]), "psnr": float(psnr)}


def _start(network: Any, folder: Path, record: dict[str, Any], resume: bool) -> Progress:
    checkpoint, described = folder / CHECKPOINT, folder / RECORD
    record = json.loads(json.dumps(record))
    if described.exists() and not resume:
        raise ScotopicError(f"{folder}: holds a run already; continue it with --resume")
    if resume and described.exists():
        before = json.loads(described.read_text())
        changed = [key for key in record if record[key] != before.get(key)]
        if changed:
            raise ScotopicError(f"{folder}: cannot resume, changed since: {', '.join(changed)}")
    described.write_text(json.dumps(record, indent=1))
    progress = load_checkpoint(network, checkpoint) if checkpoint.exists() else Progress()
    forget_after(progress.step, folder / LOG)
    return progress


def _end_epoch(
    network: Any,
    data: TrainingData,
    progress: Progress,
    log: Log,
    rows: Sequence[dict[str, float]],
    report: Callable[[dict[str, Any]], None],
) -> float:
    """Validate, save and log; return the seconds it took, which do not count."""
    began = time.monotonic()
    with AveragedWeights(network):
        scores = {pairs.name: validate(network, pairs) for pairs in data.validation}
    entry = {
        "step": progress.step,
        "seconds": round(progress.seconds, 1),
        "loss": float(np.mean([row["loss"] for row in rows])),
        "psnr": float(np.mean([row["psnr"] for row in rows])),
        "learning_rate": float(keras.ops.convert_to_numpy(network.optimizer.learning_rate)),
        "validation": scores,
    }
    save_checkpoint(network, progress, log.folder / CHECKPOINT)
    log.add(entry)
    report(entry)
    return time.monotonic() - began

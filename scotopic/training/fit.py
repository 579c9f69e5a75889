"""The training loop: schedule, average of the weights, checkpoints, resume, log.

A step depends on the state (weights and optimizer) and on the step's number
alone, so a run that is killed and resumed goes the same way as one that is
left alone.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic import __version__
from scotopic.datasets.scenes import SCENES
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
from scotopic.training.log import Log, event_writer, forget_after
from scotopic.training.pairs import (
    PairSet,
    Scenes,
    read_image,
    read_pairs,
    split_by_order,
    split_by_scene,
    training_folder,
)
from scotopic.training.presets import Recipe, build_network
from scotopic.training.simulate import simulated_set
from scotopic.training.tasks import Batch, Task, task_of, validate
from scotopic.types import Array


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


@dataclass
class TrainingData:
    """What a run learns from and is judged on."""

    sets: list[PairSet]
    shares: list[float]
    validation: list[PairSet]

    def record(self) -> dict[str, Any]:
        """Names, sizes, shares and hashes of all sets."""
        return {
            "training": [
                {"name": s.name, "pairs": len(s), "share": share, "sha256": s.digest()}
                for s, share in zip(self.sets, self.shares, strict=True)
            ],
            "validation": [
                {"name": s.name, "names": s.names, "sha256": s.digest()} for s in self.validation
            ],
        }


def load_training_data(
    folders: Sequence[Path],
    recipe: Recipe,
    seed: int,
    *,
    hold_out: bool = True,
    exclude_siblings: bool = False,
    limit: int | None = None,
) -> TrainingData:
    """Read data sets, split them by scene, and simulate darkness.

    Parameters
    ----------
    folders : sequence of Path
        Data sets: ``our485`` or ``train`` with ``low`` and ``high`` in each,
        and ``scenes.json``.
    recipe : Recipe
    seed : int
        Of the simulation. The split has its own, fixed: it is the same in
        all runs.
    hold_out : bool
        Whether to keep scenes for validation.
    exclude_siblings : bool
        Leave out pictures whose scene is in the test set.
    limit : int, optional
        At most so many pairs a set, for trials.
    """
    training, validation = [], []
    for folder in folders:
        pairs = read_pairs(training_folder(folder), folder.name, limit)
        scenes = Scenes.read(folder)
        names: Sequence[str] = pairs.names
        if hold_out:
            names, held = (
                split_by_scene(pairs.names, scenes, recipe.held_out)
                if recipe.split == "scene"
                else split_by_order(pairs.names, recipe.held_out)
            )
            validation += [pairs.subset(held)] if held else []
        if exclude_siblings and not (folder / SCENES).exists():
            raise ScotopicError(f"{folder}: no {SCENES}; write it by: scotopic data split {folder}")
        if exclude_siblings:
            names = [name for name in names if name not in scenes.siblings_of_test]
        training.append(pairs.subset(names))
    total = sum(len(pairs) for pairs in training)
    if not total:
        raise ScotopicError(f"{folders[0]}: no pairs are left to train on")
    shares = [(1 - recipe.simulated) * len(pairs) / total for pairs in training]
    if recipe.simulated:
        references = [high for pairs in training for high in pairs.high]
        names = [f"{pairs.name}/{name}" for pairs in training for name in pairs.names]
        extra = free_photographs()
        references += extra.values()
        names += extra.keys()
        training.append(simulated_set(references, names, recipe.variants, seed))
        shares.append(recipe.simulated)
    return TrainingData(training, shares, validation)


def free_photographs() -> dict[str, Array]:
    """Colour photographs that come with scikit-image, by name."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    names = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
    return {name: read_image(folder / name) for name in names if (folder / name).exists()}


def compiled(network: Any, recipe: Recipe, steps: int | None = None) -> Any:
    """Give a network its losses and its optimizer, for a run of so many steps if known."""
    task_of(network).compile(network, recipe, steps)
    network.optimizer.build(network.trainable_variables)
    return network


class CropBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches by the number of the step; the same number gives the same batch."""

    def __init__(
        self, task: Task, data: TrainingData, recipe: Recipe, seed: int, steps: int
    ) -> None:
        super().__init__()
        self.task, self.data, self.recipe = task, data, recipe
        self.seed, self.steps = seed, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        return self.task.batch(self.data.sets, self.data.shares, self.recipe, (self.seed, step))


def batches(dataset: CropBatches, start: int) -> Iterator[Batch]:
    """Batches from a step on, the next ones made while one is used.

    With TensorFlow they come from a `tf.data.Dataset`, else from a thread.
    """
    if keras.backend.backend() == "tensorflow":
        yield from _tensorflow_batches(dataset, start)
        return
    with ThreadPoolExecutor(1) as maker:
        waiting = [maker.submit(dataset.__getitem__, start + i) for i in range(3)]
        for step in range(start, len(dataset)):
            batch = waiting.pop(0).result()
            waiting.append(maker.submit(dataset.__getitem__, step + 3))
            yield batch


def _tensorflow_batches(dataset: CropBatches, start: int) -> Iterator[Batch]:
    import tensorflow as tf

    form = dataset[start]
    arrays = len(keras.tree.flatten(form))

    def make(step: Any) -> list[Array]:
        return list(keras.tree.flatten(dataset[int(step)]))

    stream = tf.data.Dataset.range(start, len(dataset)).map(
        lambda step: tf.numpy_function(make, [step], [tf.float32] * arrays),
        num_parallel_calls=1,
        deterministic=True,
    )
    for values in stream.prefetch(3):
        flat = [value.numpy() for value in values]
        batch: Batch = keras.tree.pack_sequence_as(form, flat)
        yield batch


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

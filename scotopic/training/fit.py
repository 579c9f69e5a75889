"""The training loop: schedule, average of the weights, checkpoints, resume, log.

A step depends on the state (weights and optimizer) and on the step's number
alone, so a run that is killed and resumed goes the same way as one that is
left alone.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from scotopic import __version__, metrics
from scotopic.errors import ScotopicError
from scotopic.exposure import gain_for
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.losses import EXPOSURE_WEIGHT, ExposureLoss, PictureLoss
from scotopic.training.pairs import (
    PairSet,
    Scenes,
    draw_batch,
    read_image,
    read_pairs,
    split_by_scene,
    training_folder,
)
from scotopic.training.presets import Recipe, build_network, optimizer
from scotopic.training.simulate import simulated_set

Array = NDArray[Any]
Batch = tuple[dict[str, Array], dict[str, Array]]

CHECKPOINT = "checkpoint.npz"
WEIGHTS = "weights.npz"
RECORD = "record.json"
LOG = "log.jsonl"


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
            names, held = split_by_scene(pairs.names, scenes, recipe.held_out)
            validation.append(pairs.subset(held))
        if exclude_siblings:
            names = [name for name in names if name not in scenes.siblings_of_test]
        training.append(pairs.subset(names))
    total = sum(len(pairs) for pairs in training)
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


def compiled(network: ExposureUNet, recipe: Recipe, steps: int | None = None) -> ExposureUNet:
    """Give a network its losses and its optimizer, for a run of so many steps if known."""
    network.compile(
        optimizer=optimizer(recipe, steps),
        loss={"picture": PictureLoss(), "exposure": ExposureLoss()},
        loss_weights={"picture": 1.0, "exposure": EXPOSURE_WEIGHT},
    )
    network.optimizer.build(network.trainable_variables)
    return network


class CropBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches by the number of the step; the same number gives the same batch."""

    def __init__(self, data: TrainingData, recipe: Recipe, seed: int, steps: int) -> None:
        super().__init__()
        self.data, self.recipe, self.seed, self.steps = data, recipe, seed, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        recipe = self.recipe
        return draw_batch(
            self.data.sets,
            self.data.shares,
            recipe.batch_size,
            recipe.crop,
            recipe.augmentation,
            (self.seed, step),
        )


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

    inputs, targets = dataset[start]
    names = [(0, key) for key in inputs] + [(1, key) for key in targets]

    def make(step: Any) -> list[Array]:
        batch = dataset[int(step)]
        return [batch[part][key] for part, key in names]

    stream = tf.data.Dataset.range(start, len(dataset)).map(
        lambda step: tf.numpy_function(make, [step], [tf.float32] * len(names)),
        num_parallel_calls=1,
        deterministic=True,
    )
    for values in stream.prefetch(3):
        parts: Batch = ({}, {})
        for (part, key), value in zip(names, values, strict=True):
            parts[part][key] = value.numpy()
        yield parts


def learning_rate(recipe: Recipe, used: float) -> float:
    """Linear warm-up, then a cosine to zero, by the share of the budget used."""
    if used < recipe.warm_up:
        return recipe.learning_rate * used / recipe.warm_up
    progress = min(1.0, (used - recipe.warm_up) / (1 - recipe.warm_up))
    return float(recipe.learning_rate * (1 + np.cos(np.pi * progress)) / 2)


class AveragedWeights:
    """Within ``with``, the network has the average of its weights."""

    def __init__(self, network: ExposureUNet) -> None:
        self.network = network

    def __enter__(self) -> None:
        variables = self.network.trainable_variables
        self.own = [np.array(v) for v in map(keras.ops.convert_to_numpy, variables)]
        self.network.optimizer.finalize_variable_values(variables)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self.network.trainable_variables, self.own, strict=True):
            variable.assign(value)


def save_weights(network: ExposureUNet, path: Path) -> None:
    """Write a network's weights, named by their place in it, atomically."""
    _save_arrays(path, {v.path.split("/", 1)[1]: v for v in network.variables})


def load_weights(network: ExposureUNet, path: Path) -> ExposureUNet:
    """Read what `save_weights` wrote into a network of the same preset."""
    with np.load(path) as arrays:
        for variable in network.variables:
            variable.assign(arrays[variable.path.split("/", 1)[1]])
    return network


def load_start(network: ExposureUNet, run: Path) -> None:
    """Give a network the weights of a finished run."""
    if not (run / WEIGHTS).exists() or not (run / RECORD).exists():
        raise ScotopicError(f"{run}: no finished run to start from")
    preset = json.loads((run / RECORD).read_text())["preset"]
    if preset != network.name:
        raise ScotopicError(f"{run}: holds {preset}, not {network.name}")
    load_weights(network, run / WEIGHTS)


def _save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, **{k: keras.ops.convert_to_numpy(v) for k, v in arrays.items()})
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _state(network: ExposureUNet) -> dict[str, Any]:
    variables = [*network.trainable_variables, *network.optimizer.variables]
    return {f"variable{index:04d}": variable for index, variable in enumerate(variables)}


@dataclass
class Progress:
    """Where a run is."""

    step: int = 0
    seconds: float = 0.0


def save_checkpoint(network: ExposureUNet, progress: Progress, path: Path) -> None:
    """Write weights, optimizer and place in the run, atomically."""
    place = {"step": np.array(progress.step), "seconds": np.array(progress.seconds)}
    _save_arrays(path, {**_state(network), **place})


def load_checkpoint(network: ExposureUNet, path: Path) -> Progress:
    """Read what `save_checkpoint` wrote into a compiled network."""
    with np.load(path) as arrays:
        for name, variable in _state(network).items():
            variable.assign(arrays[name])
        return Progress(int(arrays["step"]), float(arrays["seconds"]))


def enhance_pair(network: ExposureUNet, low: Array, thumb: Array, exposure: float | None) -> Any:
    """Enhance a whole 8-bit picture in Keras, at a given or predicted exposure.

    Returns
    -------
    picture : array, (height, width, 3), uint8
    predicted : float
    """
    last = network.data_format == "channels_last"
    to_input = (lambda x: x) if last else (lambda x: np.moveaxis(x, -1, 1))
    level, context = network.global_branch(to_input(thumb[None]))
    predicted = float(keras.ops.convert_to_numpy(level)[0, 0])
    gain = gain_for(thumb, predicted if exposure is None else exposure)
    multiple = network.local_branch.size_multiple
    height, width = low.shape[:2]
    padding = [(0, -height % multiple), (0, -width % multiple), (0, 0)]
    padded = np.pad(low, padding, "edge").astype(np.float32) / np.float32(255)
    result = network.local_branch(to_input(padded[None]), np.array([[gain]], np.float32), context)
    picture = keras.ops.convert_to_numpy(result)[0]
    picture = (picture if last else np.moveaxis(picture, 0, -1))[:height, :width]
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8), predicted


def no_gradient() -> Any:
    """Context in which the backend keeps nothing for a backward pass."""
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()
    import contextlib

    return contextlib.nullcontext()


def validate(network: ExposureUNet, pairs: PairSet) -> dict[str, float]:
    """Mean scores on a set: automatic exposure, and the reference's fed in."""
    rows = []
    with no_gradient():
        for low, high, thumb, exposure in zip(
            pairs.low, pairs.high, pairs.thumbnails, pairs.exposures, strict=True
        ):
            automatic, predicted = enhance_pair(network, low, thumb, None)
            fed, _ = enhance_pair(network, low, thumb, exposure)
            rows.append(
                {
                    "psnr": metrics.psnr(automatic, high),
                    "ssim": metrics.ssim(automatic, high),
                    "gt_mean_psnr": metrics.gt_mean_psnr(automatic, high),
                    "fed_psnr": metrics.psnr(fed, high),
                    "exposure_error": abs(float(np.log(predicted / exposure))),
                }
            )
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


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
    report: Callable[[dict[str, Any]], None] = lambda entry: None,
) -> ExposureUNet:
    """Train a preset and leave weights, checkpoint, record and log in a folder.

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
    report : callable
        Told each step's and each epoch's entry, the latter also logged.

    Returns
    -------
    ExposureUNet
        With the averaged weights, which are also in ``weights.npz``.
    """
    keras.utils.set_random_seed(seed)
    network = build_network(preset)
    if not isinstance(network, ExposureUNet):
        raise ScotopicError(f"{preset}: this command trains networks of ExposureUNet alone so far")
    compiled(network, recipe, budget.steps)
    if start is not None:
        load_start(network, start)
    folder.mkdir(parents=True, exist_ok=True)
    record = run_record(preset, recipe, budget, seed, data, start)
    progress = _start(network, folder, record, resume)
    steps = budget.steps if budget.steps is not None else 10**9
    began = time.monotonic() - progress.seconds
    losses: list[float] = []
    for inputs, targets in batches(CropBatches(data, recipe, seed, steps), progress.step):
        used = budget.used(progress.step, time.monotonic() - began)
        if used >= 1:
            break
        network.optimizer.learning_rate = learning_rate(recipe, used)
        loss = network.train_on_batch(inputs, targets, return_dict=True)
        progress.step += 1
        progress.seconds = time.monotonic() - began
        losses.append(float(loss["loss"]))
        if not np.isfinite(losses[-1]):
            raise ScotopicError(f"the loss is not finite at step {progress.step}")
        report({"step": progress.step, "used": used, "loss": losses[-1]})
        network.reset_metrics()
        if progress.step % recipe.steps_per_epoch == 0:
            began += _end_epoch(network, data, progress, folder, losses, report)
            losses = []
    save_checkpoint(network, progress, folder / CHECKPOINT)
    network.optimizer.finalize_variable_values(network.trainable_variables)
    save_weights(network, folder / WEIGHTS)
    return network


def _start(network: ExposureUNet, folder: Path, record: dict[str, Any], resume: bool) -> Progress:
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
    _forget_log_after(progress.step, folder / LOG)
    return progress


def _forget_log_after(step: int, log: Path) -> None:
    """Drop entries of steps that a killed run did and that will be done again."""
    if log.exists():
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))


def _end_epoch(
    network: ExposureUNet,
    data: TrainingData,
    progress: Progress,
    folder: Path,
    losses: Sequence[float],
    report: Callable[[dict[str, Any]], None],
) -> float:
    """Validate, log and save; return the seconds it took, which do not count."""
    began = time.monotonic()
    with AveragedWeights(network):
        scores = {pairs.name: validate(network, pairs) for pairs in data.validation}
    entry = {
        "step": progress.step,
        "seconds": round(progress.seconds, 1),
        "loss": float(np.mean(losses)),
        "validation": scores,
    }
    with (folder / LOG).open("a") as log:
        log.write(json.dumps(entry) + "\n")
    save_checkpoint(network, progress, folder / CHECKPOINT)
    report(entry)
    return time.monotonic() - began

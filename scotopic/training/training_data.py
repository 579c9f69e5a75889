"""What a run learns from and is judged on, and its batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from scotopic.datasets.scenes import SCENES
from scotopic.errors import ScotopicError
from scotopic.training.pairs import (
    PairSet,
    Scenes,
    read_image,
    read_pairs,
    split_by_order,
    split_by_scene,
    training_folder,
)
from scotopic.training.presets import Recipe
from scotopic.training.simulate import simulated_set
from scotopic.training.tasks import Batch, Task
from scotopic.types import Array


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

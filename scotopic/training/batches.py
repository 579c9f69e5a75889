"""Batches of a run, by the number of the step, made while the one before is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import keras

from scotopic.training.layers import Tensor
from scotopic.training.presets import Recipe
from scotopic.training.tasks import Batch, Task, in_format
from scotopic.training.training_data import TrainingData
from scotopic.types import Array

Made = TypeVar("Made")
_AHEAD = 3
"""Batches that are prepared in advance."""


class CropBatches(keras.utils.PyDataset):
    """The batches of a run; the same step, seed and data give the same batch.

    Parameters
    ----------
    task : Task
        Says what a batch is.
    data : TrainingData
    recipe : Recipe
    seed : int
    steps : int
        Number of batches.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        task: Task,
        data: TrainingData,
        recipe: Recipe,
        seed: int,
        steps: int,
        data_format: str = "channels_last",
    ) -> None:
        super().__init__()
        self.task, self.data, self.recipe = task, data, recipe
        self.seed, self.steps, self.data_format = seed, steps, data_format

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        batch = self.task.batch(self.data.sets, self.data.shares, self.recipe, (self.seed, step))
        turned: Batch = keras.tree.map_structure(
            lambda array: in_format(array, self.data_format), batch
        )
        return turned


def batches(dataset: CropBatches, start: int) -> Iterator[Batch]:
    """Give the batches from a step on.

    They come from a `tf.data.Dataset` with TensorFlow, from a thread otherwise.
    """
    if keras.backend.backend() == "tensorflow":
        yield from _tensorflow_batches(dataset, start)
        return
    yield from made_ahead(dataset.__getitem__, start, len(dataset), _AHEAD)


def made_ahead(make: Callable[[int], Made], start: int, stop: int, ahead: int) -> Iterator[Made]:
    """Give what a function makes for each number of a range, made in a thread.

    So many of them are made in advance.
    """
    with ThreadPoolExecutor(1) as maker:
        waiting = [maker.submit(make, start + i) for i in range(ahead)]
        for number in range(start, stop):
            made = waiting.pop(0).result()
            waiting.append(maker.submit(make, number + ahead))
            yield made


def _tensorflow_batches(dataset: CropBatches, start: int) -> Iterator[Batch]:
    import tensorflow as tf

    form = dataset[start]
    arrays = len(keras.tree.flatten(form))

    def make(step: Tensor) -> list[Array]:
        return list(keras.tree.flatten(dataset[int(step)]))

    stream = tf.data.Dataset.range(start, len(dataset)).map(
        lambda step: tf.numpy_function(make, [step], [tf.float32] * arrays),
        num_parallel_calls=1,
        deterministic=True,
    )
    for values in stream.prefetch(_AHEAD):
        flat = [value.numpy() for value in values]
        batch: Batch = keras.tree.pack_sequence_as(form, flat)
        yield batch

"""What trains a network, step by step: Keras, or steps recorded on a graphics processor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import keras

from scotopic.training.batches import CropBatches, batches
from scotopic.training.light_unet import LightUNet
from scotopic.training.mirnet import MIRNet
from scotopic.training.optimizers import ConvolutionMuon
from scotopic.training.presets import Recipe, on_graphics_processor
from scotopic.training.tasks import Batch, task_of
from scotopic.training.training_data import TrainingData


class Steps(Protocol):
    """Trains a network on batches."""

    def batches(self, start: int, stop: int) -> Iterator[Any]:
        """Give the batches of some steps; each depends on the number of its step alone."""

    def __call__(self, batch: Any) -> dict[str, float]:
        """Train on a batch; return its loss, and the metric of the network's task."""


def steps_of(network: keras.Model, data: TrainingData, recipe: Recipe, seed: int) -> Steps:
    """Choose what trains a network fastest, of what can train it.

    Parameters
    ----------
    network : keras.Model
        Compiled; its optimizer is built.
    data : TrainingData
    recipe : Recipe
    seed : int
        Of all samples.
    """
    recordable = isinstance(network, (LightUNet, MIRNet)) and not recipe.mixup
    if not (
        recordable and isinstance(network.optimizer, ConvolutionMuon) and on_graphics_processor()
    ):
        return KerasSteps(network, data, recipe, seed)
    from scotopic.training.device_samples import DevicePictures, DeviceSamples
    from scotopic.training.recorded_steps import RecordedSteps

    kind = DevicePictures if isinstance(network, MIRNet) else DeviceSamples
    samples = kind(data.sets, data.shares, recipe, seed, "cuda", network.data_format)
    return RecordedSteps(network, samples)


class KerasSteps:
    """Train any network, with any backend; parameters are those of `steps_of`."""

    def __init__(self, network: keras.Model, data: TrainingData, recipe: Recipe, seed: int) -> None:
        self.network, self.data, self.recipe, self.seed = network, data, recipe, seed

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Give the batches of some steps, made while the one before is used."""
        task, form = task_of(self.network), self.network.data_format
        yield from batches(CropBatches(task, self.data, self.recipe, self.seed, stop, form), start)

    def __call__(self, batch: Batch) -> dict[str, float]:
        """Train on a batch by Keras's own step."""
        self.network.reset_metrics()
        values = self.network.train_on_batch(*batch, return_dict=True)
        return {key: float(value) for key, value in values.items()}

"""Time of a training step, by each way of taking it that this machine has.

    python benchmarks/training_step.py [--preset standard] [--recipe default] [--steps 10]

It needs torch as the backend of Keras. Samples are of random pictures. `keras` is Keras's own step,
`keras, one by one` the same with Keras's own loop over the variables in place of the update of all at
once; with a graphics processor that runs CUDA, `device` starts the operations of a step there one by
one, and `recorded` as one CUDA graph. Each is the median of the steps after four to warm up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

from scotopic.training.device_samples import DeviceSamples
from scotopic.training.loop import compiled
from scotopic.training.optimizers import ConvolutionMuon
from scotopic.training.pairs import PairSet
from scotopic.training.presets import (
    Recipe,
    build_network,
    fast_format,
    find_recipe,
    on_graphics_processor,
)
from scotopic.training.recorded_steps import RecordedSteps
from scotopic.training.steps import KerasSteps, Steps
from scotopic.training.training_data import TrainingData

WARM_UP = 4
SIDE = 256


class OneByOne(ConvolutionMuon):
    """The same update, one variable after the other."""

    _backend_apply_gradients = keras.optimizers.Muon._backend_apply_gradients


def data() -> TrainingData:
    """Pairs of random pictures."""
    high = list(np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 3), dtype=np.uint8))
    pairs = PairSet("random", [str(i) for i in range(8)], [x // 8 for x in high], high)
    return TrainingData([pairs], [1.0], [])


def ways(preset: str, recipe: Recipe) -> Iterator[tuple[str, Steps]]:
    """The name of each way, and its steps for a fresh network."""

    def network() -> keras.Model:
        keras.utils.set_random_seed(0)
        return compiled(build_network(preset, fast_format(preset)), recipe, 1000)

    drawn, fresh = data(), network()
    fresh.optimizer = OneByOne.from_config(fresh.optimizer.get_config())
    fresh.optimizer.build(fresh.trainable_variables)
    yield "keras, one by one", KerasSteps(fresh, drawn, recipe, 0)
    yield "keras", KerasSteps(network(), drawn, recipe, 0)
    if on_graphics_processor():
        for name, record in (("device", False), ("recorded", True)):
            made = network()
            samples = DeviceSamples(drawn.sets, [1.0], recipe, 0, "cuda", made.data_format)
            yield name, RecordedSteps(made, samples, record=record)


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="standard", help="a preset with a local network")
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    recipe = find_recipe(options.recipe, options.preset)
    print(f"{options.preset}, {recipe.batch_size} crops of {recipe.crop}x{recipe.crop}")
    for name, steps in ways(options.preset, recipe):
        seconds = []
        for batch in steps.batches(0, WARM_UP + options.steps):
            began = time.perf_counter()
            steps(batch)
            seconds.append(time.perf_counter() - began)
        print(f"{name:18} {1000 * statistics.median(seconds[WARM_UP:]):8.1f} ms", flush=True)


if __name__ == "__main__":
    main()

"""Print what one backend computes, as JSON: run by test_loop.py for each.

Usage: KERAS_BACKEND=jax python tests/training/backend_numbers.py DATA_FOLDER
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from scotopic.training import batches, loop, pairs, presets, tasks, training_data
from scotopic.training.mirnet import Design, MIRNet


def set_weights(network):
    rng = np.random.default_rng(5)
    for weight in network.trainable_variables:
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        weight.assign(rng.normal(0, 0.5 * fan_in**-0.5, weight.shape))


def on_its_task(network, preset, data, steps):
    """Losses, metrics and the first batch of a few steps on the task of a network."""
    recipe = presets.find_recipe("smoke", preset)
    loop.compiled(network, recipe).optimizer.learning_rate = 1e-3
    form = network.data_format
    dataset = batches.CropBatches(tasks.task_of(network), data, recipe, 7, steps, form)
    drawn = list(batches.batches(dataset, 0))
    values = [network.train_on_batch(*batch, return_dict=True) for batch in drawn]
    return [float(value) for row in values for value in row.values()], drawn[0]


def applied(network, inputs):
    with tasks.no_gradient():
        return keras.ops.convert_to_numpy(network(inputs))


def main(folder):
    made = pairs.read_pairs(folder / "our485", "made")
    data = training_data.TrainingData([made], [1.0], [])
    rng = np.random.default_rng(6)
    thumbnail = rng.random((1, 64, 64, 3), dtype=np.float32)
    exposed = rng.random((1, 32, 48, 4), dtype=np.float32)
    picture = rng.random((1, 21, 30, 3), dtype=np.float32)
    numbers = {}
    for preset, inputs in (
        ("tiny", {"exposed": exposed, "thumbnail": thumbnail}),
        ("gain", thumbnail),
    ):
        network = presets.build_network(preset)
        set_weights(network)
        numbers[preset] = applied(network, inputs)[0, ::4, ::4].ravel().tolist()
        numbers[f"{preset}_learned"], batch = on_its_task(network, preset, data, 3)
        numbers[f"{preset}_batch"] = [float(np.mean(x)) for x in keras.tree.flatten(batch)]
    mirnet = MIRNet(Design(channels=8, groups=1, blocks=1))
    set_weights(mirnet)
    numbers["mirnet"] = applied(mirnet, picture)[0, ::4, ::4].ravel().tolist()
    numbers["mirnet_learned"], _ = on_its_task(mirnet, "mirnet_small", data, 2)
    print(json.dumps(numbers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

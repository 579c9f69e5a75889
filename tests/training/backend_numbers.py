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


def main(folder):
    recipe = presets.find_recipe("smoke")
    made = pairs.read_pairs(folder / "our485", "made")
    data = training_data.TrainingData([made], [1.0], [])
    network = loop.compiled(presets.build_network("exposure_unet_tiny"), recipe)
    set_weights(network)
    dataset = batches.CropBatches(tasks.task_of(network), data, recipe, 7, 3)
    network.optimizer.learning_rate = 1e-3
    drawn = list(batches.batches(dataset, 0))
    result = network(drawn[0][0])
    pictures = keras.ops.convert_to_numpy(result["picture"])
    mirnet = MIRNet(Design(channels=8, groups=1, blocks=1))
    set_weights(mirnet)
    picture = np.random.default_rng(6).random((1, 21, 30, 3), dtype=np.float32)
    corrected = keras.ops.convert_to_numpy(mirnet(picture))
    small = presets.find_recipe("smoke", "mirnet_small")
    loop.compiled(mirnet, small).optimizer.learning_rate = 1e-3
    pairwise = batches.CropBatches(tasks.task_of(mirnet), data, small, 7, 2)
    learned = [
        mirnet.train_on_batch(*batch, return_dict=True)["loss"]
        for batch in batches.batches(pairwise, 0)
    ]
    steps = [network.train_on_batch(*batch, return_dict=True)["loss"] for batch in drawn]
    print(
        json.dumps(
            {
                "picture": pictures[0, ::16, ::16].ravel().tolist(),
                "exposure": keras.ops.convert_to_numpy(result["exposure"]).ravel().tolist(),
                "mirnet": corrected[0, ::4, ::4].ravel().tolist(),
                "mirnet_losses": [float(loss) for loss in learned],
                "batch": float(drawn[1][0]["picture"].mean()),
                "losses": [float(loss) for loss in steps],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What the tests of several networks need."""

import keras
import numpy as np

from scotopic.training.tasks import in_format, no_gradient

FORMATS = ("channels_last", "channels_first")


def random_weights(network, seed=0):
    """Give a network weights that keep what goes through it at about its size."""
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        weight.assign(rng.normal(0, fan_in**-0.5, weight.shape))
    return network


def applied(network, inputs):
    """The result for inputs with channels last, as an array with channels last."""
    given = keras.tree.map_structure(
        lambda array: keras.ops.convert_to_tensor(in_format(array, network.data_format)), inputs
    )
    with no_gradient():
        result = keras.ops.convert_to_numpy(network(given))
    return result if network.data_format == "channels_last" else np.moveaxis(result, 1, -1)

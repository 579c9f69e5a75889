"""An exported file in OpenVINO, another runtime, beside ONNX Runtime."""

import numpy as np
import onnx

from scotopic.networks import openvino_runtime
from scotopic.networks.loading import load
from scotopic.pixels import interpolation

openvino = openvino_runtime.openvino()


def inputs_of(path):
    """Names and shapes of a file's inputs as OpenVINO reads them; -1 for a free size."""
    model = openvino.Core().read_model(path)
    return {
        value.get_any_name(): [size.get_length() if size.is_static else -1 for size in shape]
        for value in model.inputs
        for shape in [value.get_partial_shape()]
    }


def expected_inputs(path):
    """The inputs that a file must have, by its spec."""
    spec, free = load(str(path)).spec, [1, 3, -1, -1]
    if not spec.predicts_exposure:
        return {"picture": free}
    side, size = spec.thumbnail_size, spec.context_size
    return {
        "thumbnail": [-1, 3, side, side],
        "picture": free,
        **dict.fromkeys(("slope", "offset", "rows", "columns"), [-1, -1]),
        "context": [1, size],
    }


def difference(path, rows, columns):
    """Largest difference between the runtimes, of values in 0..1, for a random dark picture.

    Sides are given in units of the network's multiple.
    """
    network, rng = load(str(path)), np.random.default_rng(0)
    multiple = network.spec.size_multiple
    tile = rng.random((1, 3, rows * multiple, columns * multiple), dtype=np.float32) / 4
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(path),
        "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1},
    )
    if not network.spec.predicts_exposure:
        return np.abs(compiled({"picture": tile})["enhanced"] - network.enhance(tile)).max()
    side = network.spec.thumbnail_size
    thumbs = rng.random((3, side, side, 3), dtype=np.float32) / 4
    log_gains, context = network.glance(thumbs)
    height, width = tile.shape[2:]
    gains = {
        "slope": rng.uniform(-0.3, 0.3, (5, 7)).astype(np.float32),
        "offset": rng.uniform(0, 2, (5, 7)).astype(np.float32),
        "rows": interpolation.weights(5, slice(0, height), height / 5),
        "columns": interpolation.weights(7, slice(0, width), width / 7),
    }
    given = compiled(
        {
            "thumbnail": np.moveaxis(thumbs, -1, 1),
            "picture": tile,
            **gains,
            "context": context,
        }
    )
    enhanced, exposed = network.correct(tile, gains, context, ("enhanced", "exposed"))
    return max(
        np.abs(given["enhanced"] - enhanced).max(),
        np.abs(given["exposed"] - exposed).max(),
        np.abs(given["log_gain"][:, 0] - log_gains).max(),
        np.abs(given["seen"] - context).max(),
    )


def initializers_named_as_inputs(path):
    """Inputs that have a default value, which other runtimes take for constants."""
    graph = onnx.load(str(path)).graph
    return {item.name for item in graph.initializer} & {value.name for value in graph.input}

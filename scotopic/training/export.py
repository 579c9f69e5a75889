"""A trained network to one ONNX file with a ModelSpec, parity proved.

Both branches are in one graph. Every input has a default value of the
smallest size, so that either branch is run by feeding its inputs alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from scotopic import __version__
from scotopic.errors import ScotopicError
from scotopic.session import ModelSpec, Session
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.fit import RECORD, WEIGHTS, load_weights, no_gradient
from scotopic.training.presets import build_network

Array = NDArray[Any]

OPSET = 20
PARITY = 1e-4
PARITY_SIZES = ((16, 16), (64, 48), (240, 416), (16, 528))


def export_run(run: Path, target: Path, licence: str = "MIT") -> ModelSpec:
    """Export the averaged weights of a training run.

    Parameters
    ----------
    run : Path
        A folder that `scotopic.training.fit.train` left.
    target : Path
        The ``.onnx`` file to write; put there only when parity holds.
    licence : str
        Of the weights.

    Raises
    ------
    ScotopicError
        Without such a run, with another backend than torch, and when the
        exported graph differs from the network by more than 1e-4.
    """
    if not (run / RECORD).is_file() or not (run / WEIGHTS).is_file():
        raise ScotopicError(f"{run}: holds no finished run ({RECORD} and {WEIGHTS})")
    if keras.backend.backend() != "torch":
        raise ScotopicError("export needs KERAS_BACKEND=torch")
    record_text = (run / RECORD).read_text()
    record = json.loads(record_text)
    network = load_weights(build_network(record["preset"], "channels_first"), run / WEIGHTS)
    sets = record["data"]["training"]
    spec = ModelSpec(
        name=record["preset"],
        version=__version__,
        size_multiple=network.local_branch.size_multiple,
        receptive_radius=network.local_branch.receptive_radius(),
        thumbnail_size=64,
        context_size=network.settings["context_size"],
        bytes_per_pixel=working_bytes_per_pixel(network),
        training_data=", ".join(f"{s['name']} ({s['pairs']} pairs)" for s in sets),
        licence=licence,
        recipe_sha256=hashlib.sha256(record_text.encode()).hexdigest(),
    )
    export(network, spec, target)
    return spec


def working_bytes_per_pixel(network: ExposureUNet) -> int:
    """Estimate the local branch's peak memory for each pixel of a tile.

    At the upper level the picture, the exposed one, both unshuffled, and six
    maps of the first width at half size, all float32.
    """
    pictures = 4 * 3 * 4
    maps = 6 * network.settings["local_widths"][0] / 4
    return int(4 * (pictures + maps))


def export(network: ExposureUNet, spec: ModelSpec, target: Path) -> None:
    """Write a network (channels first, torch backend) as ONNX; prove parity."""
    import onnx

    model = _trace(network)
    _shuffles_as_operators(model)
    _optional_inputs(model, spec)
    onnx.helper.set_model_props(model, spec.metadata())
    onnx.checker.check_model(model, full_check=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        onnx.save(model, temporary)
        check_parity(network, Session(str(temporary)))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _trace(network: ExposureUNet) -> Any:
    import onnx
    import torch

    class Branches(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, thumbnail: Any, picture: Any, gain: Any, context: Any) -> Any:
            exposure, seen = self.network.global_branch(thumbnail)
            return exposure, seen, self.network.local_branch(picture, gain, context)

    multiple = network.local_branch.size_multiple
    rows, columns = (torch.export.Dim(name, min=1, max=4096) for name in ("rows", "columns"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch, about itself
        program = torch.onnx.export(
            Branches().eval(),
            (
                torch.rand(1, 3, 64, 64),
                torch.rand(1, 3, 4 * multiple, 6 * multiple),
                torch.full((1, 1), 3.0),
                torch.rand(1, network.settings["context_size"]),
            ),
            dynamo=True,
            dynamic_shapes={
                "thumbnail": None,
                "picture": {2: multiple * rows, 3: multiple * columns},
                "gain": None,
                "context": None,
            },
            input_names=["thumbnail", "picture", "gain", "context"],
            output_names=["exposure", "seen", "enhanced"],
            opset_version=OPSET,
            verbose=False,
        )
    buffer = io.BytesIO()
    program.save(buffer)
    return onnx.load_from_string(buffer.getvalue())


def _shuffles_as_operators(model: Any) -> None:
    """Replace reshape, transpose, reshape by the operator that they stand for."""
    import onnx

    kinds = {(0, 3, 4, 1, 5, 2): "DepthToSpace", (0, 3, 5, 1, 2, 4): "SpaceToDepth"}
    nodes = model.graph.node
    makers = {output: node for node in nodes for output in node.output}
    users = {name: node for node in nodes for name in node.input}
    for node in nodes:
        if node.op_type != "Transpose":
            continue
        kind = kinds.get(tuple(node.attribute[0].ints))
        if kind is None:
            continue
        source, result = makers[node.input[0]].input[0], users[node.output[0]].output[0]
        users[node.output[0]].output[0] = result + "_unused"
        node.CopyFrom(onnx.helper.make_node(kind, [source], [result], blocksize=2))
    _drop_unused(model)


def _drop_unused(model: Any) -> None:
    graph = model.graph
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.intersection(node.output):
            needed.update(node.input)
        else:
            graph.node.remove(node)
    for kept in (graph.initializer, graph.value_info):
        for item in list(kept):
            if item.name not in needed or kept is graph.value_info:
                kept.remove(item)


def _optional_inputs(model: Any, spec: ModelSpec) -> None:
    import onnx

    side = spec.size_multiple
    defaults = {
        "thumbnail": np.zeros((1, 3, spec.thumbnail_size, spec.thumbnail_size)),
        "picture": np.zeros((1, 3, side, side)),
        "gain": np.ones((1, 1)),
        "context": np.zeros((1, spec.context_size)),
    }
    for name, value in defaults.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(value.astype(np.float32), name))
    for info in model.graph.input:
        del info.metadata_props[:]


def check_parity(network: ExposureUNet, session: Session) -> float:
    """Compare an exported graph with its network at sizes that were not traced.

    Returns
    -------
    float
        The largest difference; above 1e-4 it is a `ScotopicError`.
    """
    rng = np.random.default_rng(0)
    worst = 0.0
    thumb = rng.random((64, 64, 3), dtype=np.float32)
    with no_gradient():
        level, context = network.global_branch(np.moveaxis(thumb, -1, 0)[None])
        exposure, seen = session.glance(thumb)
        worst = max(
            abs(exposure - float(keras.ops.convert_to_numpy(level)[0, 0])),
            float(np.abs(seen - keras.ops.convert_to_numpy(context)).max()),
        )
        for height, width in PARITY_SIZES:
            tile = rng.random((1, 3, height, width), dtype=np.float32)
            result = network.local_branch(tile, np.array([[5.0]], np.float32), context)
            difference = session.correct(tile, 5.0, seen) - keras.ops.convert_to_numpy(result)
            worst = max(worst, float(np.abs(difference).max()))
    if worst > PARITY:
        raise ScotopicError(f"the exported graph differs from the network by {worst:.2e}")
    return worst

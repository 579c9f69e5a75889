"""A trained network to one ONNX file with a ModelSpec, parity proved.

Both branches of `ExposureUNet` are in one graph. Every input has a default
value of the smallest size, so that either branch is run by feeding its inputs
alone. `MIRNet` is a graph from picture to picture.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic import __version__
from scotopic.errors import ScotopicError
from scotopic.networks.session import Session
from scotopic.networks.spec import ModelSpec
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training import onnx_graph
from scotopic.training.checkpoints import RECORD, WEIGHTS, finished_run, load_weights
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.mirnet import MIRNet
from scotopic.training.presets import build_network
from scotopic.training.tasks import no_gradient
from scotopic.types import Array

OPSET = 20
PARITY = 1e-4
PARITY_SIZES = ((16, 16), (64, 48), (240, 416), (16, 528), (256, 256))


def export_run(run: Path, target: Path, name: str | None = None, licence: str = "MIT") -> ModelSpec:
    """Export the averaged weights of a training run.

    Parameters
    ----------
    run : Path
        A folder that `scotopic.training.loop.train` left.
    target : Path
        The ``.onnx`` file to write; put there only when parity holds.
    name : str, optional
        Of the model; by default the preset's.
    licence : str
        Of the weights.

    Raises
    ------
    ScotopicError
        Without such a run, with another backend than torch, and when the
        exported graph differs from the network by more than 1e-4.
    """
    record = finished_run(run)
    if keras.backend.backend() != "torch":
        raise ScotopicError("export needs KERAS_BACKEND=torch")
    network = load_weights(build_network(record["preset"], "channels_first"), run / WEIGHTS)
    sets = record["data"]["training"]
    spec = ModelSpec(
        name=name or record["preset"],
        version=__version__,
        bytes_per_pixel=working_bytes_per_pixel(network),
        training_data=", ".join(f"{s['name']} ({s['pairs']} pairs)" for s in sets),
        licence=licence,
        recipe_sha256=hashlib.sha256((run / RECORD).read_bytes()).hexdigest(),
        **_ways(network),
    )
    export(network, spec, target)
    return spec


def _ways(network: ExposureUNet | MIRNet) -> dict[str, Any]:
    """What the ModelSpec says of how a network is run."""
    if isinstance(network, MIRNet):
        return {
            "size_multiple": network.size_multiple,
            "receptive_radius": None,
            "thumbnail_size": None,
            "context_size": None,
            "curve": "none",
        }
    return {
        "size_multiple": network.local_branch.size_multiple,
        "receptive_radius": network.local_branch.receptive_radius(),
        "thumbnail_size": THUMBNAIL_SIZE,
        "context_size": network.settings["context_size"],
    }


def working_bytes_per_pixel(network: ExposureUNet | MIRNet) -> int:
    """Estimate the peak memory for each pixel of a tile, all float32.

    For `ExposureUNet` at the upper level: the picture, the exposed one, both
    unshuffled, and six maps of the first width at half size. For `MIRNet`:
    the picture thrice, and nine maps of each stream.
    """
    if isinstance(network, MIRNet):
        settings = network.settings
        streams = sum(1 / 2**stream for stream in range(settings["streams"]))
        maps = 9 * settings["channels"] * streams / settings["stem"] ** 2
        return int(4 * (9 + maps))
    pictures = 4 * 3 * 4
    maps = 6 * network.settings["local_widths"][0] / 4
    return int(4 * (pictures + maps))


def export(network: ExposureUNet | MIRNet, spec: ModelSpec, target: Path) -> None:
    """Write a network (channels first, torch backend) as ONNX; prove parity."""
    import onnx

    if isinstance(network, MIRNet):
        model = _trace_mirnet(network)
        onnx_graph.simplify(model, network.settings["stem"])
    else:
        model = _trace_branches(network)
        onnx_graph.simplify(model, 2)
        _optional_inputs(model, spec)
    for info in model.graph.input:
        del info.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
    onnx.helper.set_model_props(model, spec.metadata())
    onnx.checker.check_model(model, full_check=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        onnx.save(model, temporary)
        check_parity(network, Session(str(temporary)))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _trace_mirnet(network: MIRNet) -> Any:
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, picture: Any) -> Any:
            return self.network(picture)

    multiple = network.size_multiple
    return _traced(
        Whole(),
        {"picture": torch.rand(1, 3, 4 * multiple, 6 * multiple)},
        {"picture": _sides(multiple)},
        ["enhanced"],
    )


def _trace_branches(network: ExposureUNet) -> Any:
    import torch

    class Branches(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, thumbnail: Any, picture: Any, gain: Any, context: Any) -> Any:
            exposure, seen = self.network.global_branch(thumbnail)
            return exposure, seen, self.network.local_branch(picture, gain, context)

    multiple = network.local_branch.size_multiple
    return _traced(
        Branches(),
        {
            "thumbnail": torch.rand(1, 3, THUMBNAIL_SIZE, THUMBNAIL_SIZE),
            "picture": torch.rand(1, 3, 4 * multiple, 6 * multiple),
            "gain": torch.full((1, 1), 3.0),
            "context": torch.rand(1, network.settings["context_size"]),
        },
        {"thumbnail": None, "picture": _sides(multiple), "gain": None, "context": None},
        ["exposure", "seen", "enhanced"],
    )


def _sides(multiple: int) -> dict[int, Any]:
    import torch

    rows, columns = (torch.export.Dim(name, min=1, max=4096) for name in ("rows", "columns"))
    return {2: multiple * rows, 3: multiple * columns}


def _traced(module: Any, inputs: dict[str, Any], shapes: dict[str, Any], outputs: list[str]) -> Any:
    import onnx
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch, about itself
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            verbose=False,
        )
    buffer = io.BytesIO()
    program.save(buffer)
    return onnx.load_from_string(buffer.getvalue())


def _optional_inputs(model: Any, spec: ModelSpec) -> None:
    import onnx

    side, small = spec.size_multiple, spec.thumbnail_size
    defaults = {
        "thumbnail": np.zeros((1, 3, small, small)),
        "picture": np.zeros((1, 3, side, side)),
        "gain": np.ones((1, 1)),
        "context": np.zeros((1, spec.context_size)),
    }
    for name, value in defaults.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(value.astype(np.float32), name))


def check_parity(network: ExposureUNet | MIRNet, session: Session) -> float:
    """Compare an exported graph with its network at sizes that were not traced.

    Returns
    -------
    float
        The largest difference; above 1e-4 it is a `ScotopicError`.
    """
    rng = np.random.default_rng(0)
    tiles = [rng.random((1, 3, *size), dtype=np.float32) for size in PARITY_SIZES]
    with no_gradient():
        compare = _mirnet_differences if isinstance(network, MIRNet) else _branch_differences
        worst = max(compare(network, session, tiles))
    if worst > PARITY:
        raise ScotopicError(f"the exported graph differs from the network by {worst:.2e}")
    return worst


def _mirnet_differences(network: Any, session: Session, tiles: list[Array]) -> list[float]:
    return [_apart(session.enhance(tile), network(tile)) for tile in tiles]


def _branch_differences(network: Any, session: Session, tiles: list[Array]) -> list[float]:
    thumb = np.random.default_rng(1).random((THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3), dtype=np.float32)
    level, context = network.global_branch(np.moveaxis(thumb, -1, 0)[None])
    exposure, seen = session.glance(thumb)
    found = [_apart(np.array([[exposure]]), level), _apart(seen, context)]
    gain = np.array([[5.0]], np.float32)
    for tile in tiles:
        result = network.local_branch(tile, gain, context)
        found.append(_apart(session.correct(tile, 5.0, seen), result))
    return found


def _apart(given: Array, wanted: Any) -> float:
    return float(np.abs(given - keras.ops.convert_to_numpy(wanted)).max())

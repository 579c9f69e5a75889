"""Export a trained network as one ONNX file with a ModelSpec, after a check of its results.

`ExposureUNet` becomes a graph of both branches: the outputs ``exposure`` and
``seen`` (the context) depend on the input ``thumbnail`` alone, and ``enhanced``
on ``picture``, ``gain`` and ``context``. `MIRNet` becomes a graph from
``picture`` to ``enhanced``.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from scotopic.errors import InvalidValueError, ScotopicError
from scotopic.networks.exposing import ExposingNetwork
from scotopic.networks.loading import load
from scotopic.networks.spec import NO_CURVE, ModelSpec
from scotopic.networks.whole import WholeNetwork
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.storage import write_atomically
from scotopic.training import onnx_graph
from scotopic.training.checkpoints import RECORD, WEIGHTS, finished_run, load_weights
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.layers import Config, Tensor
from scotopic.training.mirnet import MIRNet
from scotopic.training.presets import build_network
from scotopic.training.tasks import no_gradient
from scotopic.types import Array
from scotopic.version import __version__

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn

OPSET = 20
PARITY = 1e-4
"""Largest difference allowed between a network and its exported graph, of values in 0..1."""
PARITY_SIZES = ((16, 16), (64, 48), (240, 416), (16, 528), (256, 256))


def export_run(
    run: Path,
    target: Path,
    name: str | None = None,
    licence: str = "MIT",
    half_precision: bool = False,
) -> ModelSpec:
    """Export the averaged weights of a training run.

    Parameters
    ----------
    run : Path
        A folder that `scotopic.training.loop.train` left.
    target : Path
        The ``.onnx`` file; it is written only if parity holds.
    name : str, optional
        Name of the model; by default that of the preset.
    licence : str
        Of the weights.
    half_precision : bool
        See `export`.

    Raises
    ------
    MissingFileError
        When the folder holds no finished run.
    UnreadableError
        When the record or the weights of the run are damaged.
    InvalidValueError
        With another backend than torch, or when the run is of a preset that
        is not known.
    ScotopicError
        When the exported graph differs from the network by more than 1e-4.
    """
    record = finished_run(run)
    if keras.backend.backend() != "torch":
        raise InvalidValueError(
            "export needs Keras with the torch backend", remedy="set KERAS_BACKEND=torch"
        )
    network = load_weights(build_network(record["preset"], "channels_first"), run / WEIGHTS)
    sets = record["data"]["training"]
    spec = ModelSpec(
        name=name or record["preset"],
        version=__version__,
        bytes_per_pixel=working_bytes_per_pixel(network),
        training_data=", ".join(f"{s['name']} ({s['pairs']} pairs)" for s in sets),
        licence=licence,
        recipe_sha256=hashlib.sha256((run / RECORD).read_bytes()).hexdigest(),
        **run_fields(network),
    )
    export(network, spec, target, half_precision)
    return spec


def run_fields(network: ExposureUNet | MIRNet) -> Config:
    """The fields of a `ModelSpec` that say how a network is run."""
    if isinstance(network, MIRNet):
        return {
            "size_multiple": network.size_multiple,
            "receptive_radius": None,
            "thumbnail_size": None,
            "context_size": None,
            "curve": NO_CURVE,
        }
    return {
        "size_multiple": network.local_branch.size_multiple,
        "receptive_radius": network.local_branch.receptive_radius(),
        "thumbnail_size": THUMBNAIL_SIZE,
        "context_size": network.settings["context_size"],
    }


def working_bytes_per_pixel(network: ExposureUNet | MIRNet) -> int:
    """Estimate the peak memory in bytes for each pixel of a tile, all float32.

    For `ExposureUNet` at the upper level: the picture, the exposed one, both
    unshuffled, and six maps of the first width at half size. For `MIRNet`:
    three pictures, and nine maps of each stream.
    """
    if isinstance(network, MIRNet):
        settings = network.settings
        streams = sum(1 / 2**stream for stream in range(settings["streams"]))
        maps = 9 * settings["channels"] * streams / settings["stem"] ** 2
        return int(4 * (9 + maps))
    pictures = 4 * 3 * 4
    maps = 6 * network.settings["local_widths"][0] / 4
    return int(4 * (pictures + maps))


def export(
    network: ExposureUNet | MIRNet, spec: ModelSpec, target: Path, half_precision: bool = False
) -> None:
    """Write a network as ONNX, if the graph gives the network's results.

    Parameters
    ----------
    network : ExposureUNet or MIRNet
        Channels first, with the torch backend.
    spec : ModelSpec
    target : Path
    half_precision : bool
        Store the weights as float16, which halves the file; the graph still
        computes in float32. The weights of the network itself are rounded.

    Raises
    ------
    ScotopicError
        When the exported graph differs from the network by more than 1e-4.
    """
    import onnx

    if half_precision:
        round_weights(network)
    if isinstance(network, MIRNet):
        model = _trace_mirnet(network)
        onnx_graph.simplify(model, network.settings["stem"])
    else:
        model = _trace_branches(network)
        onnx_graph.simplify(model, 2)
    if half_precision:
        onnx_graph.store_in_half_precision(model)
    onnx.helper.set_model_props(model, spec.metadata())
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(data)
        exported = load(str(path))
        check_parity(network, exported)
        exported.close()
    write_atomically(data, target)


def round_weights(network: keras.Model) -> None:
    """Round the weights that are stored in half precision, in place."""
    for variable in network.variables:
        halved = onnx_graph.halved(keras.ops.convert_to_numpy(variable.value))
        if halved is not None:
            variable.assign(halved.astype(np.float32))


def _trace_mirnet(network: MIRNet) -> ModelProto:
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, picture: Tensor) -> Tensor:
            return self.network(picture)

    multiple = network.size_multiple
    return _traced(
        Whole(),
        {"picture": torch.rand(1, 3, 4 * multiple, 6 * multiple)},
        {"picture": _sides(multiple)},
        ["enhanced"],
    )


def _trace_branches(network: ExposureUNet) -> ModelProto:
    import torch

    class Branches(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(
            self, thumbnail: Tensor, picture: Tensor, gain: Tensor, context: Tensor
        ) -> tuple[Tensor, Tensor, Tensor]:
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
    """Height and width as any multiples of a number."""
    import torch

    rows, columns = (torch.export.Dim(name, min=1, max=4096) for name in ("rows", "columns"))
    return {2: multiple * rows, 3: multiple * columns}


def _traced(
    module: nn.Module, inputs: dict[str, Tensor], shapes: dict[str, Any], outputs: list[str]
) -> ModelProto:
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
    if program is None:
        raise ScotopicError("the network cannot be traced")
    return program.model_proto


def check_parity(network: ExposureUNet | MIRNet, exported: ExposingNetwork | WholeNetwork) -> float:
    """Compare an exported graph with its network at sizes that were not traced.

    Returns
    -------
    float
        The largest difference, of values in 0..1.

    Raises
    ------
    ScotopicError
        When it is above 1e-4.
    """
    rng = np.random.default_rng(0)
    tiles = [rng.random((1, 3, *size), dtype=np.float32) for size in PARITY_SIZES]
    with no_gradient():
        if isinstance(exported, WholeNetwork):
            worst = max(_apart(exported.enhance(tile), network(tile)) for tile in tiles)
        else:
            worst = max(_branch_differences(network, exported, tiles))
    if worst > PARITY:
        raise ScotopicError(f"the exported graph differs from the network by {worst:.2e}")
    return worst


def _branch_differences(
    network: ExposureUNet, exported: ExposingNetwork, tiles: list[Array]
) -> list[float]:
    thumb = np.random.default_rng(1).random((THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3), dtype=np.float32)
    level, context = network.global_branch(np.moveaxis(thumb, -1, 0)[None])
    exposure, seen = exported.glance(thumb)
    found = [_apart(np.array([[exposure]]), level), _apart(seen, context)]
    gain = np.array([[5.0]], np.float32)
    for tile in tiles:
        result = network.local_branch(tile, gain, context)
        found.append(_apart(exported.correct(tile, 5.0, seen), result))
    return found


def _apart(given: Array, wanted: Tensor) -> float:
    return float(np.abs(given - keras.ops.convert_to_numpy(wanted)).max())

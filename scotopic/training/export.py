"""Export trained networks as one ONNX file with a ModelSpec, after a check of its results.

`LightUNet` and `GainNetwork` become one graph: the outputs ``log_gain`` and
``seen`` (the context, of the first of a batch) depend on the input
``thumbnail`` alone, ``exposed`` and ``enhanced`` on ``picture``, on the gain
map (``slope`` and ``offset``, and the weights ``rows`` and ``columns`` of its
cells at the picture's pixels) and on ``context``. `MIRNet` becomes a graph
from ``picture`` to ``enhanced``.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic.errors import InvalidValueError, Parameter, ScotopicError
from scotopic.networks.exposing import ExposingNetwork
from scotopic.networks.loading import load
from scotopic.networks.spec import NO_CURVE, ModelSpec
from scotopic.networks.whole import WholeNetwork
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.pixels.units import size_of
from scotopic.storage import write_atomically
from scotopic.training import onnx_graph
from scotopic.training.checkpoints import (
    RECORD,
    WEIGHTS,
    finished_run,
    load_start,
    load_weights,
)
from scotopic.training.gain_network import GainNetwork
from scotopic.training.layers import Config, Tensor
from scotopic.training.light_unet import LightUNet
from scotopic.training.mirnet import MIRNet
from scotopic.training.presets import build_network
from scotopic.training.samples import with_gain
from scotopic.training.tasks import no_gradient
from scotopic.training.tracing import trace_branches, trace_mirnet
from scotopic.types import Array
from scotopic.version import __version__

PARITY = 1e-4
"""Largest difference allowed between a network and its exported graph, of values in 0..1."""
PARITY_SIZES = ((16, 16), (64, 48), (240, 416), (16, 528), (256, 256))


def export_run(
    run: Path,
    target: Path,
    gain_run: Path | None = None,
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
    gain_run : Path, optional
        A run of the preset ``gain``, which a `LightUNet` needs.
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
        With another backend than torch, when the run is of a preset that is
        not known, or when `gain_run` is missing, is of another preset, or is
        given for a network that has no gain map.
    ScotopicError
        When the exported graph differs from the network by more than 1e-4.
    """
    record = finished_run(run)
    if keras.backend.backend() != "torch":
        raise InvalidValueError(
            "export needs Keras with the torch backend", remedy="set KERAS_BACKEND=torch"
        )
    network = load_weights(build_network(record["preset"], "channels_first"), run / WEIGHTS)
    records: list[dict[str, Any]] = [record]
    parts: Parts = (network,)
    if isinstance(network, LightUNet):
        if gain_run is None:
            raise InvalidValueError(
                "this network needs one that predicts its gain map", remedy=Parameter("gain_run")
            )
        records.append(finished_run(gain_run))
        gain = build_network("gain", "channels_first")
        load_start(gain, gain_run)
        parts = (network, gain)
    elif gain_run is not None or isinstance(network, GainNetwork):
        raise InvalidValueError("only networks that correct exposed pictures have a gain map")
    sets = {s["name"]: s["pairs"] for one in reversed(records) for s in one["data"]["training"]}
    spec = ModelSpec(
        name=name or record["preset"],
        version=__version__,
        bytes_per_pixel=working_bytes_per_pixel(network),
        training_data=", ".join(f"{name} ({count} pairs)" for name, count in sets.items()),
        licence=licence,
        recipe_sha256=hashlib.sha256((run / RECORD).read_bytes()).hexdigest(),
        **run_fields(network),
    )
    export(parts, spec, target, half_precision)
    return spec


def run_fields(network: LightUNet | MIRNet) -> Config:
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
        "size_multiple": network.size_multiple,
        "receptive_radius": network.receptive_radius(),
        "thumbnail_size": THUMBNAIL_SIZE,
        "context_size": network.settings["context_size"],
    }


def working_bytes_per_pixel(network: LightUNet | MIRNet) -> int:
    """Estimate the peak memory in bytes for each pixel of a tile, all float32.

    For `LightUNet` at the upper level: the picture, the exposed one, the same
    with the gain, the result, eight maps of one channel, and four maps of the
    first width at half size. For `MIRNet`: three pictures, and nine maps of
    each stream.
    """
    if isinstance(network, MIRNet):
        settings = network.settings
        streams = sum(1 / 2**stream for stream in range(settings["streams"]))
        maps = 9 * settings["channels"] * streams / settings["stem"] ** 2
        return int(4 * (9 + maps))
    pictures = 3 * 3 + 4 + 8
    maps = 4 * network.settings["widths"][0] / 4
    return int(4 * (pictures + maps))


Parts = tuple[MIRNet] | tuple[LightUNet, GainNetwork]
"""The networks that one file holds."""


def export(parts: Parts, spec: ModelSpec, target: Path, half_precision: bool = False) -> None:
    """Write networks as ONNX, if the graph gives their results.

    Parameters
    ----------
    parts : (MIRNet,) or (LightUNet, GainNetwork)
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
        for network in parts:
            round_weights(network)
    if len(parts) == 1:
        model = trace_mirnet(parts[0])
        onnx_graph.simplify(model, parts[0].settings["stem"])
    else:
        model = trace_branches(*parts)
        onnx_graph.simplify(model, 2)
        onnx_graph.shuffle_in_two_moves(model)
    if half_precision:
        onnx_graph.store_in_half_precision(model)
    onnx_graph.shorten_names(model)
    onnx_graph.drop_defaults(model)
    onnx.helper.set_model_props(model, spec.metadata())
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(data)
        exported = load(str(path))
        check_parity(parts, exported)
        exported.close()
    write_atomically(data, target)


def round_weights(network: keras.Model) -> None:
    """Round the weights that are stored in half precision, in place."""
    for variable in network.variables:
        halved = onnx_graph.halved(keras.ops.convert_to_numpy(variable.value))
        if halved is not None:
            variable.assign(halved.astype(np.float32))


def check_parity(parts: Parts, exported: ExposingNetwork | WholeNetwork) -> float:
    """Compare an exported graph with its networks at sizes that were not traced.

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
            worst = max(_apart(exported.enhance(tile), parts[0](tile)) for tile in tiles)
        else:
            assert len(parts) == 2
            worst = max(_branch_differences(*parts, exported, tiles))
    if worst > PARITY:
        raise ScotopicError(f"the exported graph differs from the network by {worst:.2e}")
    return worst


def _branch_differences(
    network: LightUNet, gain: GainNetwork, exported: ExposingNetwork, tiles: list[Array]
) -> Iterator[float]:
    rng = np.random.default_rng(1)
    thumbs = rng.random((3, THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3), dtype=np.float32)
    batch = np.moveaxis(thumbs, -1, 1)
    context = network.context_branch(batch[:1])
    log_gains, seen = exported.glance(thumbs)
    yield _apart(log_gains[:, None], gain(batch))
    yield _apart(seen, context)
    gains = GainMap(*rng.uniform(-0.3, 1, (2, 3, 4)).astype(np.float32))
    for tile in tiles:
        picture = np.moveaxis(tile[0], 0, -1)
        rows, columns = gains.weights(size_of(picture))
        grid = {"slope": gains.slope, "offset": gains.offset, "rows": rows, "columns": columns}
        wanted = np.ascontiguousarray(np.moveaxis(with_gain(picture, gains), -1, 0)[None])
        enhanced, exposed = exported.correct(tile, grid, seen, ("enhanced", "exposed"))
        yield _apart(exposed, wanted[:, :3])
        corrected = network.correct(keras.ops.convert_to_tensor(wanted), context)
        yield _apart(enhanced, corrected)


def _apart(given: Array, wanted: Tensor) -> float:
    return float(np.abs(given - keras.ops.convert_to_numpy(wanted)).max())

"""The files in the folder of a run: weights, and the state that training resumes from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from scotopic.errors import InvalidValueError, MissingFileError, UnreadableError
from scotopic.storage import atomic_file
from scotopic.training.layers import Tensor
from scotopic.types import Array

CHECKPOINT = "checkpoint.npz"
WEIGHTS = "weights.npz"
RECORD = "record.json"
LOG = "log.jsonl"
_DAMAGED = (BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError, ValueError)
"""What reading a damaged .npz file raises."""


@dataclass
class Progress:
    """How far a run is: the steps done, and the seconds that they took."""

    step: int = 0
    seconds: float = 0.0


def read_record(run: Path) -> dict[str, Any]:
    """Read ``record.json`` of a run.

    Raises
    ------
    UnreadableError
        When it cannot be read, or is no JSON object.
    """
    try:
        record = json.loads((run / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableError("the record is damaged", path=run / RECORD) from error
    if not isinstance(record, dict):
        raise UnreadableError("the record is not a JSON object", path=run / RECORD)
    return record


def finished_run(run: Path) -> dict[str, Any]:
    """Read the record of a finished run.

    Returns
    -------
    dict
        What `scotopic.training.loop.Run.record` made. It names the preset, and
        the name and the number of pairs of each training set.

    Raises
    ------
    MissingFileError
        When the folder holds no finished run.
    UnreadableError
        When the record is damaged, or lacks the preset or the training sets.
    """
    if not (run / WEIGHTS).is_file() or not (run / RECORD).is_file():
        raise MissingFileError(f"no finished run, which has {RECORD} and {WEIGHTS}", path=run)
    record = read_record(run)
    if not isinstance(record.get("preset"), str):
        raise UnreadableError("the record names no preset", path=run / RECORD)
    if not _names_training_sets(record):
        raise UnreadableError("the record does not name the training sets", path=run / RECORD)
    return record


def _names_training_sets(record: dict[str, Any]) -> bool:
    data = record.get("data")
    sets = data.get("training") if isinstance(data, dict) else None
    return isinstance(sets, list) and all(
        isinstance(one, dict) and {"name", "pairs"} <= one.keys() for one in sets
    )


def save_weights(network: keras.Model, path: Path) -> None:
    """Write the weights of a network, each named by its place in the network."""
    _save_arrays(path, {v.path: v for v in network.variables})


def load_weights(network: keras.Model, path: Path) -> keras.Model:
    """Read what `save_weights` wrote into a network of the same preset.

    Returns
    -------
    network : keras.Model
        The one that was given.

    Raises
    ------
    UnreadableError
        When the file is damaged, or has no weights for such a network.
    """
    variables = {variable.path: variable for variable in network.variables}
    _assign(variables, _load_arrays(path), network.name, path)
    return network


def load_start(network: keras.Model, run: Path) -> None:
    """Give a network the weights of a finished run of its preset.

    Layers that the preset did not have when the run was made keep their first
    weights.

    Raises
    ------
    MissingFileError
        When the folder holds no finished run.
    UnreadableError
        When its record or its weights are damaged, or are of other layers.
    InvalidValueError
        When the run trained another preset.
    """
    preset = finished_run(run)["preset"]
    if preset != network.name:
        raise InvalidValueError(f"a run of {preset}, not of {network.name}", path=run)
    arrays = _load_arrays(run / WEIGHTS)
    variables = {variable.path: variable for variable in network.variables}
    unknown = sorted(arrays.keys() - variables.keys())
    if unknown:
        raise UnreadableError(f"{network.name} has no {unknown[0]}", path=run / WEIGHTS)
    layers = {name.split("/")[0] for name in arrays}
    had = {name: v for name, v in variables.items() if name.split("/")[0] in layers}
    _assign(had, arrays, network.name, run / WEIGHTS)


def save_checkpoint(network: keras.Model, progress: Progress, path: Path) -> None:
    """Write weights, optimizer state and progress of a run."""
    place = {"step": np.array(progress.step), "seconds": np.array(progress.seconds)}
    _save_arrays(path, {**_state(network), **place})


def load_checkpoint(network: keras.Model, path: Path) -> Progress:
    """Read what `save_checkpoint` wrote into a compiled network.

    Returns
    -------
    Progress
        Of the run when the checkpoint was written.

    Raises
    ------
    UnreadableError
        When the file is damaged, or is the checkpoint of another network.
    """
    arrays = _load_arrays(path)
    try:
        progress = Progress(int(arrays["step"]), float(arrays["seconds"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableError("does not say how far the run was", path=path) from error
    _assign(_state(network), arrays, network.name, path)
    return progress


def _state(network: keras.Model) -> dict[str, Tensor]:
    variables = [*network.trainable_variables, *network.optimizer.variables]
    return {f"variable{index:04d}": variable for index, variable in enumerate(variables)}


def _assign(
    variables: Mapping[str, Tensor], arrays: Mapping[str, Array], network: str, path: Path
) -> None:
    """Give variables the values of the arrays of the same names."""
    for name, variable in variables.items():
        array = arrays.get(name)
        if array is None or array.shape != tuple(variable.shape) or array.dtype.kind not in "biuf":
            raise UnreadableError(
                f"does not fit {network}: {name} is missing, or has another shape or type",
                path=path,
            )
        variable.assign(array)


def _load_arrays(path: Path) -> dict[str, Array]:
    """Read all arrays of an ``.npz`` file."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file)
            if isinstance(loaded, np.lib.npyio.NpzFile):
                return dict(loaded)
    except _DAMAGED as error:
        raise UnreadableError("the file is damaged or no .npz file", path=path) from error
    raise UnreadableError("holds a single array and is no .npz file", path=path)


def _save_arrays(path: Path, arrays: Mapping[str, Tensor]) -> None:
    with atomic_file(path) as file:
        np.savez(file, **{k: keras.ops.convert_to_numpy(v) for k, v in arrays.items()})

"""The files in the folder of a run: weights, and the state that training resumes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic.errors import InvalidValueError, MissingFileError, UnreadableError
from scotopic.storage import atomic_file
from scotopic.training.layers import Tensor

CHECKPOINT = "checkpoint.npz"
WEIGHTS = "weights.npz"
RECORD = "record.json"
LOG = "log.jsonl"


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
        When it is damaged.
    """
    try:
        record: dict[str, Any] = json.loads((run / RECORD).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnreadableError("the record is damaged", path=run / RECORD) from error
    return record


def finished_run(run: Path) -> dict[str, Any]:
    """Read the record of a finished run.

    Raises
    ------
    MissingFileError
        When the folder holds no finished run.
    """
    if not (run / WEIGHTS).is_file() or not (run / RECORD).is_file():
        raise MissingFileError(f"no finished run, which has {RECORD} and {WEIGHTS}", path=run)
    return read_record(run)


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
        When the file has no weights for such a network.
    """
    with np.load(path) as arrays:
        for variable in network.variables:
            if variable.path not in arrays or arrays[variable.path].shape != variable.shape:
                raise UnreadableError(
                    f"no weights of {network.name}: {variable.path} is missing or of another shape",
                    path=path,
                )
            variable.assign(arrays[variable.path])
    return network


def load_start(network: keras.Model, run: Path) -> None:
    """Give a network the weights of a finished run of its preset.

    Raises
    ------
    MissingFileError
        When the folder holds no finished run.
    InvalidValueError
        When the run trained another preset.
    """
    preset = finished_run(run)["preset"]
    if preset != network.name:
        raise InvalidValueError(f"a run of {preset}, not of {network.name}", path=run)
    load_weights(network, run / WEIGHTS)


def save_checkpoint(network: keras.Model, progress: Progress, path: Path) -> None:
    """Write weights, optimizer state and progress of a run."""
    place = {"step": np.array(progress.step), "seconds": np.array(progress.seconds)}
    _save_arrays(path, {**_state(network), **place})


def load_checkpoint(network: keras.Model, path: Path) -> Progress:
    """Read what `save_checkpoint` wrote into a compiled network."""
    with np.load(path) as arrays:
        for name, variable in _state(network).items():
            variable.assign(arrays[name])
        return Progress(int(arrays["step"]), float(arrays["seconds"]))


def _state(network: keras.Model) -> dict[str, Tensor]:
    variables = [*network.trainable_variables, *network.optimizer.variables]
    return {f"variable{index:04d}": variable for index, variable in enumerate(variables)}


def _save_arrays(path: Path, arrays: Mapping[str, Tensor]) -> None:
    with atomic_file(path) as file:
        np.savez(file, **{k: keras.ops.convert_to_numpy(v) for k, v in arrays.items()})

"""What a training run keeps in its folder: weights, and the state to go on from."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from scotopic.errors import ScotopicError

CHECKPOINT = "checkpoint.npz"
WEIGHTS = "weights.npz"
RECORD = "record.json"
LOG = "log.jsonl"


@dataclass
class Progress:
    """Where a run is: steps done, and the seconds that they took."""

    step: int = 0
    seconds: float = 0.0


def save_weights(network: keras.Model, path: Path) -> None:
    """Write a network's weights, named by their place in it, atomically."""
    _save_arrays(path, {v.path: v for v in network.variables})


def load_weights(network: keras.Model, path: Path) -> Any:
    """Read what `save_weights` wrote into a network of the same preset.

    Raises
    ------
    ScotopicError
        When the file is not of such a network.
    """
    with np.load(path) as arrays:
        for variable in network.variables:
            if variable.path not in arrays or arrays[variable.path].shape != variable.shape:
                raise ScotopicError(f"{path}: no weights of {network.name}: lacks {variable.path}")
            variable.assign(arrays[variable.path])
    return network


def finished_run(run: Path) -> dict[str, Any]:
    """Read the record of a run that has left weights.

    Raises
    ------
    ScotopicError
        When there is none.
    """
    if not (run / WEIGHTS).is_file() or not (run / RECORD).is_file():
        raise ScotopicError(f"{run}: holds no finished run ({RECORD} and {WEIGHTS})")
    record: dict[str, Any] = json.loads((run / RECORD).read_text())
    return record


def load_start(network: keras.Model, run: Path) -> None:
    """Give a network the weights of a finished run of its preset."""
    preset = finished_run(run)["preset"]
    if preset != network.name:
        raise ScotopicError(f"{run}: holds {preset}, not {network.name}")
    load_weights(network, run / WEIGHTS)


def save_checkpoint(network: keras.Model, progress: Progress, path: Path) -> None:
    """Write weights, optimizer and place in the run, atomically."""
    place = {"step": np.array(progress.step), "seconds": np.array(progress.seconds)}
    _save_arrays(path, {**_state(network), **place})


def load_checkpoint(network: keras.Model, path: Path) -> Progress:
    """Read what `save_checkpoint` wrote into a compiled network."""
    with np.load(path) as arrays:
        for name, variable in _state(network).items():
            variable.assign(arrays[name])
        return Progress(int(arrays["step"]), float(arrays["seconds"]))


def _state(network: keras.Model) -> dict[str, Any]:
    variables = [*network.trainable_variables, *network.optimizer.variables]
    return {f"variable{index:04d}": variable for index, variable in enumerate(variables)}


def _save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, **{k: keras.ops.convert_to_numpy(v) for k, v in arrays.items()})
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)

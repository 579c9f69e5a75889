"""ONNX Runtime, imported in this one place, with its telemetry switched off."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from scotopic.errors import ModelError
from scotopic.networks.graph import Shape, memory_errors
from scotopic.types import Array

_NAME, _OPT_OUT = "onnxruntime", "ORT_DISABLE_TELEMETRY"
_was_imported = False
"""Whether the process had imported it before, without having opted out."""


def onnxruntime() -> ModuleType:
    """Import ONNX Runtime.

    Since version 1.29 its Linux and macOS packages report events over the network
    and keep a device identifier in the user's cache folder. Setting
    ``ORT_DISABLE_TELEMETRY`` to 1 before the first import is its documented way
    to opt out; a value that the user has set is left alone. If another part of the
    process has imported it before, its events are switched off from here on; what it
    did until then cannot be undone (see `telemetry`).
    """
    global _was_imported
    if _OPT_OUT not in os.environ:
        _was_imported = _NAME in sys.modules
        os.environ[_OPT_OUT] = "1"
    module = import_module("onnxruntime")
    if os.environ[_OPT_OUT] == "1" and hasattr(module, "disable_telemetry_events"):
        module.disable_telemetry_events()  # that of Windows heeds no variable
    return module


def telemetry() -> str:
    """What ONNX Runtime may report in this process, in words."""
    onnxruntime()
    if _was_imported:
        return (
            "events are switched off, but another part of this process imported ONNX Runtime "
            f"before scotopic did, and it may have reported until then; set {_OPT_OUT}=1 "
            "before that"
        )
    value = os.environ[_OPT_OUT]
    return "off" if value == "1" else f"left as {_OPT_OUT}={value} says"


def providers() -> dict[str, str]:
    """Execution providers of the ONNX Runtime that is installed: short name to its own name."""
    return {_short(name): name for name in onnxruntime().get_available_providers()}


class OnnxGraph:
    """A graph in ONNX Runtime; see `Graph`.

    Parameters
    ----------
    path : path
    provider : str
        One of `providers`, in any case.
    threads : int
    frugal : bool
        A frugal graph gives memory back after each layer. The usual one keeps
        it, which is faster; but what it has kept for one size of tile it
        cannot use for another.

    Raises
    ------
    ModelError
        For a file that is no network.
    """

    memory_ratio = 1.0

    def __init__(self, path: Path, provider: str, threads: int, frugal: bool) -> None:
        self._session = _session(path, providers()[provider.lower()], threads, frugal)
        self._keeps_memory = not frugal
        self.provider = _short(self._session.get_providers()[0])
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        given = self._session.get_inputs()
        self.inputs: dict[str, Shape] = {value.name: _shape(value.shape) for value in given}
        self.outputs = {value.name for value in self._session.get_outputs()}

    def run(self, outputs: list[str], inputs: dict[str, Array]) -> list[Array]:
        """Compute outputs; see `Graph`."""
        with memory_errors():
            results: list[Array] = self._session.run(outputs, inputs)
            return results

    def release(self, outputs: list[str], inputs: dict[str, Array]) -> None:
        """Give back the memory of the arena, at the end of a run; see `Graph`."""
        if not self._keeps_memory or self.provider != "cpu":
            return
        options = onnxruntime().RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._session.run(outputs, inputs, options)


def _session(path: Path, provider: str, threads: int, frugal: bool) -> Any:
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4 if frugal else 3
    # Memory laid out ahead for a size costs a third more and is no faster.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = not frugal
    options.intra_op_num_threads = threads
    try:
        return runtime.InferenceSession(os.fspath(path), options, providers=[provider])
    except Exception as error:
        first_line = str(error).splitlines()[0]
        raise ModelError(f"not a network that can be run: {first_line}", path=path) from error


def _shape(sizes: list[object]) -> Shape:
    """A shape whose free sizes have a name, or none, in ONNX Runtime."""
    return tuple(size if isinstance(size, int) else None for size in sizes)


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider").lower()

"""OpenVINO, an optional second runtime, imported in this one place without its telemetry."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from scotopic.errors import MissingPackageError, ModelError
from scotopic.networks.graph import Shape, memory_errors
from scotopic.types import Array

FAST, EXACT = "openvino", "openvino-f32"
"""The providers: bfloat16 where the processor computes in it, and always float32."""
_PRECISIONS = {"f32": "float32", "bf16": "bfloat16"}
_TELEMETRY = "openvino_telemetry"
_importing = threading.Lock()


def openvino() -> ModuleType:
    """Import OpenVINO.

    Its import alone reports an event over the network and keeps an identifier
    in the user's home folder, by a package of its own, unless the user has run
    a program to opt out. Without that package OpenVINO uses a stub that does
    nothing, so the package is hidden while OpenVINO is imported.

    Raises
    ------
    MissingPackageError
        Without the package openvino.
    """
    modules: dict[str, Any] = sys.modules
    with _importing:
        seen = {name: modules[name] for name in [_TELEMETRY] if name in modules}
        modules[_TELEMETRY] = None  # an import of it fails
        try:
            return import_module("openvino")
        except ImportError as error:
            raise MissingPackageError(
                f"the provider {FAST} needs the package openvino",
                remedy="pip install 'scotopic[openvino]'",
            ) from error
        finally:
            del modules[_TELEMETRY]
            modules.update(seen)


def providers() -> tuple[str, ...]:
    """The providers that are there: none without the package openvino."""
    return (FAST, EXACT) if find_spec("openvino") else ()


class OpenVinoGraph:
    """A graph on the processor in OpenVINO; see `Graph`.

    It is compiled once, with its free sizes left free: a tile of a new size then
    costs little more than the next one of that size. Compiled for one size it
    would be faster, by a quarter for the first default network and a tenth for
    mirnet_small_lol; but each size would cost a compilation, which takes as long
    as one to three tiles of 512x512 pixels, and would keep memory of its own.

    Parameters
    ----------
    path : path
    provider : str
        ``openvino`` or ``openvino-f32``.
    threads : int
    frugal : bool
        Whether memory is given back after each run.

    Attributes
    ----------
    precision : str
        What it computes in: ``float32`` or ``bfloat16``.

    Raises
    ------
    MissingPackageError
        Without the package openvino.
    ModelError
        For a file that is no network.
    """

    memory_ratio = 1.6
    """Measured in float32: 1.2 for the first default network, 1.5 for mirnet_small_lol; more
    before any tile."""

    def __init__(self, path: Path, provider: str, threads: int, frugal: bool) -> None:
        runtime = openvino()
        self.provider, self._frugal = provider.lower(), frugal
        self._lock = threading.Lock()
        try:
            # By its reader of ONNX: reading by the core tries those of other formats too.
            reader = runtime.frontend.FrontEndManager().load_by_framework("onnx")
            model = reader.convert(reader.load(os.fspath(path)))
            exact = self.provider == EXACT
            self._compile = partial(compiled, runtime.Core(), model, exact, threads)
            graph = self._compile()
        except Exception as error:
            # The lines above the last say where in OpenVINO's source it was noticed.
            last_line = str(error).strip().splitlines()[-1]
            raise ModelError(f"not a network that can be run: {last_line}", path=path) from error
        self._compiled: Any = graph
        self.precision = _PRECISIONS[_precision(graph)]
        self.metadata = _metadata(model)
        self.inputs = {value.get_any_name(): _shape(value) for value in graph.inputs}
        self.outputs = {value.get_any_name() for value in graph.outputs}

    def run(self, outputs: list[str], inputs: dict[str, Array]) -> list[Array]:
        """Compute outputs; see `Graph`."""
        graph = None
        try:
            with memory_errors():
                graph = self._whole()
                # One for each run, since threads cannot share one; making it takes no time.
                request = graph.create_infer_request()
                # Not by `infer`, which with one thread returns as if nothing were wrong after
                # an error (2026.4).
                request.start_async(inputs, share_inputs=True)
                request.wait()
                return [request.get_tensor(name).data for name in outputs]
        except Exception:
            self._discard(graph)
            raise
        finally:
            if self._frugal:
                self.release(outputs, inputs)

    def release(self, outputs: list[str], inputs: dict[str, Array]) -> None:
        """Give back what is kept between runs; see `Graph`."""
        with self._lock:
            graph = self._compiled
        with suppress(RuntimeError):  # while another thread runs it, which keeps it
            if graph is not None:
                graph.release_memory()

    def _whole(self) -> Any:
        """The compiled graph, compiled anew if a run of it has failed."""
        with self._lock:
            if self._compiled is None:
                self._compiled = self._compile()
            return self._compiled

    def _discard(self, graph: Any) -> None:
        """Use a graph no more, since a run that failed may have left sizes behind in it."""
        with self._lock:
            if self._compiled is graph:
                self._compiled = None


def compiled(core: Any, model: Any, exact: bool, threads: int) -> Any:
    """Compile a model for the processor, for one run at a time by all threads.

    Unless it is to be exact OpenVINO chooses the precision: bfloat16 where the
    processor has instructions for it. On ARM it would choose float16, whose
    range has not been tried with the networks; float32 is taken there.

    Parameters
    ----------
    core : openvino.Core
    model : openvino.Model
    exact : bool
        Whether to compute in float32 in any case.
    threads : int

    Returns
    -------
    openvino.CompiledModel
    """
    options = {
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        # Processes side by side, pinned alike, would share a few processors.
        "ENABLE_CPU_PINNING": False,
    }
    if not exact:
        result = core.compile_model(model, "CPU", options)
        if _precision(result) in _PRECISIONS:
            return result
    return core.compile_model(model, "CPU", {**options, "INFERENCE_PRECISION_HINT": "f32"})


def _precision(result: Any) -> str:
    """OpenVINO's name of the precision that a compiled model computes in."""
    return str(result.get_property("INFERENCE_PRECISION_HINT").get_type_name())


def _metadata(model: Any) -> dict[str, str]:
    """The metadata of the ONNX file, which OpenVINO keeps as texts."""
    if not model.has_rt_info(["framework"]):
        return {}
    return {key: str(value.value) for key, value in model.get_rt_info()["framework"].items()}


def _shape(value: Any) -> Shape:
    sizes = value.get_partial_shape()
    return tuple(size.get_length() if size.is_static else None for size in sizes)

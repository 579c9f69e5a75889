"""An ONNX graph in ONNX Runtime: load, verify, run, and give memory back."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scotopic import machine
from scotopic.errors import ModelError, Parameter
from scotopic.networks.registry import DEFAULT_MODEL, find_model
from scotopic.networks.runtime import onnxruntime
from scotopic.networks.spec import ModelSpec
from scotopic.storage import sha256_of_file
from scotopic.types import Array

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_ALLOCATION_FAILED = ("Failed to allocate memory", "bad_alloc")
"""How ONNX Runtime's errors of several classes say it."""


class Session:
    """A loaded graph and its `ModelSpec`.

    Several threads may use one session at the same time.

    Parameters
    ----------
    model : str
        A name in the registry, or the path of an exported file.
    provider : str, optional
        ONNX Runtime's execution provider, such as ``cpu`` or ``cuda``. A
        provider that is not there is an error; there is no silent fallback.
    threads : int, optional
        Threads of the network; by default one for each processor that the
        process may use.

    Attributes
    ----------
    spec : ModelSpec
    sha256 : str
        Of the file.
    provider : str
        The execution provider that is really used.

    Raises
    ------
    ModelError
        For an unknown model or provider, a file that is no network, and a
        file whose metadata cannot be understood.
    MissingFileError, UnreadableError
        When the file of a shipped network is missing, or is not the one shipped.
    """

    def __init__(
        self, model: str = DEFAULT_MODEL, provider: str = "cpu", threads: int | None = None
    ) -> None:
        self._path, self._asked, self._threads = find_model(model), provider, threads
        self.sha256 = sha256_of_file(self._path)
        self._lock = threading.Lock()
        self._frugal = self._closed = False
        graph = self._load(frugal=False)
        self._graph: InferenceSession | None = graph
        self.provider: str = _short(graph.get_providers()[0])
        if self.provider != provider.lower():
            raise ModelError(
                f"provider {provider} cannot be used on this machine",
                remedy=Parameter("provider", self.provider),
            )
        metadata = dict(graph.get_modelmeta().custom_metadata_map)
        self.spec = ModelSpec.from_metadata(metadata, str(self._path))

    def require(self, inputs: Mapping[str, tuple[int | None, ...]], outputs: set[str]) -> None:
        """Check that the graph has these inputs and outputs.

        Parameters
        ----------
        inputs : dict
            Name to shape; None in a shape stands for a size that is free.
        outputs : set of str

        Raises
        ------
        ModelError
            When one is missing, there is another input, or a shape differs.
        """
        graph = self._loaded()[0]
        # Files of version 0.1.0 give their inputs default values.
        given = [*graph.get_inputs(), *graph.get_overridable_initializers()]
        found = {value.name: tuple(value.shape) for value in given}
        missing = [f"input {name}" for name in sorted(inputs.keys() - found.keys())]
        missing += [f"output {n}" for n in sorted(outputs - {o.name for o in graph.get_outputs()})]
        if missing:
            raise ModelError(f"its graph lacks {', '.join(missing)}", path=self._path)
        for name, shape in found.items():
            if name not in inputs or not _fits(shape, inputs[name]):
                raise ModelError(
                    f"its graph has an unexpected input {name} of shape {shape}", path=self._path
                )

    def run(self, outputs: list[str], inputs: dict[str, Array]) -> list[Array]:
        """Compute outputs.

        Parameters
        ----------
        outputs : list of str
        inputs : dict
            Every input of the graph, float32. The runtime computes the whole
            graph, so inputs that the outputs do not depend on should be small.

        Returns
        -------
        list of array
            These keep memory of the runtime alive; copy what is kept long.

        Raises
        ------
        MemoryError
            When there is not enough memory. From then on the graph keeps no
            memory between runs, so a smaller input may succeed.
        """
        graph = self._loaded()[0]
        try:
            results: list[Array] = graph.run(outputs, inputs)
            return results
        except Exception as error:
            if not any(sign in str(error) for sign in _ALLOCATION_FAILED):
                raise
        # Outside the handler, whose traceback would keep the old graph and its memory alive.
        del graph
        self._become_frugal()
        raise MemoryError("not enough memory for a tile")

    def release(self, outputs: list[str], inputs: dict[str, Array]) -> None:
        """Give back the memory that is kept for the next run.

        The runtime only does so at the end of a run: give it a small one, with
        arguments as for `run`. A session that is closed keeps none.
        """
        with self._lock:
            graph, frugal = self._graph, self._frugal
        if graph is None or frugal or self.provider != "cpu":
            return
        options = onnxruntime().RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        graph.run(outputs, inputs, options)

    def close(self) -> None:
        """Free the graph. Runs in other threads finish; later ones are refused."""
        with self._lock:
            self._graph, self._closed = None, True

    def _loaded(self) -> tuple[InferenceSession, bool]:
        """The graph, and whether it is the frugal one."""
        with self._lock:
            if self._closed:
                raise ModelError("the network has been closed", path=self._path)
            if self._graph is None:  # loading the frugal graph has failed before
                self._graph = self._load(self._frugal)
            return self._graph, self._frugal

    def _become_frugal(self) -> None:
        with self._lock:
            if self._frugal or self._closed:
                return
            self._graph, self._frugal = None, True
            gc.collect()
            self._graph = self._load(frugal=True)

    def _load(self, frugal: bool) -> InferenceSession:
        """The graph, ready to run; a frugal one gives memory back after each layer.

        The usual one keeps it, which is faster; but what it has kept for one
        size of tile it cannot use for another.
        """
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.log_severity_level = 4 if frugal else 3
        # Memory laid out ahead for a size costs a third more and is no faster.
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = not frugal
        options.intra_op_num_threads = self._threads or machine.threads()
        provider = _full_provider_name(self._asked)
        try:
            return runtime.InferenceSession(os.fspath(self._path), options, providers=[provider])
        except Exception as error:
            first_line = str(error).splitlines()[0]
            raise ModelError(
                f"not a network that can be run: {first_line}", path=self._path
            ) from error


def _fits(shape: tuple[object, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether the sizes of a shape that are fixed are those wanted."""
    if len(shape) != len(wanted):
        return False
    pairs = zip(shape, wanted, strict=True)
    return all(not isinstance(size, int) or size == right for size, right in pairs)


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider").lower()


def _full_provider_name(provider: str) -> str:
    available = {_short(name): name for name in onnxruntime().get_available_providers()}
    if provider.lower() not in available:
        raise ModelError(f"no provider {provider!r} here; there are: {', '.join(available)}")
    return str(available[provider.lower()])

"""An ONNX graph in a runtime: load, verify, run, and give memory back."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Mapping
from dataclasses import replace

from scotopic import machine
from scotopic.errors import ModelError, Parameter
from scotopic.networks.graph import Graph, Shape
from scotopic.networks.registry import DEFAULT_MODEL, find_model
from scotopic.networks.runtime import load_graph
from scotopic.networks.spec import ModelSpec
from scotopic.storage import sha256_of_file
from scotopic.types import Array


class Session:
    """A loaded graph and its `ModelSpec`.

    Several threads may use one session at the same time.

    Parameters
    ----------
    model : str
        A name in the registry, or the path of an exported file.
    provider : str, optional
        An execution provider of ONNX Runtime, such as ``cpu`` or ``cuda``, or
        ``openvino`` or ``openvino-f32``. A provider that is not there is an
        error; there is no silent fallback.
    threads : int, optional
        Threads of the network; by default one for each processor that the
        process may use.

    Attributes
    ----------
    spec : ModelSpec
        As in the file, with the memory that the provider needs.
    sha256 : str
        Of the file.
    provider : str
        The execution provider that is really used.

    Raises
    ------
    ModelError
        For an unknown model or provider, a file that is no network, and a
        file whose metadata cannot be understood.
    MissingPackageError
        For a provider whose runtime is not installed.
    MissingFileError, UnreadableError
        When the file of a shipped network is missing, or is not the one shipped.
    """

    def __init__(
        self, model: str = DEFAULT_MODEL, provider: str = "cpu", threads: int | None = None
    ) -> None:
        self._path, self._asked = find_model(model), provider
        self._threads = threads or machine.threads()
        self.sha256 = sha256_of_file(self._path)
        self._lock = threading.Lock()
        self._frugal = self._closed = False
        graph = self._load(frugal=False)
        self._graph: Graph | None = graph
        self.provider = graph.provider
        if self.provider != provider.lower():
            raise ModelError(
                f"provider {provider} cannot be used on this machine",
                remedy=Parameter("provider", self.provider),
            )
        spec = ModelSpec.from_metadata(dict(graph.metadata), str(self._path))
        needed = math.ceil(spec.bytes_per_pixel * graph.memory_ratio)
        self.spec = replace(spec, bytes_per_pixel=needed)

    def require(self, inputs: Mapping[str, Shape], outputs: set[str]) -> None:
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
        graph = self._loaded()
        missing = [f"input {name}" for name in sorted(inputs.keys() - graph.inputs.keys())]
        missing += [f"output {name}" for name in sorted(outputs - graph.outputs)]
        if missing:
            raise ModelError(f"its graph lacks {', '.join(missing)}", path=self._path)
        for name, shape in graph.inputs.items():
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
        graph = self._loaded()
        try:
            return graph.run(outputs, inputs)
        except MemoryError:
            pass  # its traceback would keep the old graph and its memory alive
        del graph
        self._become_frugal()
        raise MemoryError("not enough memory for a tile")

    def release(self, outputs: list[str], inputs: dict[str, Array]) -> None:
        """Give back the memory that is kept for the next run.

        A runtime may only do so at the end of a run: give it a small one, with
        arguments as for `run`. A session that is closed keeps none.
        """
        with self._lock:
            graph = self._graph
        if graph is not None:
            graph.release(outputs, inputs)

    def close(self) -> None:
        """Free the graph. Runs in other threads finish; later ones are refused."""
        with self._lock:
            self._graph, self._closed = None, True

    def _loaded(self) -> Graph:
        with self._lock:
            if self._closed:
                raise ModelError("the network has been closed", path=self._path)
            if self._graph is None:  # loading the frugal graph has failed before
                self._graph = self._load(self._frugal)
            return self._graph

    def _become_frugal(self) -> None:
        with self._lock:
            if self._frugal or self._closed:
                return
            self._graph, self._frugal = None, True
            gc.collect()
            self._graph = self._load(frugal=True)

    def _load(self, frugal: bool) -> Graph:
        return load_graph(self._path, self._asked, self._threads, frugal)


def _fits(shape: Shape, wanted: Shape) -> bool:
    """Whether the sizes of a shape that are fixed are those wanted."""
    if len(shape) != len(wanted):
        return False
    return all(size in (None, right) for size, right in zip(shape, wanted, strict=True))

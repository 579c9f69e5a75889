"""Which runtime an execution provider belongs to."""

from __future__ import annotations

from pathlib import Path

from scotopic.errors import ModelError
from scotopic.networks import onnx_runtime, openvino_runtime
from scotopic.networks.graph import Graph


def load_graph(path: Path, provider: str, threads: int, frugal: bool = False) -> Graph:
    """Load a graph into the runtime of a provider.

    Parameters
    ----------
    path : path
    provider : str
        Short name of an execution provider, in any case.
    threads : int
    frugal : bool
        Whether to keep as little memory as possible, at the cost of speed.

    Returns
    -------
    Graph

    Raises
    ------
    MissingPackageError
        When the provider's runtime is an optional package, and missing.
    ModelError
        For an unknown provider, and a file that is no network.
    """
    asked = provider.lower()
    if asked in (openvino_runtime.FAST, openvino_runtime.EXACT):
        return openvino_runtime.OpenVinoGraph(path, asked, threads, frugal)
    if asked in onnx_runtime.providers():
        return onnx_runtime.OnnxGraph(path, asked, threads, frugal)
    there = ", ".join([*onnx_runtime.providers(), *openvino_runtime.providers()])
    raise ModelError(f"no provider {provider!r} here; there are: {there}")

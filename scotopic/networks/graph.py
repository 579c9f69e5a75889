"""What a runtime gives for an ONNX file: a graph that can be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from scotopic.types import Array

Shape = tuple[int | None, ...]
"""Sizes of an array; None stands for a size that is free."""
_MEMORY_IS_SHORT = ("Failed to allocate", "bad_alloc")
"""How the runtimes' errors of several classes say it."""


class Graph(Protocol):
    """A graph that a runtime has loaded. Several threads may run it at the same time.

    Attributes
    ----------
    provider : str
        The execution provider that is really used, by its short name.
    memory_ratio : float
        Working memory, in terms of what the file says of itself: that is
        measured with ONNX Runtime.
    metadata : dict of str to str
        All metadata of the file.
    inputs : dict of str to shape
    outputs : set of str
    """

    @property
    def provider(self) -> str:
        """The execution provider that is really used."""

    @property
    def memory_ratio(self) -> float:
        """Working memory, in terms of what the file says."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """All metadata of the file."""

    @property
    def inputs(self) -> Mapping[str, Shape]:
        """Names and shapes of the inputs."""

    @property
    def outputs(self) -> set[str]:
        """Names of the outputs."""

    def run(self, outputs: list[str], inputs: dict[str, Array]) -> list[Array]:
        """Compute outputs; the whole graph is computed whatever is asked for.

        Parameters
        ----------
        outputs : list of str
        inputs : dict of str to array, float32
            Every input of the graph.

        Returns
        -------
        list of array
            These may keep memory of the runtime alive.

        Raises
        ------
        MemoryError
            When there is not enough memory.
        """

    def release(self, outputs: list[str], inputs: dict[str, Array]) -> None:
        """Give back the memory that is kept for the next run.

        A runtime that only does so at the end of a run makes a small one, with
        these arguments.
        """


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn the errors by which runtimes say that memory is short into `MemoryError`."""
    try:
        yield
    except Exception as error:
        if not any(sign in str(error) for sign in _MEMORY_IS_SHORT):
            raise
        raise MemoryError("not enough memory for a tile") from error

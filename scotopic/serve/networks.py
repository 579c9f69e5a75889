"""The networks that the server has loaded."""

from __future__ import annotations

import threading

from scotopic import machine
from scotopic.enhancer import Enhancer
from scotopic.serve.options import Options


class Enhancers:
    """Enhancers by the names of their networks, each loaded once, when it is first needed.

    Several threads may ask at the same time.

    Parameters
    ----------
    options : Options
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._loaded: dict[str, Enhancer] = {}
        self._lock = threading.Lock()

    def get(self, model: str) -> Enhancer:
        """An enhancer with a worker's share of the memory and of the processors.

        Raises
        ------
        ScotopicError
            When the network cannot be loaded.
        """
        options = self._options
        with self._lock:
            if model not in self._loaded:
                threads = max(1, machine.threads() // options.workers)
                self._loaded[model] = Enhancer(
                    model, options.memory_of_one, options.provider, threads
                )
            return self._loaded[model]

    @property
    def are_ready(self) -> bool:
        """Whether the usual network has been loaded."""
        return self._options.model in self._loaded

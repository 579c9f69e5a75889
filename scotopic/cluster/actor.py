"""A worker: batches of names in, batches of outcomes out, with one loaded network."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from scotopic.cloud.step import enhance_object
from scotopic.enhancer import DEFAULT_MEMORY, Enhancer
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.settings import Settings
from scotopic.networks.registry import DEFAULT_MODEL

COLUMNS: dict[str, type] = {
    "source": str,
    "target": str,
    "status": str,
    "error": str,
    "reason": str,
    "remedy": str,
    "notes": str,
    "format": str,
    "exposure_before": float,
    "exposure_after": float,
    "gain": float,
    "seconds": float,
    "worker": str,
}
"""The columns of outcomes. A text that there is none of is empty, a number is NaN.

``status`` is ``enhanced``, ``copied``, ``skipped`` or ``failed``; ``error`` the class of
the error, ``reason`` what it says and ``remedy`` what to do about it, as a parameter in
Python, if that is known; ``notes`` what could not be kept, in sentences; ``format``
that of the result; ``exposure_before`` and ``exposure_after`` the mean levels, 0 to 1;
``gain`` that of the exposing curve, its mean; ``seconds`` how long it took; ``worker``
the machine and the process, as in ``node7:4711``.
"""


class EnhanceActor:
    """A loaded network that enhances the pictures that batches name.

    It is a class for Ray Data's ``map_batches``, and needs nothing of Ray itself:

        from scotopic.jobs.settings import Settings

        names = ray.data.read_parquet("names.parquet")  # with the columns source and target
        outcomes = names.map_batches(
            EnhanceActor,
            fn_constructor_kwargs={"settings": Settings(), "threads": 2},
            batch_size=32,
            num_cpus=2,
            compute=ray.data.ActorPoolStrategy(size=8),
        )

    A batch may be done again, whole or in part, at any time and anywhere: what is
    done already is skipped (`scotopic.cloud.step.enhance_object`).

    Parameters
    ----------
    settings : Settings, optional
        What is asked for of all pictures, and whether results are overwritten.
    model : str
        A registered name, or the path of an exported file where the actor runs.
    memory : int
        Bytes that the process should stay near.
    provider : str
        What runs the network, as for `Enhancer`.
    threads : int
        Threads of the network. Ask Ray for as many processors: ``num_cpus``.

    Raises
    ------
    ScotopicError
        When the network cannot be loaded, or not do what the settings ask for.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        model: str = DEFAULT_MODEL,
        memory: int = DEFAULT_MEMORY,
        provider: str = "cpu",
        threads: int = 1,
    ) -> None:
        self._settings = Settings() if settings is None else settings
        self._enhancer = Enhancer(model, memory, provider, threads)
        self._enhancer.network.check(self._settings.wish)
        self._worker = f"{platform.node()}:{os.getpid()}"

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Enhance the pictures of a batch; none of them raises an error.

        Parameters
        ----------
        batch : mapping of str to arrays
            ``source`` and ``target``: paths or URLs of pictures, and of their
            results. Other columns are handed on.

        Returns
        -------
        dict of str to arrays
            Those of `COLUMNS`, and the other columns.
        """
        pairs = zip(batch["source"], batch["target"], strict=True)
        rows = [self._row(str(source), str(target)) for source, target in pairs]
        others = {name: values for name, values in batch.items() if name not in COLUMNS}
        return {**others, **columns_of(rows)}

    def _row(self, source: str, target: str) -> dict[str, Any]:
        began = time.monotonic()
        outcome = enhance_object(self._enhancer, source, target, self._settings)
        seconds = time.monotonic() - began
        return {**row_of(outcome), "seconds": round(seconds, 4), "worker": self._worker}


def row_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome by `COLUMNS`, of no duration and no worker."""
    error, report = outcome.error, outcome.report
    return {
        "source": outcome.source,
        "target": str(outcome.target or ""),
        "status": outcome.status,
        "error": "" if error is None else type(error).__name__,
        "reason": "" if error is None else error.message,
        "remedy": "" if error is None or error.remedy is None else str(error.remedy),
        "notes": "; ".join(outcome.notes),
        "format": outcome.format or "",
        "exposure_before": math.nan if report is None else report.exposure_before,
        "exposure_after": math.nan if report is None else report.exposure_after,
        "gain": math.nan if report is None else report.gain,
        "seconds": math.nan,
        "worker": "",
    }


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as arrays, one for each of `COLUMNS`."""
    return {
        name: np.array([row[name] for row in rows], dtype=object if kind is str else np.float64)
        for name, kind in COLUMNS.items()
    }

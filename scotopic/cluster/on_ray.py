"""Ray, imported in this one place, with its usage statistics switched off."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scotopic import machine
from scotopic.cluster.actor import EnhanceActor
from scotopic.cluster.parts import SIZE, Parts
from scotopic.errors import AccessError, InvalidValueError, ScotopicError
from scotopic.types import Array

RETRIES = 3
"""Times that a batch is done again whose worker died."""
_STORE_BYTES = 100 * 2**20
"""Shared memory of a local cluster: it holds names and outcomes, and no pixels."""
_PATIENCE = 10
"""Seconds that a cluster has for its first answer."""
_SETTINGS = b"\4"
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + _SETTINGS + bytes(5)
"""How a connection of HTTP/2 begins: a line, and a frame of settings, with none in it."""
_MOST_NAMES = 64
_BATCHES_PER_WORKER = 8


# Before Ray is imported: it sends statistics of its use to its makers unless told
# otherwise. A value that the user has set is left alone.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")


@dataclass(frozen=True)
class Workers:
    """The processes that enhance.

    Attributes
    ----------
    count : int
        How many, at most.
    threads : int
        Processors and threads of the network for each.
    """

    count: int
    threads: int


@contextlib.contextmanager
def cluster(address: str | None, workers: int | None, threads: int) -> Iterator[Workers]:
    """Start a cluster on this machine, or join one, until the block ends.

    Parameters
    ----------
    address : str or None
        Of the cluster to join, such as ``auto`` or ``ray-head:6379``; None starts
        one on this machine, which only processes of this run can talk to.
    workers : int or None
        Processes that enhance; None for as many as there are processors for.
    threads : int
        Processors for each.

    Raises
    ------
    InvalidValueError
        When the cluster has not enough processors.
    AccessError
        When there is no cluster, or it cannot be started.
    """
    with faults():
        if address is None:
            count = workers or max(1, machine.threads() // threads)
            _start(count * threads)
        else:
            _join(address)
            count = _checked(workers, threads)
    # Ray says of workers that die, up to its end, on standard output, which is for results.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            yield Workers(count, threads)
        finally:
            import ray

            ray.shutdown()


def _start(processors: int) -> None:
    # Its ports are open to the whole network, so it gets a secret of its own.
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    _init(
        address="local",
        # One more than work, for the tasks that hand out names.
        num_cpus=processors + 1,
        num_gpus=0,
        include_dashboard=False,
        object_store_memory=_STORE_BYTES,
    )


def _join(address: str) -> None:
    if address != "auto":
        _reach(address)
    _init(address=address)


def _reach(address: str) -> None:
    """Look whether a cluster answers there, since Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        remedy = "name one such as auto or head:6379"
        raise InvalidValueError(f"{address!r} is not the address of a Ray cluster", remedy=remedy)
    try:
        with socket.create_connection((host, int(port)), _PATIENCE) as opened:
            is_ray = _speaks_http2(opened)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AccessError(f"no Ray cluster answers at {address}: {reason}") from error
    if not is_ray:
        raise AccessError(f"what answers at {address} is no Ray cluster")


def _speaks_http2(opened: socket.socket) -> bool:
    """Whether what is connected greets as Ray's servers do, with its settings in HTTP/2."""
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return True  # it would greet after its certificate
    opened.sendall(_GREETING)
    return opened.recv(9, socket.MSG_WAITALL)[3:4] == _SETTINGS


def _init(**options: Any) -> None:
    import ray

    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with warnings.catch_warnings(), _quiet_start(), _own_signals():
        warnings.simplefilter("ignore")
        ray.init(log_to_driver=False, logging_level=logging.CRITICAL, **options)


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Leave SIGTERM to us: Ray would end the process by it, with a dump of its stack."""
    ours = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ours)


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    """Keep from standard error what the core of Ray writes there of its logs; errors are raised."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _checked(workers: int | None, threads: int) -> int:
    """The number of workers that the cluster has room for beside what hands out names."""
    import ray

    there = int(ray.cluster_resources().get("CPU", 0))
    room = (there - 1) // threads
    if room < (workers or 1):
        needed = (workers or 1) * threads + 1
        problem = f"the cluster has {there} processors, and {needed} are needed"
        raise InvalidValueError(problem, remedy="ask for fewer workers or threads")
    return workers or room


@contextlib.contextmanager
def faults() -> Iterator[None]:
    """Turn errors of Ray into one line about the cluster."""
    try:
        yield
    except (ScotopicError, MemoryError):
        raise
    except Exception as error:
        cause = _cause_of(error)
        if cause is not None:
            raise cause from error
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else type(error).__name__
        raise AccessError(f"the cluster cannot be used: {reason}") from error


def _cause_of(error: BaseException | None) -> ScotopicError | None:
    """The error of ours that a worker failed by, inside what Ray makes of it."""
    while error is not None:
        if isinstance(error, ScotopicError):
            return error
        error = getattr(error, "cause", None) or error.__cause__
    return None


def outcomes(
    parts: Parts, numbers: Array | None, workers: Workers, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Have the workers enhance pictures, and tell what became of them as they are done.

    A batch whose worker dies is done again by another one, `RETRIES` times. After
    that its names are left out: something in it kills the workers.

    Parameters
    ----------
    parts : Parts
    numbers : array of int or None
        Names that are worked on, each by itself; None for all, in batches.
    workers : Workers
    options : mapping
        For `EnhanceActor`.

    Yields
    ------
    dict of str to arrays
        ``number``, and the columns of outcomes, of some pictures.

    Raises
    ------
    ScotopicError
        When the cluster cannot go on, or the network cannot be loaded there.
    """
    _quieten()
    batch = 1 if numbers is not None else _batch(parts.count, workers.count)
    with faults():
        enhanced = _pipeline(_source(parts, numbers), batch, workers, options)
        yield from enhanced.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0)


def unread(parts: Parts, part: int) -> str | None:
    """Why a worker cannot read a part of the names; None if it can.

    Ray passes over names that cannot be read as it does over batches that are lost.
    """
    import ray

    def look() -> str | None:
        try:
            parts.read(part)
        except Exception as error:
            return error.message if isinstance(error, ScotopicError) else str(error)
        return None

    with faults():
        reason: str | None = ray.get(ray.remote(num_cpus=0)(look).remote())
    return reason


def _pipeline(source: Any, batch: int, workers: Workers, options: Mapping[str, Any]) -> Any:
    """Names, read and cut into batches, and what the workers make of them."""
    import ray

    with warnings.catch_warnings():
        # Until Ray 2.64, retries have no parameter of their own.
        warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
        return (
            ray.data.read_datasource(source, num_cpus=0, concurrency=1)
            .repartition(target_num_rows_per_block=batch)
            .map_batches(
                EnhanceActor,
                fn_constructor_kwargs={**options, "threads": workers.threads},
                batch_size=batch,
                num_cpus=workers.threads,
                max_task_retries=RETRIES,
                compute=ray.data.ActorPoolStrategy(
                    min_size=1,
                    max_size=workers.count,
                    initial_size=workers.count,
                    # One that waits saves a pause; alone, none dies of its neighbour.
                    max_tasks_in_flight_per_actor=1 if batch == 1 else 2,
                ),
            )
        )


def _batch(names: int, workers: int) -> int:
    """Names in a batch: few enough that all workers end at about the same time."""
    return max(1, min(_MOST_NAMES, names // (workers * _BATCHES_PER_WORKER)))


def _quieten() -> None:
    """Leave telling to us, and losses of batches to `outcomes`."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1
    context.execution_no_progress_timeout_s = -1  # a large picture may take long
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _source(parts: Parts, numbers: Array | None) -> Any:
    """A data source of Ray: one task for each part, which reads it where it runs."""
    from ray.data import Datasource, ReadTask
    from ray.data.block import BlockMetadata

    if numbers is None:
        reads = [functools.partial(_whole, parts, part) for part in range(len(parts))]
    else:
        of_parts = (numbers[numbers // SIZE == part] for part in np.unique(numbers // SIZE))
        reads = [functools.partial(_some, parts, inside) for inside in of_parts]

    unknown = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)

    class Names(Datasource):  # type: ignore[misc]
        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            return [ReadTask(read, unknown) for read in reads]

        def estimate_inmemory_data_size(self) -> int | None:
            return None

    return Names()


def _whole(parts: Parts, part: int) -> list[Any]:
    return [parts.read(part)]


def _some(parts: Parts, numbers: Array) -> list[Any]:
    return list(parts.rows(numbers))

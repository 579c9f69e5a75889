"""Many files: several at once, with a record of what was done."""

from __future__ import annotations

import contextlib
import copy
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scotopic import __version__, machine, storage
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError, TooLargeError
from scotopic.jobs import one
from scotopic.jobs.one import Outcome
from scotopic.jobs.plan import arrivals, plan_jobs
from scotopic.jobs.record import Manifest
from scotopic.jobs.settings import STREAM, Job, Settings

__all__ = ["STREAM", "Job", "Outcome", "Settings", "arrivals", "plan_jobs", "run_all", "run_job"]

MOST_AT_ONCE = 4
_LEAST_MEMORY = 512 * 2**20
_WINDOW = 4
"""Jobs begun or waiting for each that is reported next."""


def usual_jobs(memory: int) -> int:
    """Pictures that are worked on at once unless asked otherwise."""
    return max(1, min(machine.threads(), MOST_AT_ONCE, memory // _LEAST_MEMORY))


def run_all(
    enhancer: Enhancer,
    jobs: Iterable[Job],
    settings: Settings,
    manifest: Manifest | None = None,
    at_once: int = 1,
) -> Iterator[tuple[Job, Outcome | ScotopicError]]:
    """Run jobs, and tell what became of each, in their order.

    Parameters
    ----------
    enhancer : Enhancer
        Its memory is shared by the pictures that are worked on at once; one
        that its share is too small for waits until it has all for itself.
    jobs, settings, manifest
        As for `run_job`.
    at_once : int
        Pictures worked on at once. It is fastest when the network has as many
        threads as there are processors for each picture.
    """
    if at_once == 1:
        for job in jobs:
            yield job, _outcome_of(enhancer, job, settings, manifest)
        return
    share = copy.copy(enhancer)
    share.memory = enhancer.memory // at_once
    pool = ThreadPoolExecutor(at_once)
    begun: deque[tuple[Job, Future[Outcome | ScotopicError]]] = deque()

    def next_told() -> tuple[Job, Outcome | ScotopicError]:
        job, future = begun.popleft()
        outcome = future.result()
        if isinstance(outcome, TooLargeError):
            for _, other in begun:
                other.exception()  # waits: this one is to have all the memory
            outcome = _outcome_of(enhancer, job, settings, manifest)
        return job, outcome

    # Warnings of decoders are hushed for all threads: what each hushes, another would restore.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for job in jobs:
                begun.append((job, pool.submit(_outcome_of, share, job, settings, manifest)))
                if len(begun) >= _WINDOW * at_once:
                    yield next_told()
            while begun:
                yield next_told()
        finally:
            pool.shutdown(cancel_futures=True)


def _outcome_of(
    enhancer: Enhancer, job: Job, settings: Settings, manifest: Manifest | None
) -> Outcome | ScotopicError:
    try:
        return run_job(enhancer, job, settings, manifest)
    except ScotopicError as error:
        return error


def run_job(
    enhancer: Enhancer, job: Job, settings: Settings, manifest: Manifest | None = None
) -> Outcome:
    """Read, enhance and write one picture.

    Parameters
    ----------
    enhancer, job, settings
        What with, what, and how.
    manifest : Manifest, optional
        Record of the output folder: what it says is done is not done again.

    Raises
    ------
    ScotopicError
        When it cannot be read or written; one line that names it.
    """
    if manifest is None:
        _refuse_to_replace(job.target, settings, manifest)
    with contextlib.closing(one.open_source(job, enhancer, settings)) as source:
        if manifest is None:
            return one.enhance_file(enhancer, source, job, settings)
        return _run_noted(enhancer, source, job, settings, manifest)


def _run_noted(
    enhancer: Enhancer, source: one.Source, job: Job, settings: Settings, manifest: Manifest
) -> Outcome:
    """Enhance one picture unless the record says that it is done; note what becomes of it."""
    made_from = {
        "input": source.sha256(),
        "model": enhancer.session.sha256,
        "version": __version__,
        **settings.of_result(),
    }
    if not settings.overwrite and manifest.is_done(job.target, made_from):
        return Outcome("done before")
    # Only now: it reads the result, and of one that is done that would be twice.
    _refuse_to_replace(job.target, settings, manifest)
    facts: dict[str, Any] = {"source": str(job.source), "made_from": made_from}
    manifest.note(job.target, "started", **facts)
    began = time.monotonic()
    try:
        outcome = one.enhance_file(enhancer, source, job, settings)
        facts |= {"output": storage.sha256_of_file(job.target)}
    except ScotopicError as error:
        manifest.note(job.target, "failed", error=str(error), **facts)
        raise
    facts["seconds"] = round(time.monotonic() - began, 3)
    manifest.note(job.target, "done", outcome=outcome.status, **facts)
    return outcome


def _refuse_to_replace(target: Path, settings: Settings, manifest: Manifest | None) -> None:
    if target == STREAM or settings.overwrite or not target.exists():
        return
    if manifest is None or not manifest.is_own(target):
        raise ScotopicError(f"{target}: exists; give --overwrite or another output")

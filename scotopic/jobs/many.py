"""Many pictures: several at once, with a record of what was done."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from scotopic import machine, storage
from scotopic.enhancer import Enhancer
from scotopic.errors import Parameter, ScotopicError, TargetExistsError, TooLargeError
from scotopic.jobs import files
from scotopic.jobs.one import Progress, named_errors
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.record import Record
from scotopic.jobs.settings import Job, Settings
from scotopic.version import __version__

J = TypeVar("J")
Told = TypeVar("Told", bound=Outcome)

MOST_AT_ONCE = 4
_LEAST_MEMORY = 512 * 2**20
_PATIENCE = 30
"""Times that the record is looked into for a result that another process has just put there."""
_WINDOW = 4
"""Jobs begun or waiting for each that is reported next."""


def usual_jobs(memory: int) -> int:
    """Pictures that are worked on at once unless asked otherwise.

    Parameters
    ----------
    memory : int
        Bytes that all of them share.
    """
    return max(1, min(machine.threads(), MOST_AT_ONCE, memory // _LEAST_MEMORY))


def run_all(
    enhancer: Enhancer,
    jobs: Iterable[Job],
    settings: Settings,
    record: Record | None = None,
    at_once: int = 1,
) -> Generator[Outcome, None, None]:
    """Run jobs, and tell what became of each, in their order.

    Parameters
    ----------
    enhancer : Enhancer
        Its memory is shared by the pictures that are worked on at once; one
        that its share is too small for waits until it has all for itself.
    jobs, settings, record
        As for `run_job`.
    at_once : int
        Pictures worked on at once. It is fastest when the network has as many
        threads as there are processors for each picture.

    Yields
    ------
    Outcome
        A picture that fails has one too; it does not end the others.
    """

    def step(enhancer: Enhancer, job: Job) -> Outcome:
        return _outcome_of(enhancer, job, settings, record)

    return run_steps(enhancer, jobs, step, at_once)


def run_steps(
    enhancer: Enhancer,
    jobs: Iterable[J],
    step: Callable[[Enhancer, J], Outcome],
    at_once: int = 1,
) -> Generator[Outcome, None, None]:
    """Take a step for each job, several at once, and tell what became of each, in their order.

    Parameters
    ----------
    enhancer, at_once
        As for `run_all`.
    jobs : iterable
        Of whatever the step takes.
    step : callable
        Raises no `ScotopicError`; failures are outcomes.

    Yields
    ------
    Outcome
    """
    if at_once == 1:
        for job in jobs:
            yield step(enhancer, job)
        return
    share = enhancer.with_memory(enhancer.memory // at_once)
    pool = ThreadPoolExecutor(at_once)
    begun: deque[tuple[J, Future[Outcome]]] = deque()

    def next_told() -> Outcome:
        job, future = begun.popleft()
        outcome = future.result()
        if _wants_more_memory(outcome.error):
            for _, other in begun:
                other.exception()  # waits: this one is to have all the memory
            outcome = step(enhancer, job)
        return outcome

    try:
        for job in jobs:
            begun.append((job, pool.submit(step, share, job)))
            if len(begun) >= _WINDOW * at_once:
                yield next_told()
        while begun:
            yield next_told()
    finally:
        pool.shutdown(cancel_futures=True)


def _wants_more_memory(error: ScotopicError | None) -> bool:
    """Whether a picture failed only for the memory that it was given."""
    remedy = None if error is None else error.remedy
    too_many_pixels = isinstance(remedy, Parameter) and remedy.name == "max_megapixels"
    return isinstance(error, TooLargeError) and not too_many_pixels


def _outcome_of(enhancer: Enhancer, job: Job, settings: Settings, record: Record | None) -> Outcome:
    try:
        return run_job(enhancer, job, settings, record)
    except ScotopicError as error:
        return Outcome("failed", str(job.source), job.target, error=error)


def run_job(
    enhancer: Enhancer,
    job: Job,
    settings: Settings,
    record: Record | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Read, enhance and write one picture.

    Parameters
    ----------
    enhancer, job, settings
        What with, what, and how.
    record : Record, optional
        Record of the output folder: what it says is done is not done again.
    progress : callable, optional
        Told the share of the enhancing that is done, 0 to 1.

    Raises
    ------
    ScotopicError
        When the picture cannot be read, enhanced or written; names the file.
    """
    with named_errors(str(job.source)):
        if record is None:
            refuse_to_replace(job.target, settings.placement.overwrite)
        with contextlib.closing(files.open_source(job, enhancer, settings)) as source:
            if record is None:
                return files.enhance_source(enhancer, source, job, settings, progress)
            return _run_recorded(enhancer, source, job, settings, record)


def refuse_to_replace(target: Path, overwrite: bool) -> None:
    """Raise a `TargetExistsError` unless a file may be written here."""
    if not overwrite and storage.is_there(target):
        raise storage.already_there(target)


def _run_recorded(
    enhancer: Enhancer, source: files.Source, job: Job, settings: Settings, record: Record
) -> Outcome:
    made_from = {
        "input": source.sha256(),
        "model": enhancer.network.sha256,
        "version": __version__,
        **settings.of_result(),
    }

    def make(overwrite: bool) -> Outcome:
        placement = replace(settings.placement, overwrite=overwrite)
        outcome = files.enhance_source(
            enhancer, source, job, replace(settings, placement=placement)
        )
        return replace(outcome, target=job.target)

    skipped = Outcome("skipped", str(job.source), job.target)
    return run_recorded(record, job, made_from, settings.placement.overwrite, make, skipped)


def run_recorded(  # noqa: PLR0913 (a job, what it depends on, and the two ways that it can go)
    record: Record,
    job: Job,
    made_from: dict[str, Any],
    overwrite: bool,
    make: Callable[[bool], Told],
    skipped: Told,
) -> Told:
    """Make a result unless the record says that it is done, and note what becomes of it.

    Parameters
    ----------
    record : Record
        Of the output folder.
    job : Job
    made_from : dict
        What the result depends on, as plain values; ``input`` is a digest of the source.
    overwrite : bool
        Whether the result is made in any case, and whatever is in its place is replaced.
    make : callable
        Makes it, told whether it may replace what is there.
    skipped : Outcome
        What is given back where nothing is to be done.

    Raises
    ------
    ScotopicError
        When a file that is not ours is in its place, and as `make` does.
    """
    if not overwrite and record.is_done(job.target, made_from):
        return skipped
    # Only now: it reads the result, and of one that is done that would be twice.
    source, digest = str(job.source), str(made_from["input"])
    is_ours = record.is_own(job.target) and record.is_from(job.target, source, digest)
    overwrite = overwrite or is_ours
    refuse_to_replace(job.target, overwrite)
    facts: dict[str, Any] = {"source": source, "made_from": made_from}
    record.note(job.target, "started", **facts)
    began = time.monotonic()
    try:
        outcome = make(overwrite)
        facts |= {"output": storage.sha256_of_file(job.target)}
    except ScotopicError as error:
        made = _made_by_another(record, job.target, made_from, error)
        if made is not None:
            record.note(job.target, "done", **made)
            return skipped
        record.note(job.target, "failed", error=error.message, **facts)
        raise
    facts["seconds"] = round(time.monotonic() - began, 3)
    record.note(job.target, "done", outcome=outcome.status, **facts)
    return outcome


def _made_by_another(
    record: Record, target: Path, made_from: dict[str, Any], error: ScotopicError
) -> dict[str, Any] | None:
    """What another process notes of the same result, which it has put there meanwhile, if so."""
    if not isinstance(error, TargetExistsError):
        return None
    for _ in range(_PATIENCE):  # the note comes a little later than the file
        entry = record.made(target, made_from)
        if entry is not None:
            facts = ("source", "made_from", "output", "outcome", "seconds")
            return {fact: entry[fact] for fact in facts if fact in entry}
        time.sleep(0.1)
    return None

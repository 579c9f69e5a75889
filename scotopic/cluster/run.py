"""A run: names planned and handed out, and what became of each picture told and noted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import numpy as np

from scotopic import errors
from scotopic.cloud import urls
from scotopic.cloud.many import ObjectJob
from scotopic.cloud.runs import RunRecord
from scotopic.cluster import names, on_ray, parts
from scotopic.cluster.actor import COLUMNS, columns_of, row_of
from scotopic.cluster.on_ray import Workers
from scotopic.cluster.parts import Parts
from scotopic.cluster.report import Report
from scotopic.errors import InvalidValueError, Parameter, ScotopicError
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.settings import Settings
from scotopic.types import Array

Columns = Mapping[str, Any]
"""Outcomes of some pictures, by the columns of `COLUMNS`."""
Refuse = Callable[[ObjectJob, ScotopicError], None]


class Run:
    """A run, from names to notes of what became of each picture.

    Parameters
    ----------
    output : str
        URL or path of the folder for results.
    facts : dict
        What there is to know of the run, for its record, as plain values.
    report : str, optional
        URL or path of the folder for the report.

    Raises
    ------
    ScotopicError
        When no report can be there, or a place is in the memory of one process.
    """

    def __init__(self, output: str, facts: dict[str, Any], report: str | None = None) -> None:
        self._output = _shared(output)
        self._report = None if report is None else Report(_shared(report))
        self._facts = facts
        self._planned = Parts("", 0)
        self._record: RunRecord | None = None
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """Time since the first picture was begun, in seconds; 0 before its outcome is known."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def plan(self, source: str, settings: Settings, refused: Callable[[Outcome], None]) -> int:
        """Write down all names, count them, and begin the report.

        Parameters
        ----------
        source, settings
            As for `scotopic.cluster.names.jobs`.
        refused : callable
            Takes the outcome of each picture that can have no place in the output.

        Raises
        ------
        ScotopicError
            When there are no pictures, or names or the report cannot be read or written.
        """
        _shared(source)

        def refuse(job: ObjectJob, error: ScotopicError) -> None:
            shown = job.source.encode(errors="replace").decode()
            for outcome in self._noted(columns_of([row_of(Outcome("failed", shown, error=error))])):
                refused(outcome)

        self._planned = plan(source, self._output, settings, refuse)
        if self._report is not None:
            self._report.begin()
        return self._planned.count

    def outcomes(
        self, workers: Workers, options: Mapping[str, Any]
    ) -> Generator[Outcome, None, None]:
        """Have the workers enhance all pictures; tell what became of each, as it is done.

        Parameters
        ----------
        workers : Workers
        options : mapping
            For `EnhanceActor`.
        """
        self._begun_record()
        for columns in enhanced(self._planned, workers, options):
            if self._began is None:
                self._began = time.monotonic() - float(np.nansum(columns["seconds"]))
            yield from self._noted(columns)

    def _begun_record(self) -> RunRecord:
        """Begun when it is needed: a run without pictures leaves nothing."""
        if self._record is None:
            self._record = RunRecord(self._output, self._facts)
        return self._record

    def _noted(self, columns: Columns) -> list[Outcome]:
        """Note all outcomes of a batch before one is told, which may be interrupted."""
        if self._report is not None:
            self._report.add(columns)
        outcomes = []
        for values in zip(*(columns[name] for name in COLUMNS), strict=True):
            row = dict(zip(COLUMNS, values, strict=True))
            outcomes.append(_outcome_of(row))
            self._begun_record().add(outcomes[-1], float(np.nan_to_num(row["seconds"])))
        return outcomes

    def close(self) -> None:
        """Put all notes in place, and take the names away.

        Raises
        ------
        ScotopicError
            When something cannot be written.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._tidy)
            if self._record is not None:
                stack.callback(self._record.close)
            if self._report is not None:
                stack.callback(self._report.close)

    def _tidy(self) -> None:
        # Who may write need not be allowed to remove, and small files may stay.
        with contextlib.suppress(ScotopicError):
            self._planned.remove()


def _shared(place: str) -> str:
    """A place by the name that it has in every process."""
    if urls.scheme_of(place) == "memory":
        raise InvalidValueError("lies in one process, and a cluster has several", path=place)
    return urls.whole(place)


def plan(source: str, output: str, settings: Settings, refuse: Refuse) -> Parts:
    """Write down all names of a run; only some of them are held at one time.

    Parameters
    ----------
    source, output, settings
        As for `scotopic.cluster.names.jobs`.
    refuse : callable
        Takes each job that has no target, or whose name says nothing to workers, and why.
    """

    def pairs() -> Iterator[tuple[str, str]]:
        for job in names.jobs(source, output, settings):
            error = job.error or _unsendable(job)
            if job.target is None or error is not None:
                refuse(job, error or ScotopicError("has no place in the output"))
            else:
                yield job.source, job.target

    return parts.write(pairs(), output)


def _unsendable(job: ObjectJob) -> ScotopicError | None:
    """Names of files may hold bytes that are no text, and Parquet and Ray send text."""
    try:
        for place in filter(None, (job.source, job.target)):
            _shared(place).encode()
    except UnicodeEncodeError:
        return InvalidValueError("its name is not text in UTF-8")
    except ScotopicError as error:
        return error
    return None


def enhanced(planned: Parts, workers: Workers, options: Mapping[str, Any]) -> Iterator[Columns]:
    """Have the workers enhance all pictures, and tell what became of each, once.

    What was lost with a batch whose workers died each time is tried again by
    itself; a picture that is lost even so has failed.
    """
    told = np.zeros(planned.count, bool)

    def work(numbers: Array | None) -> Iterator[Columns]:
        for columns in on_ray.outcomes(planned, numbers, workers, options):
            told[columns["number"]] = True
            yield columns

    if planned.count:
        yield from work(None)
    lost = np.flatnonzero(~told)
    if len(lost):
        yield from work(lost)
    for table in planned.rows(np.flatnonzero(~told)):
        rows = table.to_pylist()
        unread = on_ray.unread(planned, rows[0]["number"] // parts.SIZE)
        yield columns_of([_lost(row, unread) for row in rows])


def _lost(row: Mapping[str, Any], unread: str | None) -> dict[str, Any]:
    """What became of a picture of which no worker told, and why its name could not be read."""
    if unread is None:
        error = ScotopicError(
            "each worker that took it died",
            remedy="give workers more memory, or see what Ray's logs say of them",
        )
    else:
        error = ScotopicError(
            f"workers cannot read the names of the run in the output: {unread}",
            remedy="all machines have to reach the output by the same name",
        )
    return row_of(Outcome("failed", row["source"], row["target"], error=error))


def _outcome_of(row: Mapping[str, Any]) -> Outcome:
    """An outcome, without what a report says beside numbers."""
    error = None
    if row["status"] == "failed":
        kind = getattr(errors, row["error"], ScotopicError)
        remedy = Parameter.read(row["remedy"]) or row["remedy"] or None
        error = kind(row["reason"], path=row["source"], remedy=remedy)
    target, form = row["target"] or None, row["format"] or None
    notes = tuple(filter(None, row["notes"].split("; ")))
    return Outcome(row["status"], row["source"], target, form, None, notes, error)

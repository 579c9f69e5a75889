"""A run: names planned and handed out, and what became of each picture told and noted."""

from __future__ import annotations

import contextlib
import functools
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
from scotopic.errors import InvalidValueError, ScotopicError
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
        When no report can be there.
    """

    def __init__(self, output: str, facts: dict[str, Any], report: str | None = None) -> None:
        self._output = urls.whole(output)
        self._report = None if report is None else Report(urls.whole(report))
        self._facts = facts
        self._planned = Parts("", 0)

    def plan(self, source: str, settings: Settings, refused: Callable[[Outcome], None]) -> int:
        """Write down all names, and count them.

        Parameters
        ----------
        source, settings
            As for `scotopic.cluster.names.jobs`.
        refused : callable
            Takes the outcome of each picture that can have no place in the output.

        Raises
        ------
        ScotopicError
            When there are no pictures, or names cannot be read or written.
        """

        def refuse(job: ObjectJob, error: ScotopicError) -> None:
            shown = job.source.encode(errors="replace").decode()
            for outcome in self._noted(columns_of([row_of(Outcome("failed", shown, error=error))])):
                refused(outcome)

        self._planned = plan(source, self._output, settings, refuse)
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
        for columns in enhanced(self._planned, workers, options):
            yield from self._noted(columns)

    @functools.cached_property
    def _record(self) -> RunRecord:
        """Begun with the first note: a run without pictures leaves nothing."""
        return RunRecord(self._output, self._facts)

    def _noted(self, columns: Columns) -> Iterator[Outcome]:
        if self._report is not None:
            self._report.add(columns)
        for values in zip(*(columns[name] for name in COLUMNS), strict=True):
            row = dict(zip(COLUMNS, values, strict=True))
            outcome = _outcome_of(row)
            self._record.add(outcome, float(np.nan_to_num(row["seconds"])))
            yield outcome

    def close(self) -> None:
        """Put all notes in place, and take the names away.

        Raises
        ------
        ScotopicError
            When something cannot be written.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._tidy)
            if "_record" in vars(self):
                stack.callback(self._record.close)
            if self._report is not None:
                stack.callback(self._report.close)

    def _tidy(self) -> None:
        # Who may write need not be allowed to remove, and small files may stay.
        with contextlib.suppress(ScotopicError):
            self._planned.remove()


def plan(source: str, output: str, settings: Settings, refuse: Refuse) -> Parts:
    """Write down all names of a run; only some of them are held at one time.

    Parameters
    ----------
    source, output, settings
        As for `scotopic.cluster.names.jobs`.
    refuse : callable
        Takes each job that has no target, or whose name is not text, and why.
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
        (job.source + (job.target or "")).encode()
    except UnicodeEncodeError:
        return InvalidValueError("its name is not text in UTF-8")
    return None


def enhanced(planned: Parts, workers: Workers, options: Mapping[str, Any]) -> Iterator[Columns]:
    """Have the workers enhance all pictures, and tell what became of each, once.

    What was lost with a batch whose workers died each time is tried again by
    itself; a picture whose workers die even so has failed.
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
        yield columns_of([_deadly(row) for row in table.to_pylist()])


def _deadly(row: Mapping[str, Any]) -> dict[str, Any]:
    error = ScotopicError(
        "each worker that took it died",
        remedy="give workers more memory, or see what Ray's logs say of them",
    )
    return row_of(Outcome("failed", row["source"], row["target"], error=error))


def _outcome_of(row: Mapping[str, Any]) -> Outcome:
    """An outcome, without what a report says beside numbers."""
    error = None
    if row["status"] == "failed":
        kind = getattr(errors, row["error"], ScotopicError)
        error = kind(row["reason"], path=row["source"], remedy=row["remedy"] or None)
    target, form = row["target"] or None, row["format"] or None
    notes = tuple(filter(None, row["notes"].split("; ")))
    return Outcome(row["status"], row["source"], target, form, None, notes, error)

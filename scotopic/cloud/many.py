"""Many pictures under URLs: found one by one, enhanced several at once, noted in a record."""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from scotopic.cloud import locations, urls
from scotopic.cloud.runs import RunRecord
from scotopic.cloud.step import enhance_object
from scotopic.cloud.stores import open_store
from scotopic.enhancer import Enhancer
from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError
from scotopic.jobs import many
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.settings import Settings
from scotopic.jobs.shard import Shard


@dataclass(frozen=True)
class ObjectJob:
    """A picture to read and the target to write; or the error by which it has none."""

    source: str
    target: str | None
    error: ScotopicError | None = None


class ObjectPlan:
    """Jobs for the pictures under URLs and paths, found anew each time they are gone through.

    Parameters
    ----------
    roots : sequence of str
        URLs and paths of pictures and folders.
    output : str or None
        URL or path of the folder for the results, or of the one file; None for
        results beside their sources.
    is_file : bool
        Whether the output is one file.
    settings : Settings
    shard : Shard, optional
        Which share of the pictures; by default all.

    Raises
    ------
    MissingFileError
        When there are no pictures under a root.
    InvalidValueError
        When several pictures are to go into one file, a root lies in the
        output, or a URL has a scheme that is not known.
    """

    def __init__(
        self,
        roots: Sequence[str],
        output: str | None,
        is_file: bool,
        settings: Settings,
        shard: Shard | None = None,
    ) -> None:
        self._roots, self._output, self._is_file = roots, output, is_file
        self._settings, self._shard = settings, shard
        for place in (*roots, *([] if output is None else [output])):
            open_store(place)  # refuses a scheme that nobody knows
        for root in roots:
            if next(self._sources(root), None) is None:
                raise self._nothing(root)
        sources = (source for root in roots for source in self._sources(root))
        if is_file and len(list(itertools.islice(sources, 2))) > 1:
            remedy = "name a folder instead"
            raise InvalidValueError("one file for several pictures", path=output, remedy=remedy)

    def __iter__(self) -> Iterator[ObjectJob]:
        for root in self._roots:
            try:
                for source in self._sources(root):
                    if self._shard is None or self._shard.holds(urls.relative(source, root)):
                        yield self._job(root, source)
            except ScotopicError as error:  # a listing that breaks off costs no other picture
                yield ObjectJob(root, None, error)

    def _job(self, root: str, source: str) -> ObjectJob:
        if self._is_file:
            return ObjectJob(source, self._output)
        try:
            return ObjectJob(
                source, locations.target_of(source, root, self._output, self._settings)
            )
        except ScotopicError as error:
            return ObjectJob(source, None, error)

    def _sources(self, root: str) -> Iterator[str]:
        """Pictures under a root that are not results themselves."""
        return (name for name in locations.names(root) if not self._is_result(root, name))

    def _is_result(self, root: str, source: str) -> bool:
        if source == root or self._is_file:
            return False
        if self._output is None:
            return urls.stem_of(source).endswith(self._settings.placement.suffix)
        return source.startswith(self._output.rstrip("/") + "/")

    def _nothing(self, root: str) -> ScotopicError:
        if self._output is not None and (root.rstrip("/") + "/").startswith(
            self._output.rstrip("/") + "/"
        ):
            return InvalidValueError("lies in the output folder", path=root)
        return MissingFileError("no pictures there", path=root)


def run_all(
    enhancer: Enhancer,
    jobs: ObjectPlan,
    settings: Settings,
    record: RunRecord | None = None,
    at_once: int = 1,
) -> Generator[Outcome, None, None]:
    """Take the step of `scotopic.cloud.step` for each job; see `scotopic.jobs.many.run_all`."""

    def step(enhancer: Enhancer, job: ObjectJob) -> Outcome:
        began = time.monotonic()
        if job.target is None:
            outcome = Outcome("failed", job.source, error=job.error)
        else:
            outcome = enhance_object(enhancer, job.source, job.target, settings)
        if record is not None:
            record.add(outcome, time.monotonic() - began)
        return outcome

    return many.run_steps(enhancer, jobs, step, at_once)


def is_there(target: str) -> bool:
    """Whether there is an object or a file.

    Raises
    ------
    ScotopicError
        When that cannot be known.
    """
    return open_store(target).look(urls.key_of(target)) is not None

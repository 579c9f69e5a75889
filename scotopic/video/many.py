"""Many films, one after the other, with a record of what was done."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.jobs.many import run_recorded
from scotopic.jobs.record import Record
from scotopic.jobs.settings import Job
from scotopic.version import __version__
from scotopic.video import one
from scotopic.video.outcome import VideoOutcome
from scotopic.video.pipeline import Progress
from scotopic.video.settings import VideoSettings


def enhance_all(
    enhancer: Enhancer,
    jobs: Iterable[Job],
    settings: VideoSettings,
    record: Record | None = None,
    progress: Progress | None = None,
) -> Generator[VideoOutcome, None, None]:
    """Enhance films, and tell what became of each.

    Parameters
    ----------
    enhancer, settings, progress
        As for `one.enhance_film`.
    jobs : iterable of Job
    record : Record, optional
        Of the output folder: what it says is done is not done again.

    Yields
    ------
    VideoOutcome
        A film that fails has one too; it does not end the others.
    """
    for job in jobs:
        try:
            yield _outcome(enhancer, job, settings, record, progress)
        except ScotopicError as error:
            yield VideoOutcome("failed", str(job.source), job.target, error=error)


def _outcome(
    enhancer: Enhancer,
    job: Job,
    settings: VideoSettings,
    record: Record | None,
    progress: Progress | None,
) -> VideoOutcome:
    def make(overwrite: bool) -> VideoOutcome:
        wanted = replace(settings, overwrite=overwrite)
        return one.enhance_film(enhancer, job.source, job.target, wanted, progress)

    if record is None:
        return make(settings.overwrite)
    with one.named_errors(str(job.source)):
        made_from = _made_from(enhancer, job, settings)
    skipped = VideoOutcome("skipped", str(job.source), job.target)
    return run_recorded(record, job, made_from, settings.overwrite, make, skipped)


def _made_from(enhancer: Enhancer, job: Job, settings: VideoSettings) -> dict[str, Any]:
    return {
        "input": storage.sha256_of(repr(one.fingerprint(job.source)).encode()),
        "model": enhancer.network.sha256,
        "version": __version__,
        **settings.of_result(),
    }

"""scotopic enhance, where URLs stand among what is read and written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from scotopic.cloud.urls import is_url
from scotopic.commands.common import STANDARD, complain, told
from scotopic.errors import InvalidValueError, ScotopicError

if TYPE_CHECKING:
    from scotopic.cloud.many import ObjectPlan
    from scotopic.commands.enhance import Call


def enhance_urls(call: Call, dry_run: bool, watch: bool) -> bool:
    """Enhance all pictures that the URLs and paths lead to; whether anything failed."""
    from scotopic.cloud import many
    from scotopic.cloud.runs import RunRecord
    from scotopic.jobs.many import usual_jobs

    _refuse_what_needs_files(call, watch)
    output, is_file = _output_of(call)
    roots = [str(path) for path in call.paths]
    planned = many.ObjectPlan(roots, output, is_file, call.settings, call.shard)
    if dry_run:
        if call.tell.as_json:
            raise InvalidValueError("--dry-run does not go with --json")
        return _show(planned, call.settings.placement.overwrite)
    at_once = call.jobs or usual_jobs(call.memory)
    enhancer = call.enhancer(at_once)
    facts: dict[str, Any] = {"model": enhancer.network.sha256}
    facts["settings"] = call.settings.of_result()
    facts["shard"] = None if call.shard is None else str(call.shard)
    record = None if output is None or is_file else RunRecord(output, facts)
    outcomes = many.run_all(enhancer, planned, call.settings, record, at_once)
    try:
        # Names are listed twice only for somebody who looks at the bar.
        is_watched = sys.stderr.isatty() and not call.tell.quiet
        count = sum(1 for _ in planned) if is_watched else 0
        return call.tell.outcomes(outcomes, count) > 0
    finally:
        outcomes.close()
        if record is not None:
            record.close()


def _refuse_what_needs_files(call: Call, watch: bool) -> None:
    if STANDARD in call.paths or call.output == str(STANDARD):
        raise InvalidValueError("standard input and output do not go with URLs")
    options = {
        "--watch": watch,
        "--keep-times": call.settings.placement.keep_times,
        "--no-resume": not call.resume,
    }
    for option, is_given in options.items():
        if is_given:
            raise InvalidValueError(f"{option} is for files and folders, not for URLs")


def _output_of(call: Call) -> tuple[str | None, bool]:
    """The output as a URL or path, and whether it is one file."""
    from scotopic.cloud.locations import file_of

    output, placed = call.output, call.settings.placement
    if output is None or is_url(output):
        return output, output is not None and file_of(output, call.settings)
    return str(placed.output), placed.file is not None


def _show(planned: ObjectPlan, overwrite: bool) -> bool:
    """Print which objects would be written; whether that cannot be known of any."""
    from scotopic.cloud import many

    failed = False
    for job in planned:
        try:
            if job.target is None:
                raise job.error or InvalidValueError("has no target", path=job.source)
            there = not overwrite and many.is_there(job.target)
        except ScotopicError as error:
            complain(told(error))
            failed = True
        else:
            said = f"{job.source} -> {job.target}" + (" (exists already)" if there else "")
            click.echo(said)
    return failed

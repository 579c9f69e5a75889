"""scotopic enhance."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scotopic.cloud.urls import is_url
from scotopic.commands.common import (
    OUTPUT,
    PLACE,
    SOME_FAILED,
    STANDARD,
    complain,
    max_megapixels_option,
    memory_option,
    one_line_errors,
    provider_option,
    settings_of,
    told,
    wish_options,
)
from scotopic.commands.telling import Telling
from scotopic.errors import InvalidValueError, ScotopicError
from scotopic.networks.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from scotopic.enhancer import Enhancer
    from scotopic.jobs.outcome import Outcome
    from scotopic.jobs.plan import Plan
    from scotopic.jobs.record import Record
    from scotopic.jobs.settings import Settings
    from scotopic.jobs.shard import Shard


@dataclass(frozen=True)
class Call:
    """What the command was called with."""

    paths: tuple[Path | str, ...]
    output: str | None
    settings: Settings
    model: str
    memory: int
    jobs: int | None
    provider: str
    resume: bool
    shard: Shard | None
    tell: Telling

    @property
    def of_urls(self) -> bool:
        """Whether there are URLs among what is read and written."""
        return any(isinstance(path, str) for path in self.paths) or _is_url(self.output)

    @property
    def local(self) -> list[Path]:
        """The paths, where there are no URLs among them."""
        return [Path(path) for path in self.paths]

    def enhancer(self, at_once: int = 1) -> Enhancer:
        """An enhancer, with a share of the processors for pictures worked on at once."""
        from scotopic import machine
        from scotopic.enhancer import Enhancer

        threads = max(1, machine.threads() // at_once)
        enhancer = Enhancer(self.model, self.memory, self.provider, threads)
        enhancer.network.check(self.settings.wish)  # once, and not for each picture
        return enhancer


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PLACE)
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    help="File or folder to write, or its URL; - is standard output. A name that ends with a slash "
    "is a folder.  [default: beside each source]",
)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name of a shipped network, or an .onnx file.",
)
@wish_options
@memory_option
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    help="Number of pictures worked on at once.  [default: one for each processor, at most 4]",
)
@provider_option
@click.option(
    "-f",
    "--format",
    help="Format to write, such as png.  [default: as the output is named, or as the source]",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="Quality of JPEG, WebP, AVIF, JPEG XL and JPEG 2000.  [default: as the source for JPEG, else 95]",
)
@click.option(
    "--suffix",
    default="_enhanced",
    show_default=True,
    help="Suffix for the names of results that are written beside their sources.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option("--strip", is_flag=True, help="Drop all metadata but the colour profile.")
@click.option(
    "--keep-times", is_flag=True, help="Give results the modification times of their sources."
)
@max_megapixels_option
@click.option(
    "--allow-truncated",
    is_flag=True,
    help="Enhance files that were cut off, as far as they go; what is missing stays empty.",
)
@click.option(
    "--skip-bright", is_flag=True, help="Copy pictures that are bright enough already, unchanged."
)
@click.option(
    "--resume/--no-resume",
    default=True,
    help="In an output folder, skip pictures that an earlier call finished with the same "
    "settings.  [default: resume]",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Enhance only one of N shares of the pictures, such as 2/3. I counts from 1.",
)
@click.option("--dry-run", is_flag=True, help="Show which files would be written, and stop.")
@click.option(
    "--watch",
    is_flag=True,
    help="Keep enhancing pictures that appear in the folders, until Ctrl-C.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per picture.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but what failed.")
@click.option(
    "-v",
    "--verbose",
    count=True,
    help="Print a line per picture even beside a progress bar; -vv prints tracebacks of errors too.",
)
@one_line_errors
def enhance(
    dry_run: bool, watch: bool, as_json: bool, quiet: bool, verbose: int, **options: Any
) -> None:
    """Enhance pictures, folders of pictures, or standard input (-).

    URLs of object storage, such as s3://bucket/night, may stand for paths.
    """
    call = _call(Telling(as_json, quiet, verbose), options)
    if call.shard is not None and (watch or STANDARD in (*call.paths, Path(call.output or "."))):
        raise InvalidValueError("--shard is for folders, not for --watch, standard input or output")
    if call.of_urls:
        from scotopic.commands import enhance_urls

        failed = enhance_urls.enhance_urls(call, dry_run, watch)
    elif STANDARD in call.paths or call.output == str(STANDARD):
        if watch:
            raise InvalidValueError("--watch is for folders, not for standard input or output")
        failed = _stream(call, dry_run)
    elif watch:
        failed = _watch(call, dry_run)
    else:
        failed = _batch(call, dry_run)
    raise SystemExit(SOME_FAILED if failed else 0)


def _call(tell: Telling, options: dict[str, Any]) -> Call:
    from scotopic import machine
    from scotopic.jobs.settings import Placement
    from scotopic.jobs.shard import Shard

    def some(*names: str) -> dict[str, Any]:
        return {name: options[name] for name in names}

    output = options["output"]
    placed = None if output == str(STANDARD) or _is_url(output) else output
    settings = settings_of(
        options, Placement.at(placed, **some("suffix", "overwrite", "keep_times"))
    )
    memory = options["memory"] or machine.default_memory()
    rest = some("paths", "output", "model", "jobs", "provider", "resume")
    shard = None if options["shard"] is None else Shard.parse(options["shard"])
    return Call(settings=settings, memory=memory, tell=tell, shard=shard, **rest)


def _is_url(output: str | None) -> bool:
    return output is not None and is_url(output)


def _batch(call: Call, dry_run: bool) -> bool:
    """Enhance all pictures that the paths lead to; whether anything failed."""
    from scotopic.jobs import many, plan

    planned = plan.plan_jobs(call.local, call.settings, call.shard)
    if dry_run and call.tell.as_json:
        raise InvalidValueError("--dry-run does not go with --json")
    if dry_run:
        failed = _show(planned, call.settings.placement.overwrite)
        return failed + call.tell.passed_over(planned) > 0
    at_once = max(1, min(call.jobs or many.usual_jobs(call.memory), len(planned)))
    enhancer = call.enhancer(at_once)
    outcomes = many.run_all(enhancer, planned, call.settings, _record(call), at_once)
    failed = call.tell.outcomes(outcomes, len(planned))
    return failed + call.tell.passed_over(planned) > 0


def _show(planned: Plan, overwrite: bool) -> int:
    """Print which files would be written; of how many that cannot be known."""
    from scotopic import storage

    failed = 0
    for job in planned:
        try:
            there = not overwrite and storage.is_there(job.target)
        except ScotopicError as error:
            complain(told(error))
            failed += 1
        else:
            click.echo(f"{job.source} -> {job.target}" + (" (exists already)" if there else ""))
    return failed


def _watch(call: Call, dry_run: bool) -> bool:
    """Enhance pictures as they appear in the folders, until Ctrl-C."""
    from scotopic.jobs import many, plan

    if call.settings.placement.folder is None:
        raise InvalidValueError("--watch needs an output folder: -o FOLDER")
    if dry_run:
        raise InvalidValueError("--dry-run does not go with --watch")
    at_once = call.jobs or many.usual_jobs(call.memory)
    enhancer, record, failed = call.enhancer(at_once), _record(call), 0
    for jobs in plan.arrivals(call.local, call.settings, tell=lambda error: complain(told(error))):
        outcomes = many.run_all(enhancer, jobs, call.settings, record, at_once)
        failed += call.tell.outcomes(outcomes, len(jobs))
    return failed > 0


def _record(call: Call) -> Record | None:
    from scotopic.jobs.record import Record

    folder = call.settings.placement.folder
    return Record(folder) if call.resume and folder is not None else None


def _stream(call: Call, dry_run: bool) -> bool:
    """Enhance one picture from standard input, or to standard output; whether it failed."""
    if len(call.paths) > 1:
        raise InvalidValueError("standard input and output are for one picture")
    (path,) = call.paths
    to_output = call.output == str(STANDARD) or (call.output is None and path == STANDARD)
    if to_output and call.tell.as_json:
        raise InvalidValueError("--json and the picture cannot both go to standard output")
    name = "standard input" if path == STANDARD else str(path)
    if dry_run:
        click.echo(f"{name} -> {'standard output' if to_output else call.output}")
        return False
    try:
        outcome = _enhance_stream(call, name, to_output)
    except ScotopicError as error:
        from scotopic.jobs.outcome import Outcome

        outcome = Outcome("failed", name, error=error)
    call.tell.outcome(outcome)
    return outcome.status == "failed"


def _enhance_stream(call: Call, name: str, to_output: bool) -> Outcome:
    from scotopic import storage
    from scotopic.jobs import many, one
    from scotopic.photo import formats

    (path,), placement = call.local, call.settings.placement
    enhancer = call.enhancer()
    if placement.file is not None:
        many.refuse_to_replace(placement.file, placement.overwrite)
    if path == STANDARD:
        data = storage.read_all(sys.stdin.buffer, name, call.memory)
    else:
        data = storage.read_bytes(path, call.memory)
    settings = call.settings.named_by(placement.file) if placement.file else call.settings
    made, outcome = one.enhance_bytes(enhancer, data, settings, name)
    if to_output:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
        return outcome
    target = placement.file
    if target is None:
        suffix = formats.FORMATS[str(outcome.format)].suffixes[0]
        target = (placement.folder or Path()) / f"picture{suffix}"
        many.refuse_to_replace(target, placement.overwrite)
    storage.write_atomically(made, target, placement.overwrite)
    return replace(outcome, target=target)

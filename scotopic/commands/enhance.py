"""scotopic enhance."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import click

from scotopic.commands.common import DEFAULT_MODEL, STREAM, complain, one_line_errors, progress
from scotopic.errors import ScotopicError

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


class _MemorySize(click.ParamType):
    """Bytes of a size such as ``512M`` or ``1.5G``."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        unit = _UNITS.get(value[-1:].upper(), 1)
        try:
            size = int(float(value.rstrip("kKmMgG")) * unit)
        except (ValueError, OverflowError):
            size = 0
        if size <= 0:
            self.fail(f"{value!r} is no size such as 512M or 2G", param, ctx)
        return size


@click.command()
@click.argument("paths", nargs=-1, required=True, type=STREAM)
@click.option("-o", "--output", type=STREAM, help="File or folder; - is standard output.")
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name, or .onnx file.")
@click.option("--exposure", type=float, help="Mean level wanted of the result, 0 to 1.")
@click.option("--ev", type=float, default=0.0, help="Stops added to the automatic exposure.")
@click.option(
    "--strength", type=float, default=1.0, show_default=True, help="0 none, 1 the whole effect."
)
@click.option(
    "--memory",
    type=_MemorySize(),
    help="Memory to stay near, such as 1G.  [default: half of what is free, 4G at most]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Pictures worked on at once.  [default: one for each processor, 4 at most]",
)
@click.option("--provider", default="cpu", show_default=True, help="Execution provider.")
@click.option("--format", "extension", help="Format to write, such as png.")
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="Of JPEG, WebP and AVIF.  [default: as the source, or 95]",
)
@click.option(
    "--suffix", default="_enhanced", show_default=True, help="Of names beside their sources."
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option("--strip", is_flag=True, help="Drop all metadata but the colour profile.")
@click.option("--times", is_flag=True, help="Give results the file times of their sources.")
@click.option(
    "--max-megapixels",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Refuse larger pictures, before they are decoded.",
)
@click.option("--skip-bright", is_flag=True, help="Copy pictures that are bright enough already.")
@click.option(
    "--resume/--no-resume",
    default=True,
    help="In an output folder, pass over what an earlier call did the same way.  [default: resume]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and stop.")
@click.option(
    "--watch", is_flag=True, help="Go on with what is put into the folders, until Ctrl-C."
)
@click.option("--json", "as_json", is_flag=True, help="One object a picture on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what failed.")
@click.option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks.")
@one_line_errors
def enhance(
    paths: tuple[Path, ...],
    model: str,
    memory: int | None,
    jobs: int | None,
    provider: str,
    resume: bool,
    dry_run: bool,
    watch: bool,
    as_json: bool,
    quiet: bool,
    verbose: int,
    **settings: Any,
) -> None:
    """Enhance pictures, folders of them, or standard input (-)."""
    from scotopic import machine
    from scotopic.enhancer import Enhancer
    from scotopic.jobs import many
    from scotopic.jobs.record import Manifest

    chosen = many.Settings(**settings)
    if watch and (chosen.output is None or chosen.output_is_file):
        raise ScotopicError("--watch needs an output folder: -o FOLDER")
    if as_json and chosen.output_is_stream(paths):
        raise ScotopicError("--json and the picture cannot both go to standard output")
    planned = None if watch else many.plan_jobs(paths, chosen)
    if dry_run:
        for job in planned or ():
            click.echo(f"{job.source} -> {job.target}")
        raise SystemExit(1 if _tell_of_the_rest(planned, quiet) else 0)
    in_folder = resume and chosen.output is not None and not chosen.output_is_file
    manifest = Manifest(chosen.output) if in_folder else None
    memory = memory or machine.default_memory()
    at_once = jobs or many.usual_jobs(memory)
    if many.STREAM in paths:
        at_once = 1  # what was read from standard input could not be read again
    at_once = at_once if planned is None else max(1, min(at_once, len(planned)))
    enhancer = Enhancer(model, memory, provider, max(1, machine.threads() // at_once))

    def run(some: Any) -> int:
        outcomes = many.run_all(enhancer, some, chosen, manifest, at_once)
        return _tell_all(outcomes, len(some), as_json, quiet, verbose)

    failed = 0
    for some in many.arrivals(paths, chosen, tell=complain) if planned is None else [planned]:
        failed += run(some)
    failed += _tell_of_the_rest(planned, quiet)
    raise SystemExit(1 if failed else 0)


def _tell_all(outcomes: Any, count: int, as_json: bool, quiet: bool, verbose: int) -> int:
    """Tell what became of each picture; how many failed."""
    total = failed = before = 0
    with progress(count, hidden=quiet or count == 1) as bar, contextlib.closing(outcomes):
        for job, outcome in outcomes:
            total += 1
            if isinstance(outcome, ScotopicError):
                if verbose > 1:
                    raise outcome
                failed += 1
                complain(str(outcome))
            else:
                before += outcome.status == "done before"
                if as_json:
                    entry = {"source": str(job.source), "target": str(job.target)}
                    click.echo(json.dumps({**entry, **outcome.as_dict()}))
                if not quiet:
                    _tell(job.target, outcome, bar.hidden or verbose > 0)
            bar.label = _rate(bar.time_per_iteration)
            bar.update(1, job.source.name)
    if before and not quiet:
        complain(f"{before} of {total} pictures were done before")
    if failed and total > 1:
        complain(f"{failed} of {total} pictures failed")
    return failed


def _rate(seconds: float) -> str:
    """Pictures in a second or, where that is less than one, in a minute."""
    if not seconds:
        return ""
    number, unit = (1 / seconds, "second") if seconds <= 1 else (60 / seconds, "minute")
    return f"{number:.1f} pictures a {unit}"


def _tell_of_the_rest(planned: Any, quiet: bool) -> int:
    """Say what in the folders was not gone through; how many of them cannot be read."""
    if planned is None:
        return 0
    for line in planned.unread.values():
        complain(line)
    if planned.others and not quiet:
        one = "1 file that is no picture was passed over"
        several = f"{planned.others} files that are no pictures were passed over"
        complain(one if planned.others == 1 else several)
    return len(planned.unread)


def _tell(target: Path, outcome: Any, in_full: bool) -> None:
    report = outcome.report
    if report is None:
        return
    said = "copied" if outcome.status == "copied" else _done(report)
    if in_full:
        click.echo(f"{target}: {said}", err=True)
    for note in outcome.notes:
        click.echo(f"{target}: {note}", err=True)


def _done(report: Any) -> str:
    if report.automatic is None:
        return f"level {report.exposure_before:.2f} to {report.exposure_after:.2f}"
    limit = report.automatic.limited_by if report.chosen_by == "automatic" else None
    return f"gain {report.gain:.2f}" + (f", limited by {limit}" if limit else "")

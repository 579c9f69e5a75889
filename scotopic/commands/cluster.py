"""scotopic cluster."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scotopic.commands.common import (
    OUTPUT,
    PLACE,
    SOME_FAILED,
    STANDARD,
    complain,
    one_line_errors,
    settings_of,
    size,
)
from scotopic.commands.enhance import enhance
from scotopic.commands.telling import Telling, rate
from scotopic.errors import InvalidValueError, MissingPackageError

if TYPE_CHECKING:
    from scotopic.cluster.on_ray import Workers
    from scotopic.jobs.outcome import Outcome
    from scotopic.jobs.settings import Settings

_SHARED = (
    *("model", "exposure", "ev", "balance", "strength", "provider", "format", "quality"),
    *("overwrite", "strip", "max_megapixels", "allow_truncated", "skip_bright", "quiet"),
)
"""The options that `scotopic enhance` has too."""
_LEAST_MEMORY = 512 * 2**20


@click.command(params=[option for option in enhance.params if option.name in _SHARED])
@click.argument("source", type=PLACE)
@click.option(
    "-o", "--output", type=OUTPUT, required=True, help="Folder for the results, or its URL."
)
@click.option(
    "--report",
    type=OUTPUT,
    metavar="FOLDER.parquet",
    help="Folder of Parquet files to write, or its URL, with a row for each picture.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Number of processes that enhance.  [default: as many as there are processors for]",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of processors for each worker.",
)
@click.option(
    "--memory",
    type=size,
    help="Memory that each worker may take, such as 1G.  [default: 2G in a cluster that is "
    "joined; on this machine, a share of half of what is free]",
)
@click.option(
    "--address",
    envvar="RAY_ADDRESS",
    help="Address of a Ray cluster to join, such as auto or head:6379. The environment variable "
    "RAY_ADDRESS says it too.  [default: start one on this machine]",
)
@one_line_errors
def cluster(
    source: Path | str, output: str, report: str | None, quiet: bool, **options: Any
) -> None:
    """Enhance very many pictures on one machine or on many, by Ray.

    SOURCE is a folder or one picture, or its URL; a list, whose name ends with .txt, with the
    path or URL of a picture in each line; or a manifest, whose name ends with .parquet, with the
    column source and, if you like, target. To go on with a run that was interrupted, repeat the
    command: what is done is skipped.
    """
    _check_packages()
    from scotopic.cluster import on_ray
    from scotopic.cluster.run import Run

    if STANDARD in (source, Path(output)):
        raise InvalidValueError("a cluster works on files and objects, not on standard input")
    settings, counts = _settings(options), Counter[str]()
    facts = {"model": _network(options, settings), "settings": settings.of_result()}
    run, tell = Run(output, facts, report), Telling(quiet=quiet)

    def refused(outcome: Outcome) -> None:
        tell.outcome(outcome)
        counts["failed"] += 1

    with contextlib.closing(run):
        count = run.plan(str(source), settings, refused)
        with on_ray.cluster(options["address"], options["workers"], options["threads"]) as workers:
            if not quiet:
                pictures = "1 picture" if count == 1 else f"{count} pictures"
                complain(f"{pictures} for {_shown(workers)}")
            told = run.outcomes(workers, _for_actors(options, settings, workers))
            tell.outcomes(_counted(told, counts), count)
            seconds = run.seconds
        if not quiet:  # before the report is closed, which may fail
            complain(_summary(counts, seconds, workers))
    raise SystemExit(SOME_FAILED if counts["failed"] else 0)


def _check_packages() -> None:
    """Look for what is needed without loading it, which takes seconds."""
    for package in ("ray", "pyarrow"):
        try:
            found = find_spec(package) is not None
        except ValueError:  # blocked by whoever runs this process
            found = False
        if not found:
            remedy = "pip install 'scotopic[ray]'"
            raise MissingPackageError(f"a cluster needs {package}", remedy=remedy)


def _settings(options: dict[str, Any]) -> Settings:
    from scotopic.jobs.settings import Placement

    return settings_of(options, Placement(overwrite=options["overwrite"]))


def _network(options: dict[str, Any], settings: Settings) -> str:
    """SHA-256 of the network; it is loaded here once, where an error is a line, before workers do."""
    from scotopic.enhancer import Enhancer

    with Enhancer(options["model"], provider=options["provider"], threads=1) as enhancer:
        enhancer.network.check(settings.wish)
        return enhancer.network.sha256


def _for_actors(options: dict[str, Any], settings: Settings, workers: Workers) -> dict[str, Any]:
    """What `EnhanceActor` is made with."""
    from scotopic import machine
    from scotopic.enhancer import DEFAULT_MEMORY

    model, memory = options["model"], options["memory"]
    if os.path.exists(model):
        model = os.path.abspath(model)
    if memory is None:
        share = max(machine.default_memory() // workers.count, _LEAST_MEMORY)
        memory = share if options["address"] is None else DEFAULT_MEMORY
    provider = options["provider"]
    return {"settings": settings, "model": model, "memory": memory, "provider": provider}


def _counted(
    outcomes: Generator[Outcome, None, None], counts: Counter[str]
) -> Generator[Outcome, None, None]:
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            counts[outcome.status] += 1
            yield outcome


def _shown(workers: Workers) -> str:
    one = "1 worker" if workers.count == 1 else f"{workers.count} workers"
    return f"{one} of {workers.threads} threads" if workers.threads > 1 else one


def _summary(counts: Counter[str], seconds: float, workers: Workers) -> str:
    parts = ", ".join(f"{counts[status]} {status}" for status in sorted(counts))
    made = counts["enhanced"] + counts["copied"]
    pace = f": {rate(seconds / made)}" if made and seconds else ""
    return f"{parts} in {seconds:.0f} s{pace} by {_shown(workers)}"

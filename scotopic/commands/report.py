"""scotopic report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from scotopic.commands.common import PLACE, one_line_errors

if TYPE_CHECKING:
    from pathlib import Path

    from scotopic.cloud.report import Summary


@click.command()
@click.argument("outputs", nargs=-1, required=True, type=PLACE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@one_line_errors
def report(outputs: tuple[Path | str, ...], as_json: bool) -> None:
    """Tell what became of the pictures of all runs into output folders.

    OUTPUTS are folders, or URLs of folders, that scotopic enhance or scotopic cluster wrote to.
    The records in them, of any number of runs and shards, are merged.
    """
    from scotopic.cloud.report import summary_of

    summary = summary_of(map(str, outputs))
    if as_json:
        click.echo(json.dumps(summary.as_dict()))
        return
    for line in _lines(summary):
        click.echo(line)


def _lines(summary: Summary) -> list[str]:
    lines = [
        f"done                {summary.done}",
        f"skipped             {summary.skipped}",
        f"failed              {summary.failed}",
        *(f"  {count} {reason}" for reason, count in summary.reasons.items()),
    ]
    if summary.pictures_per_second is not None:
        lines.append(f"pictures a second   {summary.pictures_per_second:.2f}")
    if summary.p50 is not None and summary.p95 is not None:
        lines.append(f"seconds a picture   {summary.p50:.2f} (median), {summary.p95:.2f} (95 %)")
    return lines

"""scotopic evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from scotopic.commands.common import PATH, STREAM, complain, one_line_errors, progress

_STREAM_NAME = "-"


@click.command()
@click.option("--inputs", type=PATH, help="Dark pictures, for --model; or those of --results.")
@click.option("--references", type=PATH, help="What results should be, by the same names.")
@click.option("--model", help="Name, or .onnx file; judges what it makes of the inputs.")
@click.option(
    "--results",
    type=PATH,
    multiple=True,
    help="Results of any method, judged as they are; repeatable, to compare with the first.",
)
@click.option(
    "--exposure-from",
    type=click.Choice(["automatic", "unlimited", "reference"]),
    default="automatic",
    show_default=True,
    help="The model's exposure: limited, the bare prediction, or the reference's.",
)
@click.option(
    "--training", type=PATH, multiple=True, help="References trained on, to find these in."
)
@click.option(
    "--measure",
    "measures",
    type=click.Choice(["lpips", "dists", "musiq"]),
    multiple=True,
    help="More measures, by pyiqa if it is installed; repeatable.",
)
@click.option("--save", type=PATH, help="Folder for the results of a model.")
@click.option("--sheet", type=PATH, help="Contact sheet of a model's results, a .png file.")
@click.option("--html", "html_file", type=PATH, help="Report for a browser, one file.")
@click.option("--json", "json_file", type=STREAM, help="File for the scores; - is standard output.")
@click.option("--csv", "csv_file", type=STREAM, help="File for the scores; - is standard output.")
@one_line_errors
def evaluate(
    sheet: Path | None,
    html_file: Path | None,
    json_file: Path | None,
    csv_file: Path | None,
    **asked: Any,
) -> None:
    """Judge a model, or results of any methods, with references or without."""
    from scotopic.evaluation import columns, evaluate, tables

    request = evaluate.Request(**asked, sheet=sheet is not None, page=html_file is not None)
    quiet = _STREAM_NAME in (str(json_file), str(csv_file))
    lines: list[str] = []
    with progress(1, hidden=quiet) as bar:

        def tell(total: int, outcome: Any) -> None:
            bar.length = total
            if isinstance(outcome, columns.Score) and "psnr" in outcome.values:
                line = f"PSNR for image {outcome.name}: {outcome.values['psnr']:.2f} dB"
                if not bar.hidden:
                    lines.append(line)
                elif not quiet:
                    click.echo(line)
            bar.update(1, outcome.name)

        judged = evaluate.judge(request, tell)
    for line in lines:
        click.echo(line)
    if sheet and judged.sheet:
        judged.sheet.save(sheet)
    if html_file:
        _write(html_file, evaluate.page(request, judged))
    if json_file:
        told = tables.as_dict(judged.scores, judged.failures)
        _write(json_file, json.dumps(told, indent=1) + "\n")
    _write(csv_file, tables.as_csv(judged.scores))
    if not quiet:
        click.echo(tables.as_table(judged.scores))
    for doubt in judged.doubts():
        complain(doubt)
    failed = [failure for failures in judged.failures.values() for failure in failures]
    for failure in failed:
        complain(failure.reason)
    raise SystemExit(1 if failed else 0)


def _write(target: Path | None, text: str) -> None:
    if target is None:
        return
    if str(target) == _STREAM_NAME:
        click.echo(text, nl=False)
        return
    from scotopic.storage import write_atomically

    write_atomically(text.encode(), target)

"""scotopic evaluate."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scotopic.commands import blind as judging
from scotopic.commands.common import (
    PATH,
    SOME_FAILED,
    STANDARD,
    complain,
    error_record,
    given_options,
    memory_option,
    one_line_errors,
    progress,
    provider_option,
    told,
)
from scotopic.errors import InvalidValueError
from scotopic.networks.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from scotopic.evaluation.columns import Score
    from scotopic.evaluation.evaluate import Evaluation
    from scotopic.evaluation.pairing import Failure
    from scotopic.evaluation.request import Request

_FOR_A_MODEL = ("model", "exposure_from", "memory", "provider", "save", "sheet")


@click.command()
@click.option(
    "--inputs",
    type=PATH,
    metavar="FOLDER",
    help="Folder of dark pictures, which the model enhances or which the results were made from.",
)
@click.option(
    "--references",
    type=PATH,
    metavar="FOLDER",
    help="Folder of well-exposed pictures with the same names, to compare the results with.",
)
@click.option(
    "--model",
    help="Name of a shipped network, or an .onnx file, that enhances the inputs.  "
    f"[default: {DEFAULT_MODEL}, unless --results is given]",
)
@click.option(
    "--results",
    type=PATH,
    metavar="FOLDER",
    multiple=True,
    help="Folder of results of any method, to score instead of a model. If it is given several "
    "times, each method is compared with the first.",
)
@click.option(
    "--exposure-from",
    type=click.Choice(["automatic", "unlimited", "reference"]),
    default="automatic",
    show_default=True,
    help="Where the exposure of the model's results comes from: automatic is the predicted "
    "exposure with its limits, unlimited the predicted exposure without them, and reference the "
    "mean level of the reference.",
)
@click.option(
    "--trained-on",
    type=PATH,
    metavar="FOLDER",
    multiple=True,
    help="Folder of references that the method was trained on. A warning names each reference "
    "that is in it, or whose scene is. May be repeated.",
)
@click.option(
    "--measure",
    "measures",
    type=click.Choice(["lpips", "dists", "musiq"]),
    multiple=True,
    help="Additional measure to compute, which needs the package pyiqa. lpips and dists also need "
    "references. May be repeated.",
)
@memory_option
@provider_option
@click.option(
    "--save", type=PATH, metavar="FOLDER", help="Folder to save the model's results in, as PNG."
)
@click.option(
    "--sheet",
    type=PATH,
    metavar="FILE",
    help="PNG file to write with a contact sheet of the inputs, results and references.",
)
@click.option(
    "--html",
    "html_file",
    type=PATH,
    metavar="FILE",
    help="HTML file to write with a report: tables, plots and a viewer.",
)
@click.option(
    "--csv",
    "csv_file",
    type=PATH,
    metavar="FILE",
    help="CSV file to write with the scores of each picture; - is standard output.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object per line: for each picture, then for each method, then for each "
    "comparison; of a tally, for each method.",
)
@judging.blind_options
@one_line_errors
def evaluate(blind: Path | None, **options: Any) -> None:
    """Score a model, or the results of any methods, with or without references."""
    if blind is not None:
        judging.judge(blind, **options)
        return
    judging.check_not_blind()
    _score(**{name: value for name, value in options.items() if name not in judging.ONLY_BLIND})


def _score(
    sheet: Path | None,
    html_file: Path | None,
    csv_file: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    from scotopic import storage
    from scotopic.evaluation import report, tables
    from scotopic.evaluation.evaluate import evaluate as run

    if as_json and csv_file == STANDARD:
        raise InvalidValueError("--json and --csv - cannot both write to standard output")
    request = _request(**options, sheet=sheet is not None, page=html_file is not None)
    output = _Output(as_json, silent=csv_file == STANDARD)
    with progress(1, hidden=not output.for_people) as bar:
        evaluation = run(request, partial(output.show, bar))
    if sheet and evaluation.sheet:
        evaluation.sheet.save(sheet)
    if html_file:
        storage.write_atomically(report.html_report(request, evaluation).encode(), html_file)
    if csv_file == STANDARD:
        click.echo(tables.as_csv(evaluation.scores), nl=False)
    elif csv_file:
        storage.write_atomically(tables.as_csv(evaluation.scores).encode(), csv_file)
    output.finish(evaluation)
    if evaluation.failures:
        raise SystemExit(SOME_FAILED)


def _request(
    model: str | None,
    exposure_from: str,
    memory: int | None,
    provider: str,
    save: Path | None,
    sheet: bool,
    **options: Any,
) -> Request:
    """What to evaluate, by the options of the command."""
    from scotopic import machine
    from scotopic.evaluation.request import ModelRun, Request

    if options["results"]:
        given = given_options()
        wrong = [given[name] for name in _FOR_A_MODEL if name in given]
        if wrong:
            raise InvalidValueError(
                f"{', '.join(wrong)}: only for a model, not together with --results"
            )
        return Request(**options)
    if options["inputs"] is None:
        raise InvalidValueError("give --inputs to evaluate a model, or --results")
    run = ModelRun(
        model or DEFAULT_MODEL,
        exposure_from,
        save,
        sheet,
        memory or machine.default_memory(),
        provider,
    )
    return Request(**options, run=run)


class _Output:
    """What is printed: lines for people or for programs, and a progress bar.

    Parameters
    ----------
    as_json : bool
        Print JSON on standard output, no text.
    silent : bool
        Print neither, since something else goes to standard output.
    """

    def __init__(self, as_json: bool, silent: bool) -> None:
        self.as_json = as_json
        self.for_people = not as_json and not silent
        self.kept: list[str] = []

    def show(self, bar: Any, method: str, outcome: Score | Failure, total: int) -> None:
        """Print what came of one picture, unless that would break the progress bar."""
        from scotopic.evaluation.columns import Score
        from scotopic.evaluation.records import picture_record

        if self.as_json:
            record = picture_record(method, outcome)
            if not isinstance(outcome, Score):
                record["error"] = error_record(outcome.error)
            click.echo(json.dumps(record))
        elif self.for_people and isinstance(outcome, Score) and "psnr" in outcome.values:
            line = f"PSNR for image {outcome.name}: {outcome.values['psnr']:.2f} dB"
            if bar.hidden:
                click.echo(line)
            else:
                self.kept.append(line)
        bar.length = total
        bar.update(1, outcome.name)

    def finish(self, evaluation: Evaluation) -> None:
        """Print what was found about the methods."""
        from scotopic.evaluation import records, tables

        for line in self.kept:
            click.echo(line)
        if self.as_json:
            for name, method in evaluation.methods.items():
                click.echo(json.dumps(records.summary_record(name, method)))
            for record in records.difference_records(evaluation):
                click.echo(json.dumps(record))
        elif self.for_people and (table := tables.as_table(evaluation.scores)):
            click.echo(table)
        for warning in evaluation.warnings():
            complain(warning)
        for failure in evaluation.failures:
            complain(told(failure.error))

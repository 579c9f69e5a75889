"""scotopic evaluate --blind: sheets for blind judging, and the tally of its ballots."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from scotopic.commands.common import PATH, complain, given_options, progress
from scotopic.errors import InvalidValueError

ONLY_BLIND = ("seed", "overwrite", "tally")
_FOR_SHEETS = ("blind", "inputs", "results", "seed", "overwrite")
_FOR_TALLY = ("blind", "tally", "seed", "as_json")


def blind_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of blind judging to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--blind",
        type=PATH,
        metavar="FOLDER",
        help="Instead of scoring, write sheets for blind judging of several --results to this "
        "folder, with an empty ballot, and a key that says which letter is which method.",
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        metavar="N",
        help="With --blind: seed of the order of letters, or of the intervals of a tally.",
    ),
    click.option("--overwrite", is_flag=True, help="With --blind: replace files that exist."),
    click.option(
        "--tally",
        type=PATH,
        metavar="FILE",
        multiple=True,
        help="Ballot to tally, by the key in the folder of --blind. May be repeated.",
    ),
)


def check_not_blind() -> None:
    """Refuse options that mean nothing without --blind.

    Raises
    ------
    InvalidValueError
        When one is given.
    """
    given = given_options()
    wrong = [given[name] for name in ONLY_BLIND if name in given]
    if wrong:
        raise InvalidValueError(f"{', '.join(wrong)}: only together with --blind")


def judge(blind: Path, tally: Sequence[Path], **options: Any) -> None:
    """Write sheets, or tally the ballots if there are any.

    Parameters
    ----------
    blind : Path
        Folder of the sheets.
    tally : sequence of Path
        Ballots.
    **options
        All other options of the command, by their names.

    Raises
    ------
    ScotopicError
        When the options contradict each other, or what they name is of no use.
    """
    allowed, other = (_FOR_TALLY, "--tally") if tally else (_FOR_SHEETS, "--blind")
    wrong = [option for name, option in given_options().items() if name not in allowed]
    if wrong:
        raise InvalidValueError(f"{', '.join(wrong)}: not together with {other}")
    if tally:
        _tally(blind, tally, options["seed"], options["as_json"])
    elif options["inputs"] is None or not options["results"]:
        raise InvalidValueError("--blind needs --inputs and several --results, or --tally")
    else:
        _write(blind, options["inputs"], options["results"], options["seed"], options["overwrite"])


def _write(folder: Path, inputs: Path, results: Sequence[Path], seed: int, overwrite: bool) -> None:
    from scotopic.evaluation.blind import ballots, sheets, trials

    drawn = trials.draw(inputs, results, seed)
    with progress(len(drawn)) as bar:
        count = sheets.write(drawn, folder, seed, overwrite, lambda name: bar.update(1, name))
    photos = "1 photo" if len(drawn) == 1 else f"{len(drawn)} photos"
    click.echo(f"{folder}: {count} sheets of {photos}")
    click.echo(f"To judge, fill in {folder / ballots.BALLOT} or a copy, with rankings as B>A=C.")
    click.echo(f"Do not open {folder / trials.KEY} before.")


def _tally(folder: Path, paths: Sequence[Path], seed: int, as_json: bool) -> None:
    from scotopic.evaluation.blind import ballots, tally, trials

    found = ballots.read(paths, trials.read_key(folder))
    outcome = tally.tally(found.rankings, seed)
    if found.empty:
        rows = "1 row has" if found.empty == 1 else f"{found.empty} rows have"
        complain(f"{rows} no ranking")
    if not as_json:
        click.echo(tally.as_table(outcome))
        return
    for record in tally.as_records(outcome):
        click.echo(json.dumps(record))

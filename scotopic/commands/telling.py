"""What `scotopic enhance` prints of each picture."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from scotopic.commands.common import complain, error_record, progress, show_traceback, told

if TYPE_CHECKING:
    from scotopic.enhancer import Report
    from scotopic.jobs.outcome import Outcome
    from scotopic.jobs.plan import Plan


@dataclass(frozen=True)
class Telling:
    """What is printed.

    Attributes
    ----------
    as_json : bool
        One JSON object per picture, on standard output.
    quiet : bool
        Nothing but what failed.
    verbose : int
        1 for a line per picture even beside a progress bar, 2 for tracebacks.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0

    def outcome(self, outcome: Outcome, in_full: bool = True) -> None:
        """Print what became of one picture."""
        if self.as_json:
            click.echo(json.dumps(_as_line(outcome)))
        if outcome.error is not None:
            if self.verbose > 1:
                show_traceback(outcome.error)
            complain(told(outcome.error))
        elif not self.quiet and outcome.report is not None:
            name = outcome.target or "standard output"
            if in_full or self.verbose:
                done = "copied" if outcome.status == "copied" else _exposed(outcome.report)
                click.echo(f"{name}: {done}", err=True)
            for note in outcome.notes:
                click.echo(f"{name}: {note}", err=True)

    def outcomes(self, outcomes: Generator[Outcome, None, None], count: int) -> int:
        """Print what became of each picture, with a progress bar; how many failed."""
        total = failed = skipped = 0
        hidden = self.quiet or count == 1
        with progress(count, hidden=hidden) as bar, contextlib.closing(outcomes):
            for outcome in outcomes:
                total += 1
                failed += outcome.status == "failed"
                skipped += outcome.status == "skipped"
                self.outcome(outcome, bar.hidden)
                bar.label = rate(bar.time_per_iteration)
                bar.update(1, outcome.source)
        if skipped and not self.quiet:
            complain(f"{skipped} of {total} skipped: finished by an earlier call")
        if failed and total > 1:
            complain(f"{failed} of {total} pictures failed")
        return failed

    def passed_over(self, plan: Plan) -> int:
        """Print what in the folders was not enhanced; how many folders cannot be read."""
        for error in plan.unread.values():
            complain(told(error))
        if plan.others and not self.quiet:
            one = "1 file that is not a picture was skipped"
            several = f"{plan.others} files that are not pictures were skipped"
            complain(one if plan.others == 1 else several)
        return len(plan.unread)


def _as_line(outcome: Outcome) -> dict[str, object]:
    error = None if outcome.error is None else error_record(outcome.error)
    return {**outcome.as_dict(), "error": error}


def rate(seconds: float) -> str:
    """Pictures per second or, where that is less than one, per minute."""
    if not seconds:
        return ""
    number, unit = (1 / seconds, "second") if seconds <= 1 else (60 / seconds, "minute")
    return f"{number:.1f} pictures per {unit}"


_LIMITS = {
    "noise": "noise",
    "signal": "areas too dark to hold a picture",
    "highlights": "highlights",
    "night": "the night in it",
    "brightness": "areas that are bright already",
}
"""What the rules of `scotopic.pixels.restraint` are called in messages."""


def _exposed(report: Report) -> str:
    if report.automatic is None:
        return f"mean level {report.exposure_before:.2f} to {report.exposure_after:.2f}"
    limit = report.automatic.limited_by if report.chosen_by == "automatic" else None
    least, most = report.gain_range
    return f"gain {least:.1f} to {most:.1f}" + (f", held back by {_LIMITS[limit]}" if limit else "")

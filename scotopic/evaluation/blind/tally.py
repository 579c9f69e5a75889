"""The outcome of blind judging: ranks, firsts and wins of the methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scotopic.evaluation.blind.ballots import Ranking
from scotopic.evaluation.columns import Score
from scotopic.evaluation.statistics import intervals, means

RANK, FIRST = "rank", "first"
"""Keys of the statistics: the rank, of which 1 is best, and the share of first places."""


@dataclass(frozen=True)
class Standing:
    """How a method did.

    Attributes
    ----------
    method : str
    mean : dict of str to float
        By `RANK` and `FIRST`: mean over the photos of the mean over the judges.
    interval : dict of str to (float, float)
        Of these means, 95 %.
    wins : dict of str to int
        For each other method, the number of rankings that put it below this one.
    """

    method: str
    mean: dict[str, float]
    interval: dict[str, tuple[float, float]]
    wins: dict[str, int]


@dataclass(frozen=True)
class Tally:
    """What all rankings say together.

    Attributes
    ----------
    standings : list of Standing
        The best mean rank first.
    judges, photos, rankings : int
        How many there are.
    """

    standings: list[Standing]
    judges: int
    photos: int
    rankings: int


def tally(rankings: Sequence[Ranking], seed: int = 0) -> Tally:
    """Sum up rankings.

    Methods that tie share the mean of their ranks, and a first place in equal
    parts. Each photo weighs the same, however many judges have ranked it, since
    it is the photos that are resampled for the intervals: judges see the same
    photo alike.

    Parameters
    ----------
    rankings : sequence of Ranking
        At least one; all of the same methods.
    seed : int
        Of the bootstrap; see `scotopic.evaluation.statistics.intervals`.

    Returns
    -------
    Tally
    """
    methods = sorted(method for place in rankings[0].places for method in place)
    photos = list(dict.fromkeys(ranking.photo for ranking in rankings))
    standings = [_standing(method, methods, photos, rankings, seed) for method in methods]
    standings.sort(key=lambda standing: standing.mean[RANK])
    judges = {ranking.judge for ranking in rankings}
    return Tally(standings, len(judges), len(photos), len(rankings))


def _standing(
    method: str,
    methods: Sequence[str],
    photos: Sequence[str],
    rankings: Sequence[Ranking],
    seed: int,
) -> Standing:
    scores = []
    for photo in photos:
        own = [_values(ranking, method) for ranking in rankings if ranking.photo == photo]
        scores.append(Score(photo, {key: float(np.mean([v[key] for v in own])) for key in own[0]}))
    wins = {
        other: sum(_place(ranking, method) < _place(ranking, other) for ranking in rankings)
        for other in methods
        if other != method
    }
    return Standing(method, means(scores), intervals(scores, seed), wins)


def _values(ranking: Ranking, method: str) -> dict[str, float]:
    """Rank, and share of the first place, of a method in one ranking."""
    place = _place(ranking, method)
    tied = len(ranking.places[place])
    above = sum(map(len, ranking.places[:place]))
    return {RANK: above + (tied + 1) / 2, FIRST: 0.0 if above else 1 / tied}


def _place(ranking: Ranking, method: str) -> int:
    return next(index for index, tied in enumerate(ranking.places) if method in tied)


def as_records(outcome: Tally) -> list[dict[str, Any]]:
    """A record of plain values for each method, for lines of JSON; docs/protocol.md says more."""
    return [
        {
            "method": standing.method,
            "status": "ranked",
            "judges": outcome.judges,
            "photos": outcome.photos,
            "rankings": outcome.rankings,
            "mean": standing.mean,
            "interval": {key: list(ends) for key, ends in standing.interval.items()},
            "wins": standing.wins,
        }
        for standing in outcome.standings
    ]


def as_table(outcome: Tally) -> str:
    """Means with their intervals, then the wins of each method over each other, for people."""
    numbered = list(enumerate(outcome.standings, 1))
    label = max(len(standing.method) for standing in outcome.standings) + 4
    rankings, photos = _counted(outcome.rankings, "ranking"), _counted(outcome.photos, "photo")
    judges = _counted(outcome.judges, "judge")
    lines = [
        f"{rankings} of {photos} by {judges}, with 95 % interval",
        f"  {'':{label}}{'mean rank':24}share of firsts",
    ]
    for number, standing in numbered:
        rank, first = (_with_interval(standing, key) for key in (RANK, FIRST))
        lines.append(f"  {f'{number}  {standing.method}':{label}}{rank:24}{first}")
    lines.append("rankings that put the method of the row above that of the column")
    width = max(6, len(str(outcome.rankings)) + 2)
    lines.append(f"  {'':{label}}" + "".join(f"{number:>{width}}" for number, _ in numbered))
    for number, standing in numbered:
        cells = [standing.wins.get(other.method, "-") for other in outcome.standings]
        row = "".join(f"{cell:>{width}}" for cell in cells)
        lines.append(f"  {f'{number}  {standing.method}':{label}}{row}")
    return "\n".join(lines)


def _with_interval(standing: Standing, key: str) -> str:
    low, high = standing.interval[key]
    return f"{standing.mean[key]:.2f}  {low:.2f} to {high:.2f}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

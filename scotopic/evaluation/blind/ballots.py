"""Ballots: the table that a judge fills in, and what it says of the methods."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scotopic import storage
from scotopic.errors import ScotopicError, UnreadableError
from scotopic.evaluation.blind.trials import Key

BALLOT = "ballot.csv"
"""Name of the empty ballot's file."""
COLUMNS = ("photo", "judge", "ranking")
"""What a ballot must have; a judge may add others, such as remarks."""


@dataclass(frozen=True)
class Ranking:
    """How a judge ranks the methods on one photo.

    Attributes
    ----------
    photo, judge : str
    places : tuple of tuple of str
        Methods from the best to the worst; those that tie share a place.
    """

    photo: str
    judge: str
    places: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Ballots:
    """What several ballots say.

    Attributes
    ----------
    rankings : list of Ranking
    empty : int
        How many rows have no ranking.
    """

    rankings: list[Ranking]
    empty: int


def empty(photos: Sequence[str]) -> bytes:
    """A ballot to fill in: a CSV file with a row for each photo."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((photo, "", "") for photo in photos)
    return buffer.getvalue().encode()


def read(paths: Sequence[Path], key: Key) -> Ballots:
    """Read ballots, and put methods in the place of letters.

    Parameters
    ----------
    paths : sequence of Path
        CSV files with the columns `COLUMNS`.
    key : Key

    Returns
    -------
    Ballots

    Raises
    ------
    MissingFileError, AccessError, UnreadableError
        When a file is missing, cannot be read, or has no such columns.
    ScotopicError
        When a row contradicts the key or another row, or no row has a ranking;
        it names file and line.
    """
    rankings: dict[tuple[str, str], Ranking] = {}
    unfilled = 0
    for path in paths:
        for line, row in _rows(path):
            try:
                ranking = _ranking(row, key)
                if ranking is None:
                    unfilled += 1
                    continue
                by = (ranking.photo, ranking.judge)
                if by in rankings:
                    raise ScotopicError(f"{by[1]} has ranked photo {by[0]} before")
                rankings[by] = ranking
            except ScotopicError as error:
                raise ScotopicError(f"line {line}: {error.message}", path=path) from error
    if not rankings:
        raise ScotopicError("no row has a ranking", path=paths[0])
    return Ballots(list(rankings.values()), unfilled)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a ballot that hold anything, each with the number of its line."""
    try:
        text = storage.read_bytes(path).decode("utf-8-sig")  # spreadsheets begin with a mark
        reader = csv.DictReader(io.StringIO(text, newline=""))
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lacking:
            problem = f"line 1: no column {' and '.join(lacking)}; fields are parted by commas"
            raise UnreadableError(problem, path=path)
        for row in reader:
            cells = {name: (row[name] or "").strip() for name in COLUMNS}
            if any(cells.values()):
                yield reader.line_num, cells
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"is no CSV file in UTF-8: {error}", path=path) from error


def _ranking(row: Mapping[str, str], key: Key) -> Ranking | None:
    """What a row says; None where it has no ranking."""
    photo, judge, ranking = (row[name] for name in COLUMNS)
    if photo not in key.photos:
        raise ScotopicError(f"the key has no photo {photo!r}")
    if not ranking:
        return None
    if not judge:
        raise ScotopicError("no judge is named")
    return Ranking(photo, judge, _placed(ranking, key.photos[photo]))


def _placed(ranking: str, methods: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """The methods by place, of a ranking by letters such as ``B>A=C``."""
    places = [
        [letter.strip().upper() for letter in place.split("=")] for place in ranking.split(">")
    ]
    letters = [letter for place in places for letter in place]
    problem = _problem(letters, list(methods))
    if problem:
        raise ScotopicError(f"the ranking {ranking!r} {problem}")
    return tuple(tuple(methods[letter] for letter in place) for place in places)


def _problem(letters: Sequence[str], known: Sequence[str]) -> str | None:
    """What is wrong with the letters of a ranking, if anything is."""
    if "" in letters:
        return "is not of the form B>A=C"
    unknown = [letter for letter in letters if letter not in known]
    if unknown:
        return f"has the letter {unknown[0]}; the candidates are {', '.join(known)}"
    missing = [letter for letter in known if letter not in letters]
    if missing:
        return f"lacks {', '.join(missing)}"
    return "has a letter twice" if len(letters) > len(known) else None

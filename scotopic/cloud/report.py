"""What became of the pictures of any number of runs, from their records."""

from __future__ import annotations

import calendar
import json
import os
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scotopic.cloud import runs, urls
from scotopic.cloud.stores import open_store
from scotopic.errors import AccessError, MissingFileError
from scotopic.jobs import record
from scotopic.jobs.name_index import Index

_PAUSE = 60.0
"""Seconds without a picture after which a run counts as standing still."""
_DONE, _SKIPPED = 0, 1
_FAILED = 2
"""Where the numbers of reasons begin."""


@dataclass(frozen=True)
class Summary:
    """What became of pictures.

    Attributes
    ----------
    done : int
        Pictures whose result some run made.
    skipped : int
        Pictures that were done before, by runs whose records are not among these.
    reasons : dict of str to int
        Pictures that failed the last time they were tried, by reason.
    working : float
        Seconds in which pictures were worked on, pauses of more than a minute left out.
    p50, p95 : float or None
        Seconds that half of the pictures that were made took at most, and 95 %.
    """

    done: int
    skipped: int
    reasons: dict[str, int] = field(default_factory=dict)
    working: float = 0.0
    p50: float | None = None
    p95: float | None = None

    @property
    def failed(self) -> int:
        """Pictures that failed."""
        return sum(self.reasons.values())

    @property
    def pictures_per_second(self) -> float | None:
        """Pictures that were made in a second of work; None where that is not known."""
        return self.done / self.working if self.working else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        rate = self.pictures_per_second
        return {
            "pictures": self.done + self.skipped + self.failed,
            "done": self.done,
            "skipped": self.skipped,
            "failed": self.failed,
            "reasons": self.reasons,
            "pictures_per_second": None if rate is None else round(rate, 3),
            "seconds": {"p50": self.p50, "p95": self.p95},
        }


def summary_of(places: Iterable[str]) -> Summary:
    """Merge the records under any number of output folders, each a path or a URL.

    A picture counts once, by its target, as the last run left it; one that was done,
    and is skipped for that, is done.

    Raises
    ------
    MissingFileError
        When there is no record under one of them.
    ScotopicError
        When one cannot be read.
    """
    state, count, reasons = Index(), Counter[int](), dict[str, int]()
    seconds, ends, made = array("d"), array("d"), array("b")
    for place in places:
        for entry in _entries(place):
            if "seconds" in entry:
                seconds.append(entry["seconds"])
                ends.append(entry["time"])
                made.append(entry["status"] == "done")
            name, before = str(entry["name"]), state.get(str(entry["name"]))
            now = _code_of(entry, reasons)
            if now == before or (before == _DONE and now == _SKIPPED):
                continue
            count[now] += 1
            if before is not None:
                count[before] -= 1
            state[name] = now
    failed = {reason: count[code] for reason, code in reasons.items() if count[code]}
    ranked = dict(sorted(failed.items(), key=lambda item: -item[1]))
    taken, ended = np.asarray(seconds), np.asarray(ends)
    of_made = taken[np.asarray(made, bool)]
    half, most = (
        round(float(np.percentile(of_made, q)), 3) if len(of_made) else None for q in (50, 95)
    )
    working = _working(ended - taken, ended)
    return Summary(count[_DONE], count[_SKIPPED], ranked, working, half, most)


def _code_of(entry: dict[str, Any], reasons: dict[str, int]) -> int:
    if entry["status"] == "failed":
        return reasons.setdefault(entry["reason"], _FAILED + len(reasons))
    return _SKIPPED if entry["status"] == "skipped" else _DONE


def _working(starts: np.ndarray[Any, Any], ends: np.ndarray[Any, Any]) -> float:
    """Seconds that are covered by the spans, the short ones between them with them."""
    if not len(starts):
        return 0.0
    order = starts.argsort()
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    between = starts[1:] - ends[:-1]
    return float(ends[-1] - starts[0] - between[between > _PAUSE].sum())


def _entries(place: str) -> Iterator[dict[str, Any]]:
    """What the records under a place say, the oldest first; each with its name and status."""
    found = False
    if not urls.is_url(place):
        path = Path(place) / record.NAME
        if path.is_file():
            found = True
            yield from _of_folder(path)
    for key in _parts(place):
        found = True
        store = open_store(place)
        for entry in _parsed(store.read(key)[0].decode().splitlines()):
            if "status" not in entry:  # what the run is
                continue
            error = entry.get("error") or {}
            made = entry.get("status") in ("enhanced", "copied")
            status = "done" if made else entry.get("status")
            name = entry.get("target") or entry.get("source")
            yield {**entry, "name": name, "status": status, "reason": error.get("reason", "")}
    if not found:
        raise MissingFileError("no record of a run there", path=place)


def _parts(place: str) -> list[str]:
    """The keys of the parts of all runs, the oldest run first."""
    folder = urls.key_of(place).rstrip("/") + f"/{runs.FOLDER}/"
    try:
        keys = [key for key in open_store(place).list(folder) if key.endswith(runs.ENDING)]
    except MissingFileError:
        return []
    return sorted(keys)


def _of_folder(path: Path) -> Iterator[dict[str, Any]]:
    """What the record of a folder says; see `scotopic.jobs.record`."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for entry in _parsed(file):
                if entry.get("status") not in ("done", "failed"):
                    continue
                source = str(entry.get("source", ""))
                reason = str(entry.get("error", "")).removeprefix(f"{source}: ")
                name = os.path.join(path.parent, str(entry.get("target")))
                ended = calendar.timegm(time.strptime(entry["time"], "%Y-%m-%dT%H:%M:%SZ"))
                yield {**entry, "name": name, "reason": reason, "time": float(ended)}
    except OSError as error:
        raise AccessError(f"cannot be read: {error.strerror}", path=path) from error


def _parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The objects in lines of JSON; damaged lines, as a power cut leaves them, are passed over."""
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry

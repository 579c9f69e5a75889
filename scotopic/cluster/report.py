"""The report of a run: a folder of Parquet files with a row for each picture.

Rows are put in place part by part, each part whole, so that a driver that is killed
loses those since the last part. A run that goes on where another one ended keeps
the rows of pictures that it finds done, and replaces those of pictures that it does
again: there is a row for each picture, however many runs it took, and however often
a list names it.
"""

from __future__ import annotations

import contextlib
import io
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scotopic.cloud import urls
from scotopic.cloud.faults import about
from scotopic.cloud.stores import open_store
from scotopic.cluster.actor import COLUMNS
from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError
from scotopic.jobs.name_index import Index

SCHEMA = pa.schema(
    [(name, pa.string() if kind is str else pa.float64()) for name, kind in COLUMNS.items()]
)
_OURS = re.compile(r"\d{19}-[0-9a-f]{8}-\d{6}\.parquet")
_MOST_ROWS = 5000
_MOST_SECONDS = 30.0


class Report:
    """Writes the report.

    Parameters
    ----------
    folder : str
        URL or path; by custom its name ends with ``.parquet``, as that of a file would.

    Raises
    ------
    InvalidValueError
        When there is a file, or a folder with anything else in it.
    ScotopicError
        When what is there cannot be read.
    """

    def __init__(self, folder: str) -> None:
        self._store, self._folder = open_store(folder), urls.key_of(folder).rstrip("/")
        self._given = folder
        self._done = self._compact(self._parts(folder))
        self._is_doubled = False
        # Sorted by name, parts stand in the order of time.
        self._start = f"{self._folder}/{time.time_ns():019}-{secrets.token_hex(4)}"
        self._held: list[Any] = []
        self._part = 0
        self._since = time.monotonic()

    def begin(self) -> None:
        """Put an empty part in place, which the first rows replace.

        Raises
        ------
        ScotopicError
            When it cannot be written.
        """
        if not self._part:
            self._write(self._next_key(), SCHEMA.empty_table())

    def _parts(self, folder: str) -> list[str]:
        """The keys of all parts, the newest first."""
        if self._store.look(self._folder) is not None:
            remedy = "the report is a folder of Parquet files"
            raise InvalidValueError("is a file", path=folder, remedy=remedy)
        try:
            keys = sorted(self._store.list(self._folder + "/"), reverse=True)
        except MissingFileError:
            return []
        for key in keys:
            name = re.split(r"[/\\]", key)[-1]
            if not _OURS.fullmatch(name):
                remedy = "name a folder that is new, or has a report in it"
                raise InvalidValueError(f"holds {name} already", path=folder, remedy=remedy)
        return keys

    def _compact(self, keys: list[str]) -> Index:
        """Leave of several rows of a picture the newest; whether each picture is done."""
        done = Index()
        for key in keys:
            table = pq.read_table(io.BytesIO(self._store.read(key)[0]))
            names, statuses = _names(table), table.column("status").to_pylist()
            kept = [False] * len(names)
            for place in reversed(range(len(names))):
                if names[place] not in done:
                    kept[place] = True
                    done[names[place]] = int(statuses[place] != "failed")
            if not all(kept):
                self._write(key, table.filter(pa.array(kept)))
        return done

    def add(self, columns: Mapping[str, Any]) -> None:
        """Take rows, by `COLUMNS`; at intervals, put them in place.

        Rows that cannot be put in place now are kept for the next time.
        """
        table = pa.table([_nullable(columns[name]) for name in COLUMNS], schema=SCHEMA)
        pairs = zip(_names(table), columns["status"], strict=True)
        table = table.filter(pa.array([self._is_news(*pair) for pair in pairs], pa.bool_()))
        if len(table):
            self._held.append(table)
        is_late = time.monotonic() - self._since > _MOST_SECONDS
        if is_late or sum(map(len, self._held)) >= _MOST_ROWS:
            with contextlib.suppress(ScotopicError):  # `close` says so, if it lasts
                self._put()

    def _is_news(self, name: str, status: str) -> bool:
        """Whether a row is kept: one of a picture that is skipped never replaces what made it."""
        before = self._done.get(name)
        if before and status == "skipped":
            return False
        self._is_doubled |= before is not None
        self._done[name] = int(status != "failed")
        return True

    def close(self) -> None:
        """Put in place what is left.

        Raises
        ------
        ScotopicError
            When it cannot be written.
        """
        self._put()
        if self._is_doubled:
            self._compact(sorted(self._store.list(self._folder + "/"), reverse=True))

    def _put(self) -> None:
        self._since = time.monotonic()
        if not self._held:
            return
        self._write(self._next_key(), pa.concat_tables(self._held))
        self._part += 1
        self._held = []

    def _next_key(self) -> str:
        return f"{self._start}-{self._part:06}.parquet"

    def _write(self, key: str, table: Any) -> None:
        file = io.BytesIO()
        pq.write_table(table, file)
        with about(self._given):
            self._store.put(key, file.getvalue(), "application/vnd.apache.parquet")


def _names(table: Any) -> list[str]:
    """What pictures are known by: their sources and targets."""
    sources, targets = table.column("source").to_pylist(), table.column("target").to_pylist()
    return [f"{source}\n{target or ''}" for source, target in zip(sources, targets, strict=True)]


def _nullable(values: Any) -> Any:
    """A column in which what is not known is null."""
    values = np.asarray(values)
    if values.dtype == np.float64:
        return pa.array(values, pa.float64(), from_pandas=True)
    return pa.array([str(value) or None for value in values], pa.string())

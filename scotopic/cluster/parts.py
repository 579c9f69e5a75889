"""The names of a run, written in parts beside the results, for all workers to read.

A folder or a bucket that is listed while a run goes on may change. So names are
written down once, and a worker that reads them again finds the very same.
"""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scotopic.cloud import urls
from scotopic.cloud.faults import about, faults
from scotopic.cloud.runs import FOLDER
from scotopic.cloud.stores import open_store
from scotopic.types import Array

SIZE = 5000
"""Names in a part."""
SCHEMA = pa.schema([("number", pa.int64()), ("source", pa.string()), ("target", pa.string())])


@dataclass(frozen=True)
class Parts:
    """Names with the places of their results, numbered from 0, in files of Parquet.

    Attributes
    ----------
    folder : str
        URL or path of the folder that they are in.
    count : int
        Of names.
    """

    folder: str
    count: int

    def __len__(self) -> int:
        return -(-self.count // SIZE)

    def read(self, part: int) -> Any:
        """The names of a part, as a table of `SCHEMA`.

        Raises
        ------
        ScotopicError
            When it cannot be read.
        """
        place = _place(self.folder, part)
        data, _ = open_store(place).read(urls.key_of(place))
        return pq.read_table(io.BytesIO(data))

    def rows(self, numbers: Array) -> Iterator[Any]:
        """The names of these numbers, as tables of at most one part each."""
        for part in np.unique(numbers // SIZE):
            inside = numbers[numbers // SIZE == part] % SIZE
            yield self.read(int(part)).take(pa.array(inside))

    def remove(self) -> None:
        """Take them away.

        Raises
        ------
        ScotopicError
            When that is not allowed.
        """
        store, key = open_store(self.folder), urls.key_of(self.folder)
        with faults(self.folder, "removed"):
            if store.fs is None:
                shutil.rmtree(key, ignore_errors=True)
            elif len(self):
                store.fs.rm([urls.key_of(_place(self.folder, part)) for part in range(len(self))])


def write(pairs: Iterable[tuple[str, str]], output: str) -> Parts:
    """Write names in parts under the folder for results; only one part of them is held.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Source and target of each picture.
    output : str
        URL or path.

    Raises
    ------
    ScotopicError
        When they cannot be written.
    """
    folder = f"{output.rstrip('/')}/{FOLDER}/names-{secrets.token_hex(8)}"
    count = 0
    held: list[tuple[str, str]] = []
    for pair in pairs:
        held.append(pair)
        if len(held) == SIZE:
            with about(output):
                _write(held, folder, count)
            count += len(held)
            held = []
    if held:
        with about(output):
            _write(held, folder, count)
    return Parts(folder, count + len(held))


def _write(pairs: list[tuple[str, str]], folder: str, start: int) -> None:
    sources, targets = zip(*pairs, strict=True)
    numbers = np.arange(start, start + len(pairs))
    file = io.BytesIO()
    pq.write_table(pa.table([numbers, sources, targets], schema=SCHEMA), file)
    place = _place(folder, start // SIZE)
    open_store(place).put(urls.key_of(place), file.getvalue(), "application/vnd.apache.parquet")


def _place(folder: str, part: int) -> str:
    return f"{folder}/{part:06}.parquet"

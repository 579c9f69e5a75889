"""Which pictures there are, and where their results go: a folder, a list, or a manifest."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from scotopic.cloud import urls
from scotopic.cloud.locations import is_picture, target_of
from scotopic.cloud.many import ObjectJob, ObjectPlan
from scotopic.cloud.stores import open_store
from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError, UnreadableError
from scotopic.jobs.settings import Settings

MANIFEST, LIST = ".parquet", ".txt"
"""How the names of manifests and of lists end."""
_AT_ONCE = 5000


def jobs(source: str, output: str, settings: Settings) -> Iterator[ObjectJob]:
    """Find the pictures, one by one, however many there are.

    Parameters
    ----------
    source : str
        URL or path: of a folder that is listed or of one picture; of a list,
        whose name ends with ``.txt``, with the URL or path of a picture in each
        line; of a manifest, whose name ends with ``.parquet``, with the column
        ``source`` and, if its results are to have places of their own,
        ``target``. A manifest may be a folder of such files.
    output : str
        URL or path of the folder for results.
    settings : Settings

    Yields
    ------
    ObjectJob
        Its paths begin at the root, so that they hold in every process.

    Raises
    ------
    ScotopicError
        When there are no pictures, and when the list or manifest cannot be read
        or has not what it needs.
    """
    output = urls.whole(output)
    if source.endswith(MANIFEST):
        found = _in_manifest(source, output, settings)
    elif source.endswith(LIST):
        found = (_placed(name, output, settings) for name in _in_list(source))
    else:
        _check_listed(source)
        found = iter(ObjectPlan([urls.whole(source)], output, False, settings))
    first = next(found, None)
    if first is None:
        raise MissingFileError("there is no picture in it", path=source)
    yield first
    yield from found


def _check_listed(source: str) -> None:
    if urls.is_url(source) or os.path.isdir(source):
        return
    if not os.path.exists(source):
        raise MissingFileError("no such file or folder", path=source)
    if not is_picture(source):
        remedy = f"a list ends with {LIST}, a manifest with {MANIFEST}"
        raise InvalidValueError("neither a folder nor a picture", path=source, remedy=remedy)


def _placed(source: str, output: str, settings: Settings) -> ObjectJob:
    """The job for a name by itself; its place in the output is that in its store."""
    try:
        target = target_of(source, _root_of(source), output, settings)
    except ScotopicError as error:
        return ObjectJob(source, None, error)
    return ObjectJob(urls.whole(source), target)


def _root_of(name: str) -> str:
    """What the place of a result is counted from, whatever other names there are."""
    if not urls.is_url(name):
        return Path(name).anchor or "."
    bucket = "/" if urls.scheme_of(name) == "file" else urls.key_of(name).partition("/")[0]
    return f"{urls.scheme_of(name)}://{bucket}"


def _in_list(source: str) -> Iterator[str]:
    try:
        with _opened(source) as file, io.TextIOWrapper(file, encoding="utf-8-sig") as lines:
            for line in lines:
                name = line.rstrip("\n")
                if name.strip():
                    yield name
    except UnicodeDecodeError as error:
        raise UnreadableError("the list is not text in UTF-8", path=source) from error


def _in_manifest(source: str, output: str, settings: Settings) -> Iterator[ObjectJob]:
    for file in _files_of(source):
        for batch in _batches(file):
            sources = batch.column("source").to_pylist()
            targets = batch.column("target").to_pylist() if batch.num_columns > 1 else []
            for number, name in enumerate(sources):
                if not name:
                    raise InvalidValueError("a row of the manifest has no source", path=file)
                target = targets[number] if targets else None
                yield (
                    ObjectJob(urls.whole(name), urls.whole(target))
                    if target
                    else _placed(name, output, settings)
                )


def _files_of(source: str) -> list[str]:
    """The Parquet files of a manifest: itself, or those in the folder that it is."""
    if urls.is_url(source):
        store, key = open_store(source), urls.key_of(source)
        if store.look(key) is not None:
            return [source]
        inside = store.list(key.rstrip("/") + "/")
        found = [store.url(name) for name in inside if name.endswith(MANIFEST)]
    elif os.path.isdir(source):
        found = [str(path) for path in Path(source).rglob(f"*{MANIFEST}") if path.is_file()]
    else:
        return [source]
    if not found:
        raise MissingFileError("no Parquet files in this folder", path=source)
    return sorted(found)


def _batches(path: str) -> Iterator[Any]:
    """The columns of a manifest that are used, some rows at a time."""
    with _opened(path) as file:
        try:
            table = pq.ParquetFile(file, buffer_size=2**20)
        except (pa.ArrowInvalid, OSError) as error:
            raise UnreadableError("not a Parquet file", path=path) from error
        there = table.schema_arrow
        if "source" not in there.names:
            remedy = f"its columns are {', '.join(there.names) or 'none'}"
            raise InvalidValueError("the manifest has no column source", path=path, remedy=remedy)
        wanted = [name for name in ("source", "target") if name in there.names]
        for name in wanted if table.metadata.num_rows else ():  # nothing may be of any type
            _check_text(there.field(name), path)
        for batch in table.iter_batches(_AT_ONCE, columns=wanted):
            yield batch.select(wanted)


def _check_text(column: Any, path: str) -> None:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        problem = f"the column {column.name} of the manifest holds {column.type}, not text"
        raise InvalidValueError(problem, path=path)


def _opened(place: str) -> BinaryIO:
    """A list or manifest, to be read piece by piece."""
    store = open_store(place)
    try:
        if store.fs is None:
            return Path(urls.key_of(place)).open("rb")
        opened: BinaryIO = store.fs.open(urls.key_of(place), "rb")
    except FileNotFoundError as error:
        raise MissingFileError("no such file", path=place) from error
    except OSError as error:
        raise UnreadableError(error.strerror or str(error), path=place) from error
    return opened

"""Which pictures lie under a URL or path, and where the result of each goes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from scotopic.cloud import urls
from scotopic.cloud.stores import open_store
from scotopic.cloud.urls import is_url as is_url
from scotopic.errors import InvalidValueError
from scotopic.jobs import folders
from scotopic.jobs.plan import fitting
from scotopic.jobs.settings import Settings
from scotopic.photo import formats


def names(root: str) -> Iterator[str]:
    """The pictures under a URL or path, one by one, however many there are.

    Parameters
    ----------
    root : str
        A folder, or one picture, which gives itself. A URL that ends with the
        suffix of a format is a picture; one that ends with a slash is a folder.

    Yields
    ------
    str
        The URL or path of each picture, which begins with the root. Files of
        other kinds, and those whose name begins with a dot, are passed over.

    Raises
    ------
    ScotopicError
        When the root cannot be listed.
    """
    if urls.scheme_of(root) == "file":
        yield from _files(root)
        return
    if is_picture(root):
        yield root
        return
    found, store, folder = False, open_store(root), root.rstrip("/")
    start = len(urls.key_of(folder))
    for key in store.list(urls.key_of(folder) + "/"):
        url = folder + key[start:]
        if is_picture(url):
            found = True
            yield url
    # An object without a suffix; a bucket alone is none.
    if not found and "/" in urls.key_of(folder) and store.look(urls.key_of(root)) is not None:
        yield root


def is_picture(name: str) -> bool:
    """Whether something is a picture by its name: it has the suffix of a format that is read."""
    last = name.rpartition("/")[2]
    ending = os.path.splitext(last)[1].lower()
    return not last.startswith(".") and ending in formats.READ_SUFFIXES


def _files(root: str) -> Iterator[str]:
    folder, met = urls.key_of(root), folders.Met()
    if not os.path.isdir(folder):
        yield root
        return

    def kind_of(name: str) -> folders.Kind:
        return folders.Kind.PICTURE if is_picture(name) else folders.Kind.OTHER

    # Paths are slow to put together, and each stays known for a while: one for each folder.
    found = folders.pictures(Path(folder), kind_of, None, met)
    for inside, here in itertools.groupby(found, itemgetter(0)):
        deeper = inside.relative_to(folder).as_posix()
        for _, name in here:
            yield urls.joined(root, name if deeper == "." else f"{deeper}/{name}")
    for error in met.unread.values():
        raise error


def target_of(source: str, root: str, output: str | None, settings: Settings) -> str:
    """Where the result of a picture goes; a function of its name alone.

    The name decides, not what is in the picture, which would have to be read.
    Where the result gets another format, its suffix is added to the whole name
    (``a.heic`` becomes ``a.heic.jpg``), so that no two pictures under a root
    get one target, whoever works on them.

    Parameters
    ----------
    source, root : str
        A picture, and the URL or path that it was found under.
    output : str or None
        URL or path of the folder for results, which mirrors the root; None puts
        each result beside its source.
    settings : Settings
        Its format, and for results beside their sources its suffix, count.

    Raises
    ------
    InvalidValueError
        When an object has a name that cannot be one of a file, and the output
        is a folder of files.
    """
    name = urls.relative(source, root)
    folder, _, last = name.rpartition("/")
    stem, ending = os.path.splitext(last)
    added = settings.placement.suffix if output is None else ""
    suffix = _suffix_of(last, settings)
    rest = (ending if suffix != ending else "") + added + suffix
    of_files = urls.scheme_of(source if output is None else output) == "file"
    result = fitting(stem, rest) if of_files else stem + rest
    if output is None:
        return urls.joined(urls.parent_of(source), result)
    return urls.joined(output, f"{folder}/{result}" if folder else result)


def _suffix_of(name: str, settings: Settings) -> str:
    """The suffix of the result of a picture: its own where the format stays."""
    ending = os.path.splitext(name)[1]
    rows = formats.FORMATS.values()
    read = (row.name for row in rows if ending.lower() in (*row.suffixes, *row.read_suffixes))
    wanted = formats.of_result(next(read, ""), settings.encoding.format)
    return ending if wanted == formats.of_path(name) else wanted.suffixes[0]


def file_of(output: str, settings: Settings) -> bool:
    """Whether the URL of an output names one file, and not a folder.

    It does when it ends with the suffix of a format that is written; without a
    suffix, or with a slash at its end, it names a folder.

    Raises
    ------
    InvalidValueError
        For any other suffix, as after a typing error, and for that of another
        format than the one asked for.
    """
    name = urls.last_of(output)
    suffix, asked = os.path.splitext(name)[1], settings.encoding.format
    if output.endswith("/") or not suffix or "/" not in urls.key_of(output).strip("/"):
        return False
    known = formats.of_path(name)
    if known is None or not known.is_written:
        problem = f"no format is written under the suffix {suffix}"
        raise InvalidValueError(problem, path=output, remedy="end the URL of a folder with a slash")
    if asked not in (None, known.name):
        label = formats.FORMATS[str(asked)].label
        problem = f"the name says {known.label}, but the format asked for is {label}"
        raise InvalidValueError(problem, path=output)
    return True

"""Folders searched for pictures one at a time, however many files there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from scotopic.errors import AccessError


class Kind(Enum):
    """What to do with a file, by its name: take it, count it, or ignore it."""

    PICTURE = 1
    OTHER = 2
    APART = 3


@dataclass
class Met:
    """What was found beside pictures.

    Attributes
    ----------
    others : int
        Files that are no pictures.
    unread : dict
        Folders that cannot be read, each with its error.
    """

    others: int = 0
    unread: dict[Path, AccessError] = field(default_factory=dict)


@dataclass
class _Folder:
    path: Path
    names: list[str] = field(default_factory=list)
    """Of pictures and folders, from the last to the first."""
    folders: set[str] = field(default_factory=set)


def pictures(
    root: Path, kind_of: Callable[[str], Kind], output: Path | None, met: Met
) -> Iterator[tuple[Path, str]]:
    """Pictures in a folder and the folders in it: the folder and the name of each.

    Names of one folder come sorted, what is in a folder in the place of its
    name. Links to folders are not followed, links to files are. Only the names
    of the folders on the way to the present one are held.

    Parameters
    ----------
    root : Path
        The folder.
    kind_of : callable
        The kind of a file by its name.
    output : Path, optional
        A folder, resolved, that is passed over: its pictures are results.
    met : Met
        Takes what else there is.
    """
    results = _as_seen_from(root, output)
    if results == root:
        return
    way = [_read(root, kind_of, output, met)]
    while way:
        here = way[-1]
        if not here.names:
            way.pop()
            continue
        name = here.names.pop()
        if name not in here.folders:
            yield here.path, name
        elif here.path / name != results:
            way.append(_read(here.path / name, kind_of, output, met))


def lies_in(output: Path | None, folder: Path) -> bool:
    """Whether a folder is the output folder, or lies in it."""
    inside = real(folder)
    return output is not None and real(output) in (inside, *inside.parents)


def real(path: Path) -> Path:
    """A path without links; `Path.resolve` fails for a link that leads to itself."""
    return Path(os.path.realpath(path))


def _as_seen_from(root: Path, output: Path | None) -> Path | None:
    """The output by a path that begins with the root; the root itself if it is in the output."""
    if output is None:
        return None
    if lies_in(output, root):
        return root
    inside = real(root)
    return root / output.relative_to(inside) if inside in output.parents else None


def _read(folder: Path, kind_of: Callable[[str], Kind], output: Path | None, met: Met) -> _Folder:
    read = _Folder(folder)
    others = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    read.folders.add(entry.name)
                    read.names.append(entry.name)
                    continue
                kind = kind_of(entry.name)
                if kind is Kind.APART or not _is_file(entry) or _leads_into(output, entry):
                    continue
                if kind is Kind.PICTURE:
                    read.names.append(entry.name)
                else:
                    others += 1
    except FileNotFoundError:
        # Somebody took it away since its name was read.
        return _Folder(folder)
    except OSError as error:
        met.unread[folder] = AccessError(f"cannot be read: {error.strerror}", path=folder)
        return _Folder(folder)
    met.others += others
    read.names.sort(reverse=True)
    return read


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        # A link that leads to itself, or to where nobody may look.
        return False


def _leads_into(output: Path | None, entry: os.DirEntry[str]) -> bool:
    """Whether it is a link to a result."""
    if output is None or not entry.is_symlink():
        return False
    return output in real(Path(entry.path)).parents

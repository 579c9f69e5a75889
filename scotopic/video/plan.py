"""Which films there are, and where the result of each goes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError
from scotopic.jobs import folders
from scotopic.jobs.plan import targets
from scotopic.jobs.settings import Job
from scotopic.video import containers


@dataclass(frozen=True)
class Output:
    """Where results go.

    Attributes
    ----------
    path : Path or None
        A file or a folder; None writes each result beside its source.
    is_folder : bool
        Whether the output is a folder.
    suffix : str
        Added to the names of results that are written beside their sources.
    """

    path: Path | None = None
    is_folder: bool = False
    suffix: str = "_enhanced"

    @classmethod
    def at(cls, text: str | None, suffix: str = "_enhanced") -> Output:
        """Where a text leads: to a folder if it ends with a slash, is one, or has no suffix.

        Raises
        ------
        InvalidValueError
            When no film is written under the suffix, or the suffix for names is none.
        """
        if os.path.basename(suffix) != suffix or not suffix:
            raise InvalidValueError(f"a suffix for names is not empty and no path: {suffix!r}")
        if text is None:
            return cls(None, False, suffix)
        path = Path(text)
        is_folder = text.endswith(("/", os.sep)) or path.is_dir() or not path.suffix
        if not is_folder:
            containers.of_target(path)
        elif path.exists() and not path.is_dir():
            raise InvalidValueError("is not a folder", path=path)
        return cls(path, is_folder, suffix)

    @property
    def folder(self) -> Path | None:
        """The folder that all results go into."""
        return self.path if self.is_folder else None


@dataclass
class Plan:
    """Films and their targets.

    Attributes
    ----------
    jobs : list of Job
    unread : dict
        Folders that cannot be read, each with its error.
    """

    jobs: list[Job] = field(default_factory=list)
    unread: dict[Path, ScotopicError] = field(default_factory=dict)


def plan(paths: Iterable[Path], output: Output) -> Plan:
    """Pair films with targets, in a stable order; folders are walked, and the output mirrors them.

    Of two films that would get one name, the later one's gets its own ending put before
    the new one, and a number if need be.

    Raises
    ------
    MissingFileError
        When a folder has no films.
    InvalidValueError
        When several films are to go into one file.
    """
    found, taken = Plan(), set[Path]()
    for source, folder in _sources(paths, output, found):
        if output.path is not None and not output.is_folder:
            found.jobs.append(Job(source, output.path))
            continue
        target = next(each for each in _targets(source, folder, output) if each not in taken)
        taken.add(target)
        found.jobs.append(Job(source, target))
    if output.path is not None and not output.is_folder and len(found.jobs) > 1:
        raise InvalidValueError(
            f"one file for {len(found.jobs)} films",
            path=output.path,
            remedy="name a folder instead",
        )
    return found


def _sources(paths: Iterable[Path], output: Output, found: Plan) -> Iterator[tuple[Path, Path]]:
    """Films with the folder that their targets are to be in."""
    for path in paths:
        if not path.is_dir():
            yield path, output.folder or path.parent
            continue
        met, count = folders.Met(), 0
        results = None if output.folder is None else folders.real(output.folder)
        for place, name in folders.pictures(path, lambda n: _kind(n, output), results, met):
            goal = place if output.folder is None else output.folder / place.relative_to(path)
            count += 1
            yield place / name, goal
        found.unread.update(met.unread)
        if not count and not met.unread:
            raise MissingFileError("no films in this folder", path=path)


def _kind(name: str, output: Output) -> folders.Kind:
    stem, suffix = os.path.splitext(name)
    if name.startswith("."):
        return folders.Kind.APART
    if suffix.lower() not in containers.READ_SUFFIXES:
        return folders.Kind.OTHER
    is_result = output.path is None and stem.endswith(output.suffix)
    return folders.Kind.APART if is_result else folders.Kind.PICTURE


def _targets(source: Path, folder: Path, output: Output) -> Iterator[Path]:
    added = output.suffix if output.path is None else ""
    return targets(source, folder, added, containers.suffix_of_result(source))

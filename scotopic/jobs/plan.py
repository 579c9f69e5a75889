"""Which pictures there are, and where the result of each goes."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from scotopic import storage
from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError
from scotopic.jobs import folders
from scotopic.jobs.name_index import Index
from scotopic.jobs.settings import Job, Settings
from scotopic.jobs.shard import Shard
from scotopic.photo import formats
from scotopic.photo.formats import Format

AT_ONCE = 1000
"""Jobs of a watched folder that are held at one time."""


class Plan:
    """Jobs in a stable order, found anew each time they are gone through.

    Only their number is held and, while they are gone through, 16 bytes for
    each target that was given away: a folder may have any number of pictures.

    Attributes
    ----------
    all : int
        Pictures of all shards.
    others : int
        Files in the folders that are no pictures.
    unread : dict
        Folders that cannot be read, each with its error.
    """

    def __init__(
        self, paths: Sequence[Path], settings: Settings, shard: Shard | None = None
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._shard = shard
        met, self.all = folders.Met(), 0
        self._count = 0
        for path in paths:
            found, held = _count(path, settings, met, shard)
            self.all += found
            self._count += held
        self.others = met.others
        self.unread = met.unread

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Job]:
        met = folders.Met(unread=self.unread)
        for root, job in _jobs(self._paths, self._settings, met):
            if self._shard is None or self._shard.holds(_name_in(root, job.source)):
                yield job


def plan_jobs(paths: Sequence[Path], settings: Settings, shard: Shard | None = None) -> Plan:
    """Pair pictures with targets, in a stable order.

    Folders are walked; the output mirrors them. Paths come as they were
    given, names of a folder sorted, what is in a folder in the place of its
    name. Two pictures that would get one name are both kept: the later one's
    gets its own ending put before the new one, and a number if need be. A name
    that would be too long for a file is shortened before what is added to it.
    Of a shard, the plan has the jobs that a plan of all would have for its pictures.

    Raises
    ------
    MissingFileError
        When a folder has no pictures.
    InvalidValueError
        When several pictures are to go into one file, or a path lies in the
        output folder.
    """
    plan = Plan(paths, settings, shard)
    file = settings.placement.file
    if file is not None and plan.all > 1:
        raise InvalidValueError(
            f"one file for {plan.all} pictures", path=file, remedy="name a folder instead"
        )
    return plan


def arrivals(
    paths: Sequence[Path],
    settings: Settings,
    pause: float = 1.0,
    tell: Callable[[ScotopicError], None] = lambda error: None,
) -> Iterator[list[Job]]:
    """Watch folders: jobs for what is there, and for what is put there, without end.

    A picture counts as put there when its size and time stay the same from
    one look to the next, `pause` seconds later. Jobs come some at a time. A
    source that had its job is passed over until its size or time changes, as of
    one that was copied half when it was taken; its target is left to it.

    Parameters
    ----------
    paths, settings, pause
        Where, how, and how often.
    tell : callable, optional
        Takes the error of each folder that cannot be read, once.

    Raises
    ------
    InvalidValueError
        When a path is no folder.
    """
    for path in paths:
        if not os.path.isdir(path):
            raise InvalidValueError("only folders can be watched", path=path)
    sources, targets, seen = Index(), Index(), Index()
    told: set[Path] = set()

    def is_done(source: Path) -> bool:
        return sources.get(str(source)) == _look(source)

    while True:
        met, looks = folders.Met(), Index()
        ready: list[Job] = []
        for _, job in _jobs(paths, settings, met, is_done, targets):
            look = _look(job.source)
            if look is None:
                continue
            if look != seen.get(str(job.source)):
                looks[str(job.source)] = look
                continue
            sources[str(job.source)] = look
            targets[str(job.target)] = _number(job.source)
            ready.append(job)
            if len(ready) == AT_ONCE:
                yield ready
                ready = []
        for folder, error in met.unread.items():
            if folder not in told:
                tell(error)
        told = set(met.unread)
        seen = looks
        if ready:
            yield ready
        time.sleep(pause)


def _look(path: Path) -> int | None:
    """A number that changes with size, time and rights; None when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return hash((found.st_size, found.st_mtime_ns, found.st_ctime_ns))


def _number(source: Path) -> int:
    return hash(str(source))


def _count(
    path: Path, settings: Settings, met: folders.Met, shard: Shard | None
) -> tuple[int, int]:
    """How many pictures a path leads to, and how many of them a shard holds."""

    def held(source: Path) -> bool:
        return shard is None or shard.holds(_name_in(path, source))

    if not os.path.isdir(path):
        return 1, int(held(path))
    found = mine = 0
    for folder, name in _pictures(path, settings, met):
        found += 1
        mine += shard is None or held(folder / name)
    if not found and folders.lies_in(settings.placement.folder, path):
        raise InvalidValueError("lies in the output folder", path=path)
    if not found and not any(folder.is_relative_to(path) for folder in met.unread):
        raise MissingFileError("no pictures in this folder", path=path)
    return found, mine


def _name_in(root: Path, source: Path) -> str:
    """The name of a picture from its root on; of a root that is a picture, its own."""
    return source.name if source == root else source.relative_to(root).as_posix()


def _jobs(
    paths: Sequence[Path],
    settings: Settings,
    met: folders.Met,
    is_done: Callable[[Path], bool] = lambda source: False,
    kept: Index | None = None,
) -> Iterator[tuple[Path, Job]]:
    """Jobs one by one, but for sources that are done, each with the path that led to it.

    Targets `kept`, each with the number of its source, are used for no other one.
    """
    given, kept = Index(), Index() if kept is None else kept
    one = settings.placement.file
    for root, source, folder in _sources(paths, settings, met):
        if is_done(source):
            continue
        target = one
        if target is None:
            mine = (None, _number(source))
            names = _targets(source, folder, settings)
            target = next(n for n in names if str(n) not in given and kept.get(str(n)) in mine)
            given[str(target)] = 0
        yield root, Job(source, target)


def _sources(
    paths: Sequence[Path], settings: Settings, met: folders.Met
) -> Iterator[tuple[Path, Path, Path]]:
    """Pictures with the path that led to them, and the folder that their targets are to be in."""
    for path in paths:
        if not os.path.isdir(path):
            yield path, path, settings.placement.folder or path.parent
            continue
        # Paths are slow to put together: pictures of one folder share that of their targets.
        for folder, found in itertools.groupby(_pictures(path, settings, met), itemgetter(0)):
            goal = folder
            if settings.placement.folder is not None:
                goal = settings.placement.folder / folder.relative_to(path)
            for _, name in found:
                yield path, folder / name, goal


def _pictures(folder: Path, settings: Settings, met: folders.Met) -> Iterator[tuple[Path, str]]:
    output = settings.placement.output
    output = None if output is None else folders.real(output)
    return folders.pictures(folder, lambda name: _kind(name, settings), output, met)


def _kind(name: str, settings: Settings) -> folders.Kind:
    """Whether a file in a folder is a picture, and not an earlier result."""
    stem, suffix = os.path.splitext(name)
    if name.startswith("."):
        return folders.Kind.APART
    if suffix.lower() not in formats.READ_SUFFIXES:
        return folders.Kind.OTHER
    placed = settings.placement
    is_result = placed.output is None and stem.endswith(placed.suffix)
    return folders.Kind.APART if is_result else folders.Kind.PICTURE


def _targets(source: Path, folder: Path, settings: Settings) -> Iterator[Path]:
    suffix = _suffix_of_result(source, _format_of(source), settings)
    added = settings.placement.suffix if settings.placement.output is None else ""
    return targets(source, folder, added, suffix)


def targets(source: Path, folder: Path, added: str, suffix: str) -> Iterator[Path]:
    """Paths that the result of a file may get, the usual one first.

    Parameters
    ----------
    source, folder : Path
        The file, and the folder of its result.
    added : str
        What is added to the name, before its suffix.
    suffix : str
        That of the result.
    """
    yield folder / fitting(source.stem, added + suffix)
    ending = source.suffix if suffix != source.suffix else ""
    for number in itertools.chain([""], (f"-{n}" for n in itertools.count(2))):
        yield folder / fitting(source.stem, ending + number + added + suffix)


def name_of_result(name: str, data: bytes, settings: Settings) -> str:
    """How the result of a picture is called that is given as bytes, with the name of its file."""
    source = Path(name)
    own = _format_by(formats.of_path(source), data)
    suffix = _suffix_of_result(source, own, settings)
    return fitting(source.stem, settings.placement.suffix + suffix)


def _suffix_of_result(source: Path, own: Format | None, settings: Settings) -> str:
    wanted = formats.of_result(own.name if own else "", settings.encoding.format)
    return source.suffix if wanted == formats.of_path(source) else wanted.suffixes[0]


def fitting(stem: str, rest: str) -> str:
    """A name whose stem is shortened if the file system would not take it with what is added."""
    name = stem + rest
    while stem and len(os.fsencode(name)) > storage.LONGEST_NAME:
        stem = stem[:-1]
        name = stem + rest
    return name


def _format_of(source: Path) -> Format | None:
    """What is in a file, whatever it is called, or else what its name says.

    Most camera RAW is told from a TIFF by its name alone.
    """
    return _format_by(formats.of_path(source), storage.first_bytes(source, formats.START))


def _format_by(named: Format | None, start: bytes) -> Format | None:
    if named is formats.FORMATS["RAW"]:
        return named
    return formats.of_content(start) or named

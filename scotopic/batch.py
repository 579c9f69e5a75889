"""Many files: find the pictures, pair them with targets, enhance each."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scotopic import __version__, foreign, photo
from scotopic.enhancer import Enhancer, Report, check_settings
from scotopic.errors import ScotopicError
from scotopic.manifest import Manifest
from scotopic.session import sha256_of

STREAM = Path("-")
"""Standard input as a source, standard output as a target."""


@dataclass(frozen=True)
class Settings:
    """How pictures are enhanced and where they go.

    Attributes
    ----------
    output : Path, optional
        A file, a folder, or ``-``; None writes beside each source.
    exposure, ev, strength
        As for `Enhancer.enhance_array`.
    extension : str, optional
        Of the format to write, such as ``png``; None keeps the source's.
    quality : int, optional
        Of JPEG and WebP, 1 to 100; None is the source's own, or 95.
    suffix : str
        Added to names that are written beside their source.
    overwrite : bool
    strip : bool
        Drop all metadata but the colour profile.
    skip_bright : bool
        Copy pictures that are as bright as predicted already.
    times : bool
        Give results the times of access and change of their sources.
    max_megapixels : int
        Larger pictures are refused before they are decoded.
    """

    output: Path | None = None
    exposure: float | None = None
    ev: float = 0.0
    strength: float = 1.0
    extension: str | None = None
    quality: int | None = None
    suffix: str = "_enhanced"
    overwrite: bool = False
    strip: bool = False
    skip_bright: bool = False
    times: bool = False
    max_megapixels: int = photo.MAX_MEGAPIXELS

    def __post_init__(self) -> None:
        check_settings(self.exposure, self.ev, self.strength)
        if self.extension is not None and _dotted(self.extension) not in photo.FORMATS:
            known = ", ".join(name.lstrip(".") for name in photo.FORMATS)
            raise ScotopicError(f"no format {self.extension!r}; there are: {known}")
        if self.output is None and not self.suffix:
            raise ScotopicError("an empty suffix would name the sources; give an output folder")

    def of_result(self) -> dict[str, Any]:
        """Those that a result depends on."""
        apart = {"output", "suffix", "overwrite", "times", "max_megapixels"}
        return {name: value for name, value in vars(self).items() if name not in apart}

    @property
    def output_is_file(self) -> bool:
        """Whether the output is one file or standard output, not a folder."""
        if self.output is None or self.output.is_dir():
            return False
        return self.output == STREAM or _is_picture(self.output)


@dataclass(frozen=True)
class Job:
    """A picture to read and the file to write; either may be `STREAM`."""

    source: Path
    target: Path


def plan_jobs(
    paths: Sequence[Path], settings: Settings, before: Sequence[Job] | None = None
) -> list[Job]:
    """Pair pictures with targets, in a stable order.

    Folders are walked; the output mirrors them. Two pictures that would get
    one name are both kept: the later one's gets its own ending put before
    the new one, and a number if need be. Sources of jobs planned `before` are
    passed over, their targets left to them, and folders may be empty.

    Raises
    ------
    ScotopicError
        When a folder has no pictures, or several are to go into one file.
    """
    jobs: list[Job] = []
    planned = {job.source for job in before or ()}
    taken = {job.target for job in before or ()}
    for source, root in _sources(paths, settings, may_be_empty=before is not None):
        if source in planned:
            continue
        target = _target(source, root, settings)
        if target != STREAM and not settings.output_is_file:
            target = _free_name(target, source, taken)
        taken.add(target)
        jobs.append(Job(source, target))
    if settings.output_is_file and len(jobs) > 1:
        raise ScotopicError(
            f"{settings.output}: one file for {len(jobs)} pictures; name a folder instead"
        )
    return jobs


def arrivals(paths: Sequence[Path], settings: Settings, pause: float = 1.0) -> Iterator[list[Job]]:
    """Watch folders: jobs for what is there, and for what is put there, without end.

    A picture counts as put there when its size and time stay the same from
    one look to the next, `pause` seconds later.

    Raises
    ------
    ScotopicError
        When a path is no folder.
    """
    for path in paths:
        if not path.is_dir():
            raise ScotopicError(f"{path}: only folders can be watched")
    done: list[Job] = []
    seen: dict[Path, tuple[int, int]] = {}
    while True:
        new = [(job, _look(job.source)) for job in plan_jobs(paths, settings, done)]
        ready = [job for job, look in new if look and look == seen.get(job.source)]
        seen = {job.source: look for job, look in new if look}
        if ready:
            done += ready
            yield ready
        time.sleep(pause)


def _look(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


@dataclass(frozen=True)
class Outcome:
    """What became of a picture.

    Attributes
    ----------
    status : str
        ``enhanced``; ``copied``, since it was bright enough; ``done before``.
    report : Report or None
        None for a picture that was done before.
    notes : list of str
        What had to be converted on the way.
    """

    status: str
    report: Report | None = None
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        made = {} if self.report is None else self.report.as_dict()
        return {"status": self.status, "notes": self.notes, **made}


def run_job(
    enhancer: Enhancer, job: Job, settings: Settings, manifest: Manifest | None = None
) -> Outcome:
    """Read, enhance and write one picture.

    Parameters
    ----------
    enhancer, job, settings
        What with, what, and how.
    manifest : Manifest, optional
        Record of the output folder: what it says is done is not done again.

    Raises
    ------
    ScotopicError
        When it cannot be read or written; one line that names it.
    """
    _refuse_to_replace(job.target, settings, manifest)
    streamed = job.source == STREAM
    data = sys.stdin.buffer.read() if streamed else photo.read_bytes(job.source)
    made_from = {
        "input": sha256_of(data),
        "model": enhancer.session.sha256,
        "version": __version__,
        **settings.of_result(),
    }
    if manifest is None:
        return _run_job(enhancer, job, settings, data)[0]
    if not settings.overwrite and manifest.is_done(job.target, made_from):
        return Outcome("done before")
    facts = {"source": str(job.source), "made_from": made_from}
    manifest.note(job.target, "started", **facts)
    began = time.monotonic()
    try:
        outcome, written = _run_job(enhancer, job, settings, data)
    except ScotopicError as error:
        manifest.note(job.target, "failed", error=str(error), **facts)
        raise
    facts |= {"output": sha256_of(written), "seconds": round(time.monotonic() - began, 3)}
    manifest.note(job.target, "done", outcome=outcome.status, **facts)
    return outcome


def _refuse_to_replace(target: Path, settings: Settings, manifest: Manifest | None) -> None:
    if target == STREAM or settings.overwrite or not target.exists():
        return
    if manifest is None or not manifest.is_own(target):
        raise ScotopicError(f"{target}: exists; give --overwrite or another output")


def _run_job(
    enhancer: Enhancer, job: Job, settings: Settings, data: bytes
) -> tuple[Outcome, bytes]:
    """Outcome, and what was written."""
    name = "standard input" if job.source == STREAM else str(job.source)
    picture = photo.read(data, name, settings.max_megapixels)
    report = enhance_photo(enhancer, picture, settings)
    form = _format(picture, job.target, settings)
    copied = report.tiles == 0
    if not (copied and form == picture.format and not settings.strip):
        data = photo.encode(picture, form, settings.quality)
    if job.target == STREAM:
        sys.stdout.buffer.write(data)
    else:
        photo.write_atomically(data, job.target)
        if settings.times and job.source != STREAM:
            source = job.source.stat()
            os.utime(job.target, ns=(source.st_atime_ns, source.st_mtime_ns))
    return Outcome("copied" if copied else "enhanced", report, picture.notes), data


def enhance_photo(enhancer: Enhancer, picture: photo.Photo, settings: Settings) -> Report:
    """Enhance a photo in place, and record in it what made it."""
    picture.pixels, report = enhancer.enhance_array(
        picture.pixels,
        exposure=settings.exposure,
        ev=settings.ev,
        strength=settings.strength,
        skip_bright=settings.skip_bright,
    )
    if settings.strip:
        picture.strip()
    elif report.tiles:
        picture.xmp = photo.credit(picture.xmp, f"scotopic {__version__} ({report.model})")
    return report


def _sources(
    paths: Sequence[Path], settings: Settings, may_be_empty: bool
) -> Iterator[tuple[Path, Path]]:
    """Pictures with the folder that their place in the output is relative to."""
    for path in paths:
        if not path.is_dir():
            yield path, path.parent
            continue
        inside = [p for p in sorted(path.rglob("*")) if _is_source(p, settings)]
        if not inside and not may_be_empty:
            raise ScotopicError(f"{path}: no pictures in this folder")
        yield from ((picture, path) for picture in inside)


def _is_source(path: Path, settings: Settings) -> bool:
    """Whether a file in a folder is a picture, and not an earlier result."""
    if path.suffix.lower() not in (*photo.FORMATS, *foreign.RESULT_SUFFIXES):
        return False
    if path.name.startswith(".") or not path.is_file():
        return False
    if settings.output is None:
        return not path.stem.endswith(settings.suffix)
    return settings.output.resolve() not in path.resolve().parents


def _is_picture(path: Path) -> bool:
    """Whether a name is that of a picture that can be written."""
    return path.suffix.lower() in photo.FORMATS


def _target(source: Path, root: Path, settings: Settings) -> Path:
    output = settings.output
    if output is None and source == STREAM:
        return STREAM
    if output is not None and settings.output_is_file:
        return output
    ending = source.suffix if _is_picture(source) else _ending_of_result(source)
    if settings.extension is not None:
        ending = _dotted(settings.extension)
    if output is None:
        return source.with_name(source.stem + settings.suffix + ending)
    name = Path("picture") if source == STREAM else source.relative_to(root)
    return (output / name).with_suffix(ending)


def _ending_of_result(source: Path) -> str:
    return foreign.RESULT_SUFFIXES.get(source.suffix.lower(), ".png")


def _free_name(target: Path, source: Path, taken: set[Path]) -> Path:
    if target not in taken:
        return target
    ending = source.suffix.lstrip(".")
    stem = target.stem if target.suffix == source.suffix else f"{target.stem}.{ending}"
    candidates = [target.with_name(stem + target.suffix)]
    candidates += [target.with_name(f"{stem}-{n}{target.suffix}") for n in range(2, len(taken) + 3)]
    return next(name for name in candidates if name not in taken)


def _format(picture: photo.Photo, target: Path, settings: Settings) -> str:
    if settings.extension is not None:
        return photo.FORMATS[_dotted(settings.extension)]
    own = picture.format if picture.format in photo.FORMATS.values() else "PNG"
    return own if target == STREAM else photo.FORMATS.get(target.suffix.lower(), own)


def _dotted(extension: str) -> str:
    return "." + extension.lower().lstrip(".")

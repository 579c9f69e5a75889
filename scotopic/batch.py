"""Many files: find the pictures, pair them with targets, enhance each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scotopic import __version__, photo
from scotopic.enhancer import Enhancer, Report, check_settings
from scotopic.errors import ScotopicError

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
    quality : int
        Of JPEG and WebP, 1 to 100.
    suffix : str
        Added to names that are written beside their source.
    overwrite : bool
    strip : bool
        Drop all metadata but the colour profile.
    """

    output: Path | None = None
    exposure: float | None = None
    ev: float = 0.0
    strength: float = 1.0
    extension: str | None = None
    quality: int = photo.DEFAULT_QUALITY
    suffix: str = "_enhanced"
    overwrite: bool = False
    strip: bool = False

    def __post_init__(self) -> None:
        check_settings(self.exposure, self.ev, self.strength)
        if self.extension is not None and _dotted(self.extension) not in photo.FORMATS:
            known = ", ".join(name.lstrip(".") for name in photo.FORMATS)
            raise ScotopicError(f"no format {self.extension!r}; there are: {known}")
        if self.output is None and not self.suffix:
            raise ScotopicError("an empty suffix would name the sources; give an output folder")

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


def plan_jobs(paths: Sequence[Path], settings: Settings) -> list[Job]:
    """Pair pictures with targets, in a stable order.

    Folders are walked; the output mirrors them. Two pictures that would get
    one name are both kept: the later one's gets its own ending put before
    the new one, and a number if need be.

    Raises
    ------
    ScotopicError
        When a folder has no pictures, or several are to go into one file.
    """
    jobs: list[Job] = []
    taken: set[Path] = set()
    for source, root in _sources(paths, settings):
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


def run_job(enhancer: Enhancer, job: Job, settings: Settings) -> tuple[Report, list[str]]:
    """Read, enhance and write one picture.

    Returns
    -------
    report : Report
    notes : list of str
        What had to be converted on the way.

    Raises
    ------
    ScotopicError
        When it cannot be read or written; one line that names it.
    """
    streamed = job.target == STREAM
    if not streamed and job.target.exists() and not settings.overwrite:
        raise ScotopicError(f"{job.target}: exists; give --overwrite or another output")
    source: Any = sys.stdin.buffer.read() if job.source == STREAM else job.source
    picture = photo.read(source, "standard input" if job.source == STREAM else None)
    report = enhance_photo(enhancer, picture, settings)
    encoded = photo.encode(picture, _format(picture, job.target, settings), settings.quality)
    if streamed:
        sys.stdout.buffer.write(encoded)
    else:
        photo.write_atomically(encoded, job.target)
    return report, picture.notes


def enhance_photo(enhancer: Enhancer, picture: photo.Photo, settings: Settings) -> Report:
    """Enhance a photo in place, and record in it what made it."""
    picture.pixels, report = enhancer.enhance_array(
        picture.pixels, exposure=settings.exposure, ev=settings.ev, strength=settings.strength
    )
    if settings.strip:
        picture.strip()
    else:
        picture.xmp = photo.credit(picture.xmp, f"scotopic {__version__} ({report.model})")
    return report


def _sources(paths: Sequence[Path], settings: Settings) -> Iterator[tuple[Path, Path]]:
    """Pictures with the folder that their place in the output is relative to."""
    for path in paths:
        if not path.is_dir():
            yield path, path.parent
            continue
        inside = [p for p in sorted(path.rglob("*")) if _is_source(p, settings)]
        if not inside:
            raise ScotopicError(f"{path}: no pictures in this folder")
        yield from ((picture, path) for picture in inside)


def _is_source(path: Path, settings: Settings) -> bool:
    """Whether a file in a folder is a picture, and not an earlier result."""
    if not _is_picture(path) or path.name.startswith(".") or not path.is_file():
        return False
    if settings.output is None:
        return not path.stem.endswith(settings.suffix)
    return settings.output not in path.parents


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in photo.FORMATS


def _target(source: Path, root: Path, settings: Settings) -> Path:
    output = settings.output
    if output is None and source == STREAM:
        return STREAM
    if output is not None and settings.output_is_file:
        return output
    ending = source.suffix if _is_picture(source) else ".png"
    if settings.extension is not None:
        ending = _dotted(settings.extension)
    if output is None:
        return source.with_name(source.stem + settings.suffix + ending)
    name = Path("picture") if source == STREAM else source.relative_to(root)
    return (output / name).with_suffix(ending)


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

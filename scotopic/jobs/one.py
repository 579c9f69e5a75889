"""One picture: its file read, enhanced, and written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scotopic import __version__, storage
from scotopic.enhancer import Enhancer, Report
from scotopic.errors import ScotopicError
from scotopic.jobs.settings import STREAM, Job, Settings, dotted
from scotopic.photo import animation, reading, writing
from scotopic.photo.carried import icc
from scotopic.photo.rows import Rows, rows_if_large
from scotopic.pixels.thumbnail import thumbnail
from scotopic.types import Array


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


@dataclass(frozen=True)
class Source:
    """What a picture is read from: bytes, or rows of a file too large to be held."""

    path: Path
    data: bytes = b""
    rows: Rows | None = None

    @property
    def name(self) -> str:
        """How errors name it."""
        return "standard input" if self.path == STREAM else str(self.path)

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.rows is not None:
            self.rows.close()

    def sha256(self) -> str:
        """Of the file, in hexadecimal."""
        return (
            storage.sha256_of(self.data) if self.rows is None else storage.sha256_of_file(self.path)
        )


def open_source(job: Job, enhancer: Enhancer, settings: Settings) -> Source:
    """Read a file; of a TIFF that exceeds the memory, into a TIFF, only what is asked for.

    Networks that see the picture whole get it whole, or not at all.

    Raises
    ------
    ScotopicError
        When it cannot be read.
    """
    if job.source == STREAM:
        return Source(STREAM, sys.stdin.buffer.read())
    by_rows = enhancer.session.spec.predicts_exposure
    if by_rows and _format("TIFF", job.target, settings) == "TIFF":
        rows = rows_if_large(job.source, enhancer.memory)
        if rows is not None:
            return Source(job.source, rows=rows)
    return Source(job.source, storage.read_bytes(job.source))


def enhance_file(enhancer: Enhancer, source: Source, job: Job, settings: Settings) -> Outcome:
    """Enhance one picture and write it.

    Raises
    ------
    ScotopicError
        When it cannot be read or written; one line that names it.
    """
    try:
        if source.rows is not None:
            outcome = _enhance_by_rows(enhancer, source, source.rows, job.target, settings)
        else:
            outcome = _enhance_whole(enhancer, source, job.target, settings)
        if settings.times and STREAM not in (job.source, job.target):
            found = job.source.stat()
            os.utime(job.target, ns=(found.st_atime_ns, found.st_mtime_ns))
    except ScotopicError as error:
        if str(error).startswith((source.name, str(job.target))):
            raise
        raise type(error)(f"{source.name}: {error}") from error
    except MemoryError as error:
        raise ScotopicError(f"{source.name}: not enough memory") from error
    except Exception as error:  # one picture is never to end a folder
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ScotopicError(f"{source.name}: failed by {reason}") from error
    return outcome


def _enhance_whole(enhancer: Enhancer, source: Source, target: Path, settings: Settings) -> Outcome:
    picture = reading.read(source.data, source.name, settings.max_megapixels, enhancer.memory)
    report = enhance_photo(enhancer, picture, settings)
    form, data = _format(picture.format, target, settings), source.data
    copied = report.tiles == 0
    if not (copied and form == picture.format and not settings.strip):
        data = writing.encode(picture, form, settings.quality)
    if target == STREAM:
        sys.stdout.buffer.write(data)
    else:
        storage.write_atomically(data, target)
    return Outcome("copied" if copied else "enhanced", report, picture.notes)


def enhance_photo(enhancer: Enhancer, picture: reading.Photo, settings: Settings) -> Report:
    """Enhance a photo in place, all frames at one exposure, and record what made it.

    The exposure of an animation is that of its frame of middle level.
    """
    linear, kind = icc.is_linear(picture.icc_profile), picture.pixels.dtype
    frames = [picture.pixels, *(pixels for pixels, _ in _rest(picture))]
    if linear:
        picture.notes.append("linear colour profile: enhanced under the curve of sRGB, and back")
        frames = [icc.encoded(pixels) for pixels in frames]
    look = enhancer.decide(_of_middle_level(frames), exposure=settings.exposure, ev=settings.ev)
    if settings.skip_bright and enhancer.is_bright(look):
        report = enhancer.report(look, 0)
    else:
        for pixels in frames:
            report = enhancer.apply(pixels, look, settings.strength, pixels)
        if linear:
            picture.pixels, *others = (icc.decoded(pixels, kind) for pixels in frames)
            _rest(picture)[:] = [
                (pixels, alpha) for pixels, (_, alpha) in zip(others, _rest(picture), strict=True)
            ]
        picture.made_by = _maker(enhancer)
    if settings.strip:
        picture.strip()
    return report


def _rest(picture: reading.Photo) -> list[animation.Frame]:
    """The frames after the first."""
    return [] if picture.animation is None else picture.animation.frames


def _maker(enhancer: Enhancer) -> str:
    return f"scotopic {__version__} ({enhancer.session.spec.name})"


def _of_middle_level(frames: list[Array]) -> Array:
    if len(frames) == 1:
        return frames[0]
    levels = [thumbnail(frame).mean() for frame in frames]
    return frames[int(np.argsort(levels)[len(levels) // 2])]


def _enhance_by_rows(
    enhancer: Enhancer, source: Source, rows: Rows, target: Path, settings: Settings
) -> Outcome:
    picture = rows.carried(settings.max_megapixels)
    look = enhancer.decide(rows, exposure=settings.exposure, ev=settings.ev)
    leave = settings.skip_bright and enhancer.is_bright(look)
    if leave and not settings.strip:
        storage.copy_atomically(source.path, target)
        return Outcome("copied", enhancer.report(look, 0), picture.notes)
    tiles = 0

    def bands() -> Iterator[Array]:
        nonlocal tiles
        if leave:
            yield from rows.in_bands()
            return
        for place, band, count in enhancer.bands(rows, look, settings.strength):
            tiles += count
            yield rows.with_alpha(band, place)

    picture.made_by = _maker(enhancer)
    if settings.strip:
        picture.strip()
    with storage.atomic_file(target) as file:
        writing.write_tiff(writing.credited(picture), file, rows.shape[0], bands())
    status = "copied" if leave else "enhanced"
    return Outcome(status, enhancer.report(look, tiles), picture.notes)


def _format(own: str, target: Path, settings: Settings) -> str:
    """The format to write: as asked for, as the target's name says, or the picture's own."""
    if settings.extension is not None:
        return reading.FORMATS[dotted(settings.extension)]
    own = own if own in reading.FORMATS.values() else "PNG"
    return own if target == STREAM else reading.FORMATS.get(target.suffix.lower(), own)

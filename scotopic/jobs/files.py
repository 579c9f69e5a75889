"""One file: read, enhanced, and the result put in place whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.jobs.one import Progress, enhance_bytes, maker, named_errors
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.settings import Job, Settings
from scotopic.photo import formats, writing
from scotopic.photo.rows import Rows, rows_if_large
from scotopic.types import Array


@dataclass(frozen=True)
class Source:
    """What a picture is read from: bytes, or rows of a file too large to be held."""

    path: Path
    data: bytes = b""
    rows: Rows | None = None

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.rows is not None:
            self.rows.close()

    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        if self.rows is None:
            return storage.sha256_of(self.data)
        return storage.sha256_of_file(self.path)


def open_source(job: Job, enhancer: Enhancer, settings: Settings) -> Source:
    """Read a file; a TIFF that exceeds the memory is opened to be read by rows.

    That needs a target that is a TIFF too, and a network that does not have to
    see the picture whole.

    Raises
    ------
    ScotopicError
        When it cannot be read.
    """
    asked = settings.named_by(job.target).encoding.format
    if not enhancer.network.sees_whole and formats.of_result("TIFF", asked).name == "TIFF":
        rows = rows_if_large(job.source, enhancer.memory)
        if rows is not None:
            return Source(job.source, rows=rows)
    return Source(job.source, storage.read_bytes(job.source, enhancer.memory))


def enhance_source(
    enhancer: Enhancer,
    source: Source,
    job: Job,
    settings: Settings,
    progress: Progress | None = None,
) -> Outcome:
    """Enhance one picture and write it.

    Raises
    ------
    ScotopicError
        When it cannot be read, enhanced or written; names the file.
    """
    settings, name = settings.named_by(job.target), str(job.source)
    with named_errors(name):
        if source.rows is not None:
            outcome = _enhance_by_rows(enhancer, source.rows, job, settings)
        else:
            data, outcome = enhance_bytes(enhancer, source.data, settings, name, progress)
            storage.write_atomically(data, job.target, settings.placement.overwrite)
        if settings.placement.keep_times:
            found = job.source.stat()
            os.utime(job.target, ns=(found.st_atime_ns, found.st_mtime_ns))
    return replace(outcome, target=job.target)


def _enhance_by_rows(enhancer: Enhancer, rows: Rows, job: Job, settings: Settings) -> Outcome:
    picture = rows.carried(settings.max_megapixels)
    look = enhancer.decide(rows, settings.wish)
    leave = enhancer.leaves(look)
    name = str(job.source)
    if leave and not settings.encoding.strip:
        storage.copy_atomically(job.source, job.target, settings.placement.overwrite)
        return Outcome("copied", name, None, "TIFF", enhancer.report(look, 0))
    tiles = 0

    def bands() -> Iterator[Array]:
        nonlocal tiles
        if leave:
            yield from rows.in_bands()
            return
        for band in enhancer.bands(rows, look):
            tiles += band.tiles
            yield rows.with_alpha(band.pixels, band.rows)

    picture.made_by = maker(enhancer)
    if settings.encoding.strip:
        picture.strip()
    with storage.atomic_file(job.target, settings.placement.overwrite) as file:
        lost = writing.write_tiff(picture, file, rows.shape[0], bands())
    report = enhancer.report(look, tiles)
    notes = (*picture.notes, *lost)
    return Outcome("copied" if leave else "enhanced", name, None, "TIFF", report, notes)

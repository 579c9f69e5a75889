"""Files with one property, made by one program and read by another, for docs_formats.py."""

from __future__ import annotations

import atexit
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.jobs.many import run_job
from scotopic.jobs.settings import Job, Placement, Settings
from scotopic.photo import writing
from scotopic.photo.formats import Format
from scotopic.photo.photo import Photo
from scotopic.types import Array

EXIFTOOL = shutil.which("exiftool")
NOTE = bytes(range(1, 251))
ABSENT, LOST = "–", "LOST"
"""Cells: no program can make such a file; a property is lost and nobody was told."""


@dataclass
class Case:
    """A row of the page, and a file of it that may be written by several programs."""

    row: Format
    deep: bool
    folder: Path
    notes: tuple[str, ...] = field(default=(), init=False)

    @property
    def before(self) -> Path:
        """The file to be enhanced."""
        return self.folder / f"a{self.row.suffixes[0]}"

    @cached_property
    def pixels(self) -> Array:
        """A dark picture, wider than high: (40, 60, 3)."""
        coarse = np.random.default_rng(0).integers(0, 60, (4, 6, 3), dtype=np.uint8)
        small = np.asarray(Image.fromarray(coarse).resize((60, 40), Image.Resampling.BICUBIC))
        return small.astype(np.uint16) * 257 if self.deep else small

    def plain(self, pixels: Array | None = None, **options: Any) -> None:
        """Write pixels, and what Pillow is told of, by another program than scotopic."""
        pixels = self.pixels if pixels is None else pixels
        is_ours = self.row.name in _BY_IMAGECODECS
        if (self.deep and pixels.ndim == 3) or is_ours:
            if options:
                raise ValueError("Pillow writes neither colours of 16 bits nor JPEG XL")
            self.before.write_bytes(_DEEP_ENCODERS[self.row.name](pixels))
            return
        options = {"quality": 95, **options} if self.row.name == "AVIF" else options
        Image.fromarray(pixels).save(self.before, **options)

    def own(self, **carried: Any) -> None:
        """Write what a photo carries by scotopic's own encoder."""
        photo = Photo(carried.pop("pixels", self.pixels), **carried)
        self.before.write_bytes(writing.encode(photo, self.row.name)[0])

    def by_exiftool(self, *tags: str) -> None:
        """Let exiftool write tags into a plain file."""
        self.plain()
        exiftool("-overwrite_original", *tags, str(self.before))

    def after(self) -> Path:
        """The file enhanced; `notes` are what was said."""
        result = self.folder / f"b{self.row.suffixes[0]}"
        settings = Settings(placement=Placement(result, overwrite=True))
        self.notes = run_job(_enhancer(), Job(self.before, result), settings).notes
        return result


Found = Callable[[Path], Any]
Writers = Iterable[Callable[[], None]]


def _deep_tiff(pixels: Array) -> bytes:
    """By tifffile."""
    buffer = io.BytesIO()
    extra = ["unassalpha"] if pixels.shape[-1] == 4 else []
    tifffile.imwrite(buffer, pixels, photometric="rgb", metadata=None, extrasamples=extra)
    return buffer.getvalue()


_DEEP_ENCODERS: dict[str, Callable[[Array], Any]] = {
    "PNG": imagecodecs.png_encode,
    "TIFF": _deep_tiff,
    "JPEGXL": imagecodecs.jpegxl_encode,
    "JPEG2000": lambda pixels: imagecodecs.jpeg2k_encode(pixels, codecformat="jp2"),
}
_BY_IMAGECODECS = ("JPEGXL", "JPEG2000")


def image_of(path: Path) -> Image.Image:
    """A file of 8 bits as Pillow's image, by imagecodecs where Pillow does not know it."""
    if path.suffix == ".jxl":
        return Image.fromarray(imagecodecs.imread(str(path)))
    return Image.open(path)


_enhancer = cache(Enhancer)


@cache
def _exiftool() -> subprocess.Popen[bytes]:
    """One process for all commands, since it takes ten times as long to start as to work."""
    command = [str(EXIFTOOL), "-stay_open", "True", "-@", "-"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    atexit.register(process.communicate, b"-stay_open\nFalse\n")
    return process


def exiftool(*arguments: str) -> bytes:
    """What exiftool prints.

    Raises
    ------
    subprocess.CalledProcessError
        When it fails.
    """
    process, told = _exiftool(), b""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(
        "\n".join([*arguments, "-echo3", "{status}${status}", "-execute\n"]).encode()
    )
    process.stdin.flush()
    while not told.endswith(b"{ready}\n"):
        line = process.stdout.readline()
        if not line:
            raise subprocess.CalledProcessError(process.wait(), arguments)
        told += line
    told, _, status = told.removesuffix(b"{ready}\n").rpartition(b"{status}")
    if int(status):
        raise subprocess.CalledProcessError(int(status), arguments)
    return told


def ask(path: Path, *tags: str) -> dict[str, Any]:
    """Tags of a file as exiftool tells them."""
    found: dict[str, Any] = json.loads(exiftool("-json", "-n", "-G1", *tags, str(path)))[0]
    return {key: value for key, value in found.items() if key != "SourceFile"}


def kept(case: Case, writers: Writers, found: Found, words: tuple[str, ...]) -> str:
    """Whether a property comes through.

    Parameters
    ----------
    case : Case
    writers : callables
        Each writes a file that should have the property; the first in whose file it
        is found counts.
    found : callable
        Finds the property in a file: what it is, or nothing.
    words : tuple of str
        One of them is in the note that says that the property is lost.
    """
    if not can_be_written(case, writers, found):
        return ABSENT
    first = found(case.before)
    second = found(case.after())
    is_kept = second == first
    if isinstance(first, dict):  # tags of exiftool: others may have been added
        is_kept = first.items() <= second.items()
    return "kept" if is_kept else said(case, words)


def can_be_written(case: Case, writers: Writers, found: Found) -> bool:
    """Whether one of some programs makes a file in which the property is found."""
    for write in writers:
        try:
            write()
            if found(case.before):
                return True
        except (subprocess.CalledProcessError, OSError, ValueError, KeyError):
            continue  # this program cannot do it
    return False


def gone(case: Case, writers: Writers, found: Found, words: tuple[str, ...]) -> str:
    """As `kept`, for what may be left out, but must then not be named in the result any more."""
    if not can_be_written(case, writers, found):
        return ABSENT
    return LOST if found(case.after()) else said(case, words)


def said(case: Case, words: tuple[str, ...]) -> str:
    """The note on what is lost, if there is one."""
    notes = [note for note in case.notes if any(word in note for word in words)]
    return f"lost, with the note “{notes[0]}”" if notes else LOST


def exif_with(orientation: int = 1) -> bytes:
    """EXIF with a maker, a MakerNote, an exposure time, a place and an orientation."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x013B] = orientation, "maker", "who"
    exif.get_ifd(0x8769).update({0x927C: NOTE, 0x829A: 1 / 30})
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 30.0, 0.0)})
    return exif.tobytes()

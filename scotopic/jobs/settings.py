"""How pictures are enhanced, what of, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scotopic.enhancer import check_settings
from scotopic.errors import ScotopicError
from scotopic.photo import limits, reading
from scotopic.photo.codecs import raw

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
        Of JPEG, WebP and AVIF, 1 to 100; None is the source's own, or 95.
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
    max_megapixels: int = limits.MAX_MEGAPIXELS

    def __post_init__(self) -> None:
        check_settings(self.exposure, self.ev, self.strength)
        if self.extension is not None and dotted(self.extension) not in reading.FORMATS:
            known = ", ".join(name.lstrip(".") for name in reading.FORMATS)
            raise ScotopicError(f"no format {self.extension!r}; there are: {known}")
        ending = "" if self.output is None else self.output.suffix.lower()
        if ending in raw.RESULT_SUFFIXES and self.output and not self.output.is_dir():
            raise ScotopicError(f"{self.output}: {ending.lstrip('.').upper()} is read, not written")
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
        return self.output == STREAM or is_picture(self.output)

    def output_is_stream(self, paths: Sequence[Path]) -> bool:
        """Whether any of these comes out on standard output."""
        if self.output is None:
            return STREAM in paths
        return self.output == STREAM and self.output_is_file


@dataclass(frozen=True)
class Job:
    """A picture to read and the file to write; either may be `STREAM`."""

    source: Path
    target: Path


def is_picture(path: Path) -> bool:
    """Whether a name is that of a picture that can be written."""
    return path.suffix.lower() in reading.FORMATS


def dotted(extension: str) -> str:
    """An extension as names have it: ``.png``."""
    return "." + extension.lower().lstrip(".")

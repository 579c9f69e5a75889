"""How pictures are enhanced and written, and where the results go."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scotopic.errors import InvalidValueError
from scotopic.photo import formats
from scotopic.photo.limits import MAX_MEGAPIXELS
from scotopic.types import is_whole_number
from scotopic.wish import Wish


@dataclass(frozen=True)
class Encoding:
    """How results are encoded.

    Attributes
    ----------
    format : str, optional
        Format to write, such as ``png``; None keeps the source's where it can
        be written (`scotopic.photo.formats.of_result`).
    quality : int, optional
        Quality of JPEG, WebP, AVIF, JPEG XL and JPEG 2000, 1 to 100. None
        compresses a JPEG as its source was compressed, and everything else at 95.
    strip : bool
        Drop all metadata but the colour profile.

    Raises
    ------
    InvalidValueError
        For a format that is not written, and a quality out of its range.
    """

    format: str | None = None
    quality: int | None = None
    strip: bool = False

    def __post_init__(self) -> None:
        if self.format is not None:
            if not isinstance(self.format, str):
                raise InvalidValueError(f"a format is named by text, not by {self.format!r}")
            object.__setattr__(self, "format", formats.named(self.format).name)
        if self.quality is None:
            return
        if not is_whole_number(self.quality) or not 1 <= self.quality <= 100:
            raise InvalidValueError(
                f"quality must be a whole number from 1 to 100, not {self.quality!r}"
            )


@dataclass(frozen=True)
class Placement:
    """Where results go.

    Attributes
    ----------
    output : Path, optional
        A file or a folder; None writes each result beside its source.
    is_folder : bool
        Whether the output is a folder. If it is not said, it is one when it
        exists as one or has no suffix.
    suffix : str
        Added to the names of results that are written beside their sources.
    overwrite : bool
        Replace files that exist.
    keep_times : bool
        Give results the times of access and of modification of their sources.

    Raises
    ------
    InvalidValueError
        When results would be named as their sources are, when the output is a
        file without a suffix, and when it is neither a folder nor named as a
        format that is written, as after a typing error.
    """

    output: Path | None = None
    is_folder: bool = False
    suffix: str = "_enhanced"
    overwrite: bool = False
    keep_times: bool = False

    def __post_init__(self) -> None:
        if os.path.basename(self.suffix) != self.suffix:
            raise InvalidValueError(f"a suffix for names has no folder in it: {self.suffix!r}")
        if self.output is not None:
            self._check_output(self.output)
        elif not self.suffix:
            raise InvalidValueError(
                "without a suffix results would have the names of their sources",
                remedy="give a suffix, or an output folder",
            )

    def _check_output(self, output: Path) -> None:
        if os.path.isdir(output) or not output.suffix:
            object.__setattr__(self, "is_folder", True)
        if self.is_folder:
            if os.path.exists(output) and not os.path.isdir(output):
                remedy = "name a folder, or a file with a suffix such as .jpg"
                raise InvalidValueError("is not a folder", path=output, remedy=remedy)
            return
        known = formats.of_path(output)
        if known is None:
            raise InvalidValueError(
                f"no format is written under the suffix {output.suffix}",
                path=output,
                remedy=f"the formats are {formats.written_names()}; "
                "for a folder, end the name with a slash",
            )
        if not known.is_written:
            raise InvalidValueError(f"{known.label} is read, not written", path=output)

    @classmethod
    def at(cls, output: str | os.PathLike[str] | None, **rest: Any) -> Placement:
        """Make a placement from text, in which a slash at the end means a folder."""
        if output is None:
            return cls(None, **rest)
        text = os.fspath(output)
        if not text:
            raise InvalidValueError("the output is an empty path")
        is_folder = text.endswith(("/", os.sep))
        return cls(Path(text), is_folder=is_folder, **rest)

    @property
    def file(self) -> Path | None:
        """The one file that the result goes into; None for folders."""
        return None if self.is_folder else self.output

    @property
    def folder(self) -> Path | None:
        """The folder that all results go into; None where each lies beside its source."""
        return self.output if self.is_folder else None


@dataclass(frozen=True)
class Settings:
    """Everything that is asked for of pictures and of their files.

    Attributes
    ----------
    wish : Wish
    encoding : Encoding
    placement : Placement
    max_megapixels : int
        Larger pictures, of all frames, are refused before they are decoded.
    allow_truncated : bool
        Enhance files that were cut off, as far as they go.

    Raises
    ------
    InvalidValueError
        When the output's name says another format than the encoding, and for a
        limit that is no whole number from 1.
    """

    wish: Wish = field(default_factory=Wish)
    encoding: Encoding = field(default_factory=Encoding)
    placement: Placement = field(default_factory=Placement)
    max_megapixels: int = MAX_MEGAPIXELS
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        if not is_whole_number(self.max_megapixels) or self.max_megapixels < 1:
            raise InvalidValueError(
                f"max_megapixels must be a whole number from 1, not {self.max_megapixels!r}"
            )
        file, asked = self.placement.file, self.encoding.format
        named = None if file is None else formats.of_path(file)
        if named is not None and asked is not None and named.name != asked:
            raise InvalidValueError(
                f"the name says {named.label}, but the format asked for is "
                f"{formats.FORMATS[asked].label}",
                path=file,
            )

    def named_by(self, target: Path) -> Settings:
        """The same, with the format that a target's name says."""
        known = formats.of_path(target)
        if known is None or not known.is_written or self.encoding.format is not None:
            return self
        return replace(self, encoding=replace(self.encoding, format=known.name))

    def of_result(self) -> dict[str, Any]:
        """What a result depends on, for the record of a folder."""
        return {**asdict(self.wish), **asdict(self.encoding)}


@dataclass(frozen=True)
class Job:
    """A picture to read, and the file to write."""

    source: Path
    target: Path

"""Which files of films are read and written, and which encoders fit into each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scotopic.errors import InvalidValueError


@dataclass(frozen=True)
class Container:
    """A kind of file that films are written into.

    Attributes
    ----------
    name : str
        As people know it.
    muxer : str
        FFmpeg's name of it.
    suffixes : tuple of str
        The first is that of a result that is not named.
    codecs : tuple of str
        What the pictures may be encoded as, the usual one first.
    options : dict
        For the muxer.
    """

    name: str
    muxer: str
    suffixes: tuple[str, ...]
    codecs: tuple[str, ...]


MATROSKA = Container("Matroska", "matroska", (".mkv",), ("h264", "hevc", "vp9", "av1"))
CONTAINERS = (
    Container("MP4", "mp4", (".mp4", ".m4v"), ("h264", "hevc", "av1")),
    Container("QuickTime", "mov", (".mov",), ("h264", "hevc")),
    MATROSKA,
    Container("WebM", "webm", (".webm",), ("vp9", "av1")),
)
WRITTEN = {suffix: each for each in CONTAINERS for suffix in each.suffixes}
"""Containers by the suffixes under which they are written."""
_READ = (
    ".3g2 .3gp .asf .avi .dv .f4v .flv .m2t .m2ts .m2v .mj2 .mpeg .mpg .mts .mxf .nut .ogg .ogm "
    ".ogv .qt .rm .rmvb .ts .vob .wmv .y4m"
)
READ_SUFFIXES = frozenset({*WRITTEN, *_READ.split()})
"""By which files in folders count as films."""


def of_target(path: Path) -> Container:
    """The container that a result's name says.

    Raises
    ------
    InvalidValueError
        When none is written under the suffix.
    """
    found = WRITTEN.get(path.suffix.lower())
    if found is None:
        raise InvalidValueError(
            f"no film is written under the suffix {path.suffix or '(none)'}",
            path=path,
            remedy=f"the suffixes are {', '.join(WRITTEN)}",
        )
    return found


def suffix_of_result(source: Path) -> str:
    """The suffix of the result of a film: its own, or that of Matroska."""
    own = source.suffix
    return own if own.lower() in WRITTEN else MATROSKA.suffixes[0]

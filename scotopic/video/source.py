"""A film that is read: what it is like, and its frames with stamps that only rise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.stream import Disposition

from scotopic.errors import AccessError, MissingFileError, ScotopicError, UnreadableError
from scotopic.video.colours import Colours
from scotopic.video.frames import Reader, rate_of

_PICTURES = ("image2", "gif", "apng", "webp", "webp_anim", "ico")
"""Formats of FFmpeg that `scotopic enhance` is for; so is every ``*_pipe``."""
_LOOKED_AT = 10
"""Frames of the start that are looked at, to tell interlaced films."""
_LABELS = {"420": "4:2:0", "422": "4:2:2", "444": "4:4:4"}
NOT_CARRIED = {
    Type.SPHERICAL: "the projection of its sphere (360 degrees)",
    Type.STEREO3D: "how its two views are arranged (3D)",
    Type.ICC_PROFILE: "the colour profile of its frames",
    Type.DOVI_RPU_BUFFER: "Dolby Vision",
    Type.DOVI_METADATA: "Dolby Vision",
    Type.DYNAMIC_HDR_PLUS: "HDR10+",
    Type.FILM_GRAIN_PARAMS: "film grain that players add",
}
"""What frames may have beside them and results have not."""


@dataclass(frozen=True)
class Film:
    """What the pictures of a film are like.

    Attributes
    ----------
    path : str
    width, height : int
    time_base : Fraction
        Seconds of one unit of the stamps.
    rate : Fraction
        Frames a second, on average.
    frames : int
        How many there are by the file's own word or by its length; 0 if neither is known.
    seconds : float
        Length by the file's own word; 0 if it says none.
    codec : str
        FFmpeg's name.
    bits : int
        Of a level.
    chroma : str
        ``420``, ``422`` or ``444``.
    chroma_label : str
        As the source has it, such as ``4:1:1``.
    is_rgb, has_alpha : bool
    colours : Colours
    aspect : Fraction or None
        Of a pixel.
    matrix : tuple of 9 int, or None
        How the pictures are turned when they are shown.
    notes : tuple of str
        What is not carried into a result.
    """

    path: str
    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    frames: int
    seconds: float
    codec: str
    bits: int
    chroma: str
    chroma_label: str
    is_rgb: bool
    has_alpha: bool
    colours: Colours
    aspect: Fraction | None = None
    matrix: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def codec_label(self) -> str:
        """The codec, for people."""
        return self.codec.upper()


def open_file(path: str, **options: Any) -> Any:
    """Open a file for reading.

    Raises
    ------
    UnreadableError, MissingFileError, AccessError
    """
    try:
        return av.open(path, metadata_errors="surrogateescape", **options)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MissingFileError("no such file", path=path) from error
    except PermissionError as error:
        raise AccessError(f"cannot be read: {error.strerror}", path=path) from error
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"not a film that can be read: {reason}", path=path) from error


def of_path(path: Path) -> str:
    """A path as FFmpeg takes it: absolute, so that no part of a name is taken for a protocol."""
    return str(path.absolute())


def pictures_of(container: Any, path: str) -> Any:
    """The stream of the moving pictures: the first that is no cover.

    Raises
    ------
    UnreadableError
        When there is none, or no decoder for it.
    """
    name = container.format.name
    if name.endswith("_pipe") or any(each in _PICTURES for each in name.split(",")):
        remedy = "scotopic enhance is for pictures"
        raise UnreadableError("is a picture and no film", path=path, remedy=remedy)
    still = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
    found = [each for each in container.streams.video if not each.disposition & still]
    found.sort(key=lambda each: not each.disposition & Disposition.default)
    if not found:
        raise UnreadableError("has no moving pictures", path=path)
    if found[0].codec_context is None:
        raise UnreadableError("PyAV has no decoder for its pictures here", path=path)
    return found[0]


def probe(path: str) -> Film:
    """Look at a film, and at its first frames.

    Raises
    ------
    ScotopicError
        When it cannot be read, has no frame that can be decoded, is HDR or interlaced.
    """
    with open_file(path) as container:
        return film_of(container, path)


def film_of(container: Any, path: str, look_ahead: int = _LOOKED_AT) -> Film:
    """What an open container's pictures are like; reads its first frames."""
    stream = pictures_of(container, path)
    reader, first, interlaced = Reader(container, stream), None, False
    for index, frame in enumerate(reader.decoded()):
        first = frame if first is None else first
        interlaced = interlaced or frame.interlaced_frame
        if index + 1 >= look_ahead:
            break
    if first is None:
        raise UnreadableError("has no frame that can be decoded", path=path)
    return described(stream, first, path, container.duration, interlaced)


def described(
    stream: Any, frame: av.VideoFrame, path: str, duration: int | None, interlaced: bool
) -> Film:
    """What a stream's pictures are like, by its first frame.

    Raises
    ------
    UnreadableError
        When they are HDR or interlaced.
    """
    if interlaced:
        raise UnreadableError(
            "is interlaced, and only whole frames are enhanced",
            path=path,
            remedy="deinterlace it first, as with ffmpeg's filter bwdif",
        )
    Colours.of(frame, stream).check(path)
    format_, rate = frame.format, rate_of(stream)
    seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
    seconds = seconds or (duration or 0) / av.time_base
    across, down = _subsampling(format_)
    label = {(1, 1): "444", (2, 1): "422", (2, 2): "420"}.get((across, down))
    aspect = stream.sample_aspect_ratio
    seen = {NOT_CARRIED[kind] for kind in NOT_CARRIED if kind in frame.side_data}
    if stream.metadata.get("alpha_mode") == "1":
        seen.add("transparency")
    return Film(
        path=path,
        width=frame.width,
        height=frame.height,
        time_base=stream.time_base,
        rate=rate,
        frames=stream.frames or round(seconds * rate),
        seconds=seconds,
        codec=stream.codec_context.name if stream.codec is None else stream.codec.canonical_name,
        bits=max(each.bits for each in format_.components),
        chroma=label or "420",
        chroma_label=_LABELS.get(label or "", f"{format_.name}"),
        is_rgb=format_.is_rgb,
        has_alpha=any(each.is_alpha for each in format_.components),
        colours=Colours.of(frame, stream),
        aspect=aspect or None,
        matrix=_matrix(frame),
        notes=tuple(f"{what} is not kept" for what in sorted(seen)),
    )


def _subsampling(format_: Any) -> tuple[int, int]:
    """How many pixels share one chroma, across and down; a gray picture shares what is usual."""
    if format_.is_rgb:
        return 1, 1
    if sum(not each.is_alpha for each in format_.components) < 3:
        return 2, 2
    across = round(format_.width / max(1, format_.chroma_width()))
    return across, round(format_.height / max(1, format_.chroma_height()))


def _matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    if Type.DISPLAYMATRIX not in frame.side_data:
        return None
    data: Any = cast(Any, frame.side_data)[Type.DISPLAYMATRIX]
    return tuple(int(each) for each in np.frombuffer(data, np.int32))


@contextlib.contextmanager
def named(path: str) -> Iterator[None]:
    """Errors of FFmpeg in one line that names the film."""
    try:
        yield
    except ScotopicError as error:
        error.about(path)
        raise
    except av.FFmpegError as error:
        raise UnreadableError(f"FFmpeg failed: {error.strerror or error}", path=path) from error

"""What the pictures of a film are like."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.sidedata.sidedata import Type

from scotopic.errors import UnreadableError
from scotopic.video.colours import Colours

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


def usual_step(stream: Any) -> int:
    """Units of the time base from one frame to the next, at the average rate."""
    return max(1, int(round(1 / (rate_of(stream) * Fraction(stream.time_base)))))


def rate_of(stream: Any) -> Fraction:
    """Frames a second: the average, or what FFmpeg guesses, or 25."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate).limit_denominator(100_000)
    return Fraction(25)

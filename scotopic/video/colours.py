"""Frames between the colours of films and those of pictures, there and back by the same rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from scotopic.errors import UnreadableError
from scotopic.types import Array

UNSPECIFIED = 2
"""What FFmpeg calls a matrix, primaries or a transfer that the file does not name."""
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}
_WHITE = 255 * 256
_HD_HEIGHT, _HD_WIDTH = 720, 1280
_EXACT = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
_CURVES = {8: "linear", 9: "logarithmic", 10: "logarithmic", 16: "PQ (HDR)", 18: "HLG (HDR)"}
"""Transfers under which a film is not enhanced, by FFmpeg's numbers."""


@dataclass(frozen=True)
class Colours:
    """What numbers of a frame mean, by FFmpeg's numbers (ITU-T H.273).

    Attributes
    ----------
    matrix, primaries, transfer : int
        2 where the file does not say.
    full : bool
        Whether levels go from 0 to the greatest number, and not from 16 to 235.
    says_range : bool
        Whether the file says so itself.
    is_rgb : bool
        Whether there is no matrix at all.
    """

    matrix: int
    primaries: int
    transfer: int
    full: bool
    says_range: bool
    is_rgb: bool

    @classmethod
    def of(cls, frame: av.VideoFrame, stream: Any) -> Colours:
        """Those that a decoded frame names, or else its stream."""
        is_rgb = frame.format.is_rgb
        named_full = frame.format.name.startswith("yuvj") or is_rgb
        said = int(frame.color_range or stream.color_range)
        names = ("colorspace", "color_primaries", "color_trc")
        numbers = ((getattr(frame, name), getattr(stream, name)) for name in names)
        matrix, primaries, transfer = (
            int(own if own != UNSPECIFIED else other) for own, other in numbers
        )
        return cls(
            matrix=matrix,
            primaries=primaries,
            transfer=transfer,
            full=said == ColorRange.JPEG if said else named_full,
            says_range=bool(said) or named_full,
            is_rgb=is_rgb,
        )

    @property
    def range(self) -> ColorRange:
        """The range of the levels."""
        return ColorRange.JPEG if self.full else ColorRange.MPEG

    def check(self, path: str) -> None:
        """Refuse what is not enhanced.

        Raises
        ------
        UnreadableError
            For HDR, linear and logarithmic films, and for a matrix that is not known.
        """
        if self.transfer in _CURVES:
            raise UnreadableError(
                f"its brightness is {_CURVES[self.transfer]}, and only films of standard range "
                "are enhanced",
                path=path,
                remedy="convert it first, as with ffmpeg's filter zscale or tonemap",
            )
        if not self.is_rgb and self.matrix not in (*_MATRICES, UNSPECIFIED):
            raise UnreadableError(
                f"the matrix of its colours (number {self.matrix} of H.273) is not supported",
                path=path,
            )

    def matrix_for(self, width: int, height: int) -> Colorspace:
        """The matrix; where the file says none, that of its size, as players assume."""
        if self.matrix in _MATRICES:
            return _MATRICES[self.matrix]
        is_hd = width >= _HD_WIDTH or height >= _HD_HEIGHT
        return Colorspace.ITU709 if is_hd else Colorspace.ITU601


class Converter:
    """Frames of one film to RGB, and results back to the format that is encoded.

    A frame keeps its side data (such as captions) on both ways.

    Parameters
    ----------
    colours : Colours
    size : (width, height)
        In RGB. Frames of another size are scaled.
    encoded : (width, height)
        Of the result: where it is larger, the last row or column is repeated.
    pixel_format : str
        FFmpeg's name of what is encoded. RGB has 16 bits a channel if it has more than 8.
    """

    def __init__(
        self,
        colours: Colours,
        size: tuple[int, int],
        encoded: tuple[int, int],
        pixel_format: str,
    ) -> None:
        self.colours, self.size, self.pixel_format = colours, size, pixel_format
        self._encoded = encoded
        deep = max(each.bits for each in av.VideoFormat(pixel_format).components) > 8
        self._rgb, self._type = ("rgb48le", np.uint16) if deep else ("rgb24", np.uint8)
        self._there, self._back = VideoReformatter(), VideoReformatter()

    @property
    def frame_bytes(self) -> int:
        """Of the pixels of a frame in RGB."""
        width, height = self.size
        return 3 * width * height * np.dtype(self._type).itemsize

    def to_rgb(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The frame in RGB, at the result's size, with the same stamp."""
        width, height = self.size
        matrix = self.colours.matrix_for(frame.width, frame.height)
        made = self._there.reformat(
            frame,
            width,
            height,
            self._rgb,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=self.colours.range,
            dst_color_range=ColorRange.JPEG,
            interpolation=_EXACT,
            threads=1,
        )
        made.make_writable()
        return made

    def read(self, rgb: av.VideoFrame) -> Array:
        """The pixels of a frame in RGB, (height, width, 3), uint8 or uint16."""
        pixels = self._view(rgb)
        if self._type is np.uint8:
            return pixels
        # FFmpeg's white is 255 * 256 here, that of pictures 65535.
        least: Array = np.minimum(pixels, _WHITE)
        least += least >> 8
        return least

    def write(self, rgb: av.VideoFrame, pixels: Array) -> None:
        """Put pixels as from `read` into a frame in RGB."""
        self._view(rgb)[:] = pixels if self._type is np.uint8 else pixels - (pixels >> 8)

    def _view(self, rgb: av.VideoFrame) -> Array:
        plane = rgb.planes[0]
        buffer: Any = plane
        rows: Array = np.frombuffer(buffer, self._type).reshape(plane.height, -1)
        return rows[:, : 3 * plane.width].reshape(plane.height, plane.width, 3)

    def back(self, rgb: av.VideoFrame) -> av.VideoFrame:
        """A result in the format that is encoded, marked as the source is."""
        matrix = self.colours.matrix_for(*self.size)
        if self._encoded != self.size:
            rgb = self._larger(rgb)
        made = self._back.reformat(
            rgb,
            format=self.pixel_format,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=self.colours.range,
            interpolation=_EXACT,
            threads=1,
        )
        self.mark(made)
        return made

    def _larger(self, rgb: av.VideoFrame) -> av.VideoFrame:
        made = av.VideoFrame(*self._encoded, self._rgb)
        made.pts, made.time_base = rgb.pts, rgb.time_base
        width, height = self._encoded
        margins = ((0, height - rgb.height), (0, width - rgb.width), (0, 0))
        self._view(made)[:] = np.pad(self._view(rgb), margins, mode="edge")
        return made

    def mark(self, frame: av.VideoFrame) -> None:
        """Say of a frame what the source says of itself, and nothing of how it is encoded."""
        frame.colorspace = UNSPECIFIED if self.colours.is_rgb else self.colours.matrix
        frame.color_range = self.colours.range if self.colours.says_range else 0
        frame.color_primaries = self.colours.primaries
        frame.color_trc = self.colours.transfer
        frame.pict_type = 0

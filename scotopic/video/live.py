"""Live pictures: from a camera, an address or a pipe, into a pipe or a file, without delay."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import stat
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import av
import numpy as np

from scotopic.enhancer import Enhancer
from scotopic.errors import UnreadableError
from scotopic.series.film import FrameSeries
from scotopic.series.several import Given, enhance_several, for_several
from scotopic.video import containers, encoding, source
from scotopic.video.film import Film, described
from scotopic.video.pipeline import Plan
from scotopic.video.settings import VideoSettings
from scotopic.video.stages import Ahead

_LATE = 0.25
"""Seconds by which a frame may come later than the promptest one, before it is dropped."""
_WAITING = 3
_BUFFER = 4096
_GOP_SECONDS = 2
_CAMERA = "/dev/video"
Stamped = tuple[int, av.VideoFrame]
"""A frame and its stamp in units of the time base."""
Results = Generator[Stamped, None, None]


@dataclass
class Live:
    """What became of live pictures so far.

    Attributes
    ----------
    frames, dropped : int
        Enhanced ones, and those that came too late.
    """

    frames: int = 0
    dropped: int = 0


def is_live(text: str) -> bool:
    """Whether an input is a pipe, an address or a camera, and not a file."""
    if text == "-" or "://" in text:
        return True
    try:
        mode = os.stat(text).st_mode
    except OSError:
        return text.startswith(_CAMERA)
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def run(
    enhancer: Enhancer,
    given: str | BinaryIO,
    output: BinaryIO,
    settings: VideoSettings,
    name: str,
    live: Live | None = None,
) -> Live:
    """Enhance pictures as they come, into a stream of Matroska, until they end.

    Pictures alone are written. Of a live input, frames that come later than 0.25 s after
    the promptest one, by their stamps, are dropped: they are decoded and not enhanced.

    Parameters
    ----------
    enhancer : Enhancer
    given : str or binary file
        Path, address or camera; or a pipe.
    output : binary file
        Need not be seekable.
    settings : VideoSettings
    name : str
        How errors name the input.
    live : Live, optional
        Is counted up after each frame.

    Raises
    ------
    ScotopicError
        When the input cannot be read, or its pictures not be enhanced.
    """
    live = Live() if live is None else live
    drops = not isinstance(given, str) or is_live(given)
    with source.named(name), _opened(given, name) as container:
        stream = source.pictures_of(container, name)
        frames = source.Reader(container, stream).frames()
        first = next(frames, None)
        if first is None:
            raise UnreadableError("has no frame that can be decoded", path=name)
        film = described(stream, first[1], name, None, first[1].interlaced_frame)
        plan = _plan(film, settings)
        ahead = Ahead(itertools.chain([first], frames), _WAITING)
        try:
            with contextlib.closing(_Written(output, plan)) as written:
                if drops:
                    results = _promptly(enhancer, plan, settings, _on_time(ahead, film, live))
                else:
                    results = _several(enhancer, plan, settings, ahead)
                with contextlib.closing(results):
                    for stamp, frame in results:
                        written.write(stamp, frame)
                        live.frames += 1
                        if written.is_over:
                            break
        finally:
            ahead.close()
    return live


def _plan(film: Film, settings: VideoSettings) -> Plan:
    chosen = encoding.choose(film, containers.MATROSKA, settings)
    result, _ = encoding.of_result(film, chosen, settings.preview)
    gop = max(1, round(_GOP_SECONDS * float(film.rate)))
    return Plan(film, result, replace(chosen, gop=gop), settings.preview)


def _opened(given: str | BinaryIO, name: str) -> Any:
    if isinstance(given, str):
        if not given.startswith(_CAMERA):
            return source.open_file(given if "://" in given else os.path.abspath(given))
        if "v4l2" in av.formats_available:
            return source.open_file(given, format="v4l2")
        raise UnreadableError(
            "PyAV was built without cameras here",
            path=name,
            remedy="let ffmpeg read it: ffmpeg -f v4l2 -i /dev/video0 -c copy -f nut - | "
            "scotopic video - --preview -o -",
        )
    try:
        return av.open(given, metadata_errors="surrogateescape")
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"not a film that can be read: {reason}", path=name) from error


def _on_time(frames: Iterable[Stamped], film: Film, live: Live) -> Iterator[Stamped]:
    """Frames but for those that come late, against the promptest one so far."""
    promptest = None
    for stamp, frame in frames:
        delay = time.monotonic() - float(stamp * film.time_base)
        promptest = delay if promptest is None else min(promptest, delay)
        if delay - promptest > _LATE:
            live.dropped += 1
            continue
        yield stamp, frame


def _series(enhancer: Enhancer, plan: Plan, settings: VideoSettings) -> FrameSeries:
    return FrameSeries(enhancer, settings.wish, float(plan.film.rate), settings.temporal)


def _promptly(
    enhancer: Enhancer, plan: Plan, settings: VideoSettings, frames: Iterable[Stamped]
) -> Results:
    """Each frame enhanced before the next is taken."""
    series, pixels = _series(enhancer, plan, settings), plan.converter()
    for stamp, frame in frames:
        rgb = pixels.to_rgb(frame)
        picture = pixels.read(rgb)
        result = np.empty_like(picture)
        series.apply(picture, series.decide(picture), result)
        pixels.write(rgb, result)
        yield stamp, pixels.back(rgb)


def _several(
    enhancer: Enhancer, plan: Plan, settings: VideoSettings, frames: Iterable[Stamped]
) -> Results:
    """Frames enhanced several at once, which nobody waits for."""
    pixels = plan.converter()
    with for_several(enhancer, math.prod(pixels.size), pixels.frame_bytes, 0) as (own, count):
        given = (
            Given((stamp, rgb), pixels.read(rgb), float(stamp * plan.film.time_base))
            for stamp, rgb in ((stamp, pixels.to_rgb(frame)) for stamp, frame in frames)
        )
        series, every = _series(own, plan, settings), plan.encoding.gop
        with contextlib.closing(enhance_several(series, given, count, 0, every)) as results:
            for one in results:
                stamp, rgb = one.item
                pixels.write(rgb, one.picture)
                yield stamp, pixels.back(rgb)


class _Pipe:
    """Standard output; who reads from it may close it, which is no error."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self.closed_there = False

    def write(self, data: bytes) -> int:
        """Write data; none any more when nobody reads it."""
        try:
            if not self.closed_there:
                self._output.write(data)
                self._output.flush()
        except BrokenPipeError:
            self.closed_there = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._output.fileno())  # for what is held
        return len(data)


class _Written:
    """A stream of Matroska whose every packet goes out at once."""

    def __init__(self, output: BinaryIO, plan: Plan) -> None:
        film, pipe = plan.result, _Pipe(output)
        self._pipe = pipe
        options = {"flush_packets": "1", "cluster_time_limit": "200"}
        self._container: Any = av.open(
            output if output.seekable() else pipe,
            "w",
            format="matroska",
            container_options=options,
            buffer_size=_BUFFER,
        )
        made: Any = self._container.add_stream(plan.encoding.encoder, rate=film.rate)
        self._stream = made
        encoding.prepare(self._stream.codec_context, film, plan.encoding)
        if film.matrix is not None:
            self._stream.set_display_matrix(film.matrix)
        self._base = film.time_base
        self._first: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody reads what is written."""
        return self._pipe.closed_there

    def write(self, stamp: int, frame: av.VideoFrame) -> None:
        """Encode a frame, and send what is ready."""
        self._first = stamp if self._first is None else self._first
        frame.pts, frame.time_base = stamp - self._first, self._base
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Send the rest."""
        if self._first is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

"""Frames decoded, enhanced and encoded at the same time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av

from scotopic.enhancer import Enhancer
from scotopic.errors import UnreadableError
from scotopic.series.film import FrameSeries
from scotopic.series.several import Given, enhance_several, for_several
from scotopic.video import encoding, source
from scotopic.video.colours import Converter
from scotopic.video.encoding import Encoding
from scotopic.video.film import Film, usual_step
from scotopic.video.segments import Packet, Store, Writer
from scotopic.video.settings import VideoSettings
from scotopic.video.source import Met
from scotopic.video.stages import Ahead, Behind

Progress = Callable[[int, int, int], None]
"""Told the frames that are done, those of them that an earlier run did, and all; 0 if unknown."""
_WAITING = 3
"""Frames that wait between two stages."""
_AHEAD, _AHEAD_BYTES = 0.5, 2**27
"""Seconds of frames that are looked at before one is exposed, and the most bytes of them."""


@dataclass(frozen=True)
class Plan:
    """A film, and how its result is encoded.

    Attributes
    ----------
    film : Film
    result : Film
        At the size of the result.
    encoding : Encoding
    preview : bool
        Whether the pictures are reduced before they are enhanced.
    """

    film: Film
    result: Film
    encoding: Encoding
    preview: bool = False

    def converter(self) -> Converter:
        """For one thread."""
        encoded = (self.result.width, self.result.height)
        size = encoded if self.preview else (self.film.width, self.film.height)
        return Converter(self.film.colours, size, encoded, self.encoding.pixel_format)


@dataclass(frozen=True)
class Done:
    """What is known of a film when all its frames are encoded.

    Attributes
    ----------
    frames, earlier : int
        All of them, and those that an earlier run had done.
    seconds, end : float
        Length, and when the last frame ends.
    met : Met
    scenes : list
        How each was exposed.
    """

    frames: int
    earlier: int
    seconds: float
    end: float
    met: Met
    scenes: list[Any]


@dataclass(frozen=True)
class _Frame:
    """A frame on its way, in RGB."""

    stamp: int
    duration: int
    rgb: av.VideoFrame


@dataclass(frozen=True)
class _Cut:
    """The end of a segment, with the state of the series after it."""

    state: dict[str, Any]


def run(
    enhancer: Enhancer,
    plan: Plan,
    store: Store,
    settings: VideoSettings,
    progress: Progress | None = None,
) -> Done:
    """Enhance and encode into a store what is not in it yet.

    One thread decodes, at most three frames ahead, and one encodes, as many behind; in
    between, several frames are enhanced at once, and averaged over time in the calling
    thread. An error in any of them, or Ctrl-C, ends all of them, and leaves the store with
    its whole segments.

    Raises
    ------
    UnreadableError
        When no frame can be decoded.
    """
    frame = plan.converter()
    ahead = int(min(_AHEAD * plan.film.rate, _AHEAD_BYTES // frame.frame_bytes))
    pixels, held = math.prod(frame.size), ahead * frame.frame_bytes
    with for_several(enhancer, pixels, frame.frame_bytes, held) as (own, count):
        series = _series(own, plan, store, settings)
        return _run(series, plan, store, count, ahead, progress)


def _run(
    series: FrameSeries, plan: Plan, store: Store, count: int, ahead: int, progress: Progress | None
) -> Done:
    done = earlier = store.segments[-1].done if store.segments else 0
    pixels, decoding = plan.converter(), _Decoding(plan, earlier)
    decoded = Ahead(decoding.frames(), _WAITING)
    encoder = Behind(_Encoder(plan, store).take, _WAITING)
    given = (
        Given(frame, pixels.read(frame.rgb), float(frame.stamp * plan.film.time_base))
        for frame in decoded
    )
    enhanced = enhance_several(series, given, count, ahead, plan.encoding.gop)

    def tell() -> None:
        if progress is not None:
            progress(done, earlier, plan.film.frames)

    tell()
    try:
        for one in enhanced:
            pixels.write(one.item.rgb, one.picture)
            encoder.put(one.item)
            done += 1
            if one.state is not None:
                encoder.put(_Cut(one.state))
            tell()
        if not done:
            raise UnreadableError("has no frame that can be decoded", path=plan.film.path)
        if done > earlier and done % plan.encoding.gop:
            encoder.put(_Cut(series.state()))
        encoder.finish()
    finally:
        enhanced.close()
        decoded.close()
        encoder.close()
    return Done(done, earlier, decoding.seconds, decoding.end, decoding.met, list(series.scenes))


def _series(enhancer: Enhancer, plan: Plan, store: Store, settings: VideoSettings) -> FrameSeries:
    fps = float(plan.film.rate)
    if store.state is None:
        return FrameSeries(enhancer, settings.wish, fps, settings.temporal)
    return FrameSeries.from_state(enhancer, settings.wish, fps, store.state, settings.temporal)


class _Decoding:
    """The stage that decodes: all frames from the start, but those that are done are dropped."""

    def __init__(self, plan: Plan, earlier: int) -> None:
        self.met, self.seconds, self.end = Met(), 0.0, 0.0
        self._plan, self._earlier = plan, earlier

    def frames(self) -> Iterator[_Frame]:
        """Frames in RGB, with their stamps in units of the film's time base."""
        film, pixels = self._plan.film, self._plan.converter()
        with source.named(film.path), source.open_file(film.path) as container:
            stream = source.pictures_of(container, film.path)
            reader = source.Reader(container, stream)
            self.met, usual, first = reader.met, usual_step(stream), None
            for index, (stamp, frame) in enumerate(reader.frames()):
                first = stamp if first is None else first
                duration = int(frame.duration or usual)
                self.end = float((stamp + duration) * film.time_base)
                self.seconds = self.end - float(first * film.time_base)
                self.met.interlaced += frame.interlaced_frame
                if index < self._earlier:
                    continue
                rgb = pixels.to_rgb(frame)
                rgb.pts, rgb.time_base = stamp, film.time_base
                yield _Frame(stamp, duration, rgb)


class _Encoder:
    """The stage that encodes, each segment with an encoder of its own."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan, self._store, self._pixels = plan, store, plan.converter()
        self._open: contextlib.ExitStack | None = None
        self._context: Any = None
        self._durations: dict[int, int] = {}
        self._writer: Writer | None = None
        self._frames = 0

    def take(self, item: _Frame | _Cut) -> None:
        """Encode a frame, or end a segment."""
        with source.named(self._plan.film.path):
            try:
                if isinstance(item, _Cut):
                    self._cut(item.state)
                else:
                    self._encode(item)
            except BaseException as error:
                if self._open is not None:  # so that what is half written is removed
                    self._open.__exit__(type(error), error, error.__traceback__)
                raise

    def _encode(self, frame: _Frame) -> None:
        if self._open is None:
            self._open = contextlib.ExitStack()
            index = len(self._store.segments)
            self._writer = self._open.enter_context(self._store.writing(index))
            self._context = encoding.encoder(self._plan.result, self._plan.encoding)
            self._frames = 0
        self._durations[frame.stamp] = frame.duration
        self._frames += 1
        self._write(self._context.encode(self._pixels.back(frame.rgb)))

    def _write(self, packets: list[Any]) -> None:
        assert self._writer is not None
        for packet in packets:
            duration = self._durations.pop(packet.pts)
            data = bytes(packet)
            self._writer.write(Packet(packet.pts, duration, bool(packet.is_keyframe), data))

    def _cut(self, state: dict[str, Any]) -> None:
        assert self._open is not None
        self._write(self._context.encode(None))
        self._open.close()
        self._open = None
        segments = self._store.segments
        done = (segments[-1].done if segments else 0) + self._frames
        head = (self._context.extradata or b"").hex()
        self._store.note(len(segments), self._frames, done, head, state)

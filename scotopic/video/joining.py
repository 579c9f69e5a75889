"""The result: the encoded pictures, and everything else of the source, packet by packet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av

from scotopic.video.containers import Container
from scotopic.video.encoding import Encoding, prepare
from scotopic.video.film import Film
from scotopic.video.segments import Packet, Store
from scotopic.video.source import goes_back, open_file, pictures_of

BUILT = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
"""Metadata that says how a file is built: each muxer says it anew."""
COUNTED = ("BPS", "NUMBER_OF_", "_STATISTICS", "DURATION", "encoder", "ENCODER", "SOURCE_ID")
"""How the metadata begin that Matroska has on a stream's packets."""
_ITUNES = frozenset(
    ("album", "album_artist", "artist", "comment", "compilation", "composer", "copyright")
    + ("creation_time", "date", "description", "disc", "encoder", "episode_id", "episode_sort")
    + ("genre", "grouping", "hd_video", "keywords", "lyrics", "media_type", "network", "rating")
    + ("season_number", "show", "sort_album", "sort_album_artist", "sort_artist", "sort_name")
    + ("sort_composer", "sort_show", "synopsis", "title", "track")
)
"""What MP4 has a place for in the form that most players read."""
_MILLISECONDS = 1000
_HELD = 1
"""Seconds for which the last frame is shown at most, where the file says when its stream ends."""
_RISING = ("mp4", "mov")
"""Muxers that take no two packets of a stream at one time."""


@dataclass
class _Pair:
    """A stream of the source and its copy.

    Attributes
    ----------
    copy : av.Stream
    last : int or None
        Time of the last packet, for decoding.
    added : int
        To all times since they went back by more than a second, as where films were put
        one behind the other.
    moved : int
        Packets whose time did not rise.
    """

    copy: Any
    last: int | None = None
    added: int = 0
    moved: int = 0

    def rise(self, packet: Any, strictly: bool) -> None:
        """Move a packet whose time does not rise behind the one before it."""
        if packet.dts is None:
            return
        if self.last is not None and goes_back(
            packet.dts + self.added, self.last, packet.time_base
        ):
            self.added = self.last + max(1, packet.duration or 0) - packet.dts
        least = packet.dts + self.added
        if self.last is not None and least < self.last + strictly:
            self.moved += 1
            least = self.last + strictly
        if packet.pts is not None:
            packet.pts = max(packet.pts + self.added, least)
        packet.dts = self.last = least


def join(
    store: Store, film: Film, encoding: Encoding, container: Container, path: str
) -> tuple[list[int], list[str]]:
    """Write the result.

    Parameters
    ----------
    store : Store
        With all segments.
    film : Film
        With the size of the result.
    encoding : Encoding
    container : Container
    path : str
        Of the file to write.

    Returns
    -------
    streams : list of int
        Of the source, by their numbers, in the order of the result.
    notes : list of str
        What was left out or changed, each in a sentence.
    """
    notes: list[str] = []
    with open_file(film.path) as source:
        main = pictures_of(source, film.path)
        metadata = {k: v for k, v in source.metadata.items() if k.lower() not in BUILT}
        options = _options(container, metadata)
        with av.open(
            path,
            "w",
            format=container.muxer,
            container_options=options,
            metadata_errors="surrogateescape",
        ) as result:
            result.metadata.update(metadata)
            result.set_chapters(source.chapters())
            pictures, pairs, order = None, {}, []
            for stream in source.streams:
                if stream.index == main.index:
                    pictures = _pictures(result, stream, film, encoding, store)
                    order.append(stream.index)
                elif not is_written_anew(stream, source):
                    copy = _copied(stream, result, container, notes)
                    if copy is not None:
                        pairs[stream.index] = _Pair(copy)
                        order.append(stream.index)
            result.start_encoding()
            timed = _timed(store, film, _end(main), container)
            _mux(source, result, pairs, pictures, timed, container)
    ticks = film.time_base * _MILLISECONDS
    if container.muxer not in _RISING and any((p.pts * ticks) % 1 for p in store.stamps()):
        notes.append(f"stamps are rounded to milliseconds, as {container.name} has them")
    moved = sum(pair.moved for pair in pairs.values())
    if moved:
        notes.append(
            f"{moved} packets of copied streams had times that do not rise, and were moved"
        )
    return order, notes


def _options(container: Container, metadata: dict[str, str]) -> dict[str, str]:
    if container.muxer not in _RISING:
        return {}
    flags = "+faststart"
    if set(metadata) - _ITUNES:
        flags += "+use_metadata_tags"  # names of any kind, in the form of QuickTime
    return {"movflags": flags}


def _pictures(result: Any, main: Any, film: Film, encoding: Encoding, store: Store) -> Any:
    """The stream of the encoded pictures, with the head of their encoder."""
    made = result.add_stream(encoding.encoder, rate=film.rate, width=film.width, height=film.height)
    prepare(made.codec_context, film, encoding)
    if encoding.codec == "hevc" and result.format.name in _RISING:
        made.codec_context.codec_tag = "hvc1"  # what Apple's players ask for
    made.codec_context.open()
    head = bytes.fromhex(store.segments[0].extradata)
    if head:
        made.codec_context.extradata = head
    made.time_base = film.time_base
    if film.matrix is not None:
        made.set_display_matrix(film.matrix)
    made.metadata.update(_described(main))
    made.disposition = main.disposition
    return made


def _described(stream: Any) -> dict[str, str]:
    """A stream's metadata, without those on the packets that are encoded anew."""
    return {k: v for k, v in stream.metadata.items() if not k.startswith(COUNTED)}


def is_written_anew(stream: Any, source: Any) -> bool:
    """Whether a stream of MP4 is one that muxers write by themselves: titles of chapters, time code.

    A muxer makes them from the chapters, and from the time code in a stream's metadata.
    """
    if not source.format.name.startswith("mov,") or stream.type != "data":
        return False
    chapters = len(source.chapters())
    is_titles = stream.name == "bin_data" and 0 < stream.frames <= chapters + 1 and chapters > 0
    return is_titles or (stream.name is None and "timecode" in stream.metadata)


def _copied(stream: Any, result: Any, container: Container, notes: list[str]) -> Any:
    """The copy of a stream in the result; None, and a note, where the container cannot hold it."""
    with av.open(io.BytesIO(), "w", format=container.muxer) as trial:
        try:
            _copy(stream, trial)
            trial.start_encoding()
        except (av.FFmpegError, ValueError):
            notes.append(
                f"stream {stream.index} ({stream.type}, {_name(stream)}) does not fit into "
                f"{container.name}, and is left out; Matroska (.mkv) holds most kinds"
            )
            return None
    return _copy(stream, result)


def _copy(stream: Any, result: Any) -> Any:
    copy = result.add_stream_from_template(stream, opaque=True)
    copy.metadata.update(stream.metadata)
    copy.disposition = stream.disposition
    return copy


def _name(stream: Any) -> str:
    return str(getattr(stream, "name", None) or stream.codec_tag or "unknown")


@dataclass(frozen=True)
class _Timed:
    """An encoded frame with the time at which it is decoded."""

    dts: int
    packet: Packet


def _timed(store: Store, film: Film, end: int | None, container: Container) -> Iterator[_Timed]:
    """Packets with times of decoding that rise over all segments.

    The times are the stamps in rising order, as much earlier as the order of decoding
    differs from that of showing. A frame lasts until the next one is shown. MP4 and
    QuickTime have a stream's length by the times of decoding, so that there the packet
    decoded last lasts for what is missing, which need not be the frame shown last.
    """
    packets = list(store.stamps())
    stamps = [packet.pts for packet in packets]
    rising = sorted(stamps)
    rank = {stamp: index for index, stamp in enumerate(rising)}
    depth = max(index - rank[stamp] for index, stamp in enumerate(stamps))
    step = max(1, round(1 / (film.rate * film.time_base)))
    times = [rising[0] - step * (depth - index) for index in range(depth)] + rising
    ends = max(packet.pts + packet.duration for packet in packets)
    if end is not None and 0 < (end - rising[-1]) * film.time_base <= _HELD:
        ends = end
    shown = [*rising[1:], ends]
    durations = [shown[rank[stamp]] - stamp for stamp in stamps]
    if container.muxer in _RISING:
        left = ends - step * depth - times[len(stamps) - 1]
        durations[-1] = max(durations[-1], min(left, ends - stamps[-1]))
    for dts, duration, packet in zip(times, durations, store.packets(), strict=False):
        yield _Timed(dts, replace(packet, duration=duration))


def _end(stream: Any) -> int | None:
    """Where a stream ends by its file's own word, in units of its time base."""
    if stream.duration is None:
        return None
    return int((stream.start_time or 0) + stream.duration)


def _mux(
    source: Any,
    result: Any,
    pairs: dict[int, _Pair],
    pictures: Any,
    timed: Iterable[_Timed],
    container: Container,
) -> None:
    """Write all packets, roughly in the order of their times."""
    encoded, base = iter(timed), pictures.codec_context.time_base
    waiting = next(encoded, None)
    for packet in _packets(source, pairs):
        pair, time = pairs[packet.stream.index], packet.dts
        if time is None:
            time = packet.pts
        now = None if time is None else time * Fraction(packet.time_base)
        while waiting is not None and (now is None or waiting.dts * base <= now):
            _write(result, pictures, waiting, base)
            waiting = next(encoded, None)
        pair.rise(packet, container.muxer in _RISING)
        packet.stream = pair.copy
        result.mux(packet)
    while waiting is not None:
        _write(result, pictures, waiting, base)
        waiting = next(encoded, None)


def _packets(source: Any, pairs: dict[int, _Pair]) -> Iterator[Any]:
    """What is to be copied; the source ends where it cannot be read on."""
    streams = [stream for stream in source.streams if stream.index in pairs]
    if not streams:
        return
    try:
        for packet in source.demux(streams):
            if packet.size or packet.dts is not None:
                yield packet
    except av.FFmpegError:
        return


def _write(result: Any, pictures: Any, timed: _Timed, base: Fraction) -> None:
    encoded = timed.packet
    packet: Any = av.Packet(encoded.data)
    packet.stream, packet.time_base = pictures, base
    packet.pts, packet.dts, packet.duration = encoded.pts, timed.dts, encoded.duration
    packet.is_keyframe = encoded.is_key
    result.mux(packet)

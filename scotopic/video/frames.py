"""The frames of a film that is read, with stamps that only rise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

_PATIENCE = 100
"""Errors one after the other in reading a file after which its end is given up."""
_LITTLE = 8
"""The part of the usual step by which a stamp that does not rise is moved."""
_BACK = 1
"""Seconds by which stamps may go back before another film is seen to begin."""


@dataclass
class Met:
    """What was wrong with a film, as far as it was read.

    Attributes
    ----------
    undecodable : int
        Packets that could not be decoded.
    damaged : int
        Frames that the decoder mended.
    moved : int
        Frames whose stamp was missing or did not rise.
    joints : int
        Places where the stamps begin anew.
    interlaced : int
        Frames, after the start, that are marked as interlaced.
    unread : int
        Times that the file could not be read on.
    """

    undecodable: int = 0
    damaged: int = 0
    moved: int = 0
    joints: int = 0
    interlaced: int = 0
    unread: int = 0

    def notes(self) -> Iterator[str]:
        """Each in a sentence."""
        said = {
            "parts of it could not be decoded ({} packets), and are missing": self.undecodable,
            "{} frames are damaged, and were enhanced as the decoder mends them": self.damaged,
            "{} frames had no stamp or one that does not rise, and were given one": self.moved,
            "the stamps begin anew in {} places, and were made to go on": self.joints,
            "{} frames are marked as interlaced, and were enhanced as whole ones": self.interlaced,
            "it could not be read everywhere ({} times)": self.unread,
        }
        yield from (text.format(count) for text, count in said.items() if count)


class Reader:
    """Decodes the pictures of a film from its start.

    Attributes
    ----------
    met : Met
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self.met = Met()
        self._container, self._stream = container, stream

    def decoded(self) -> Iterator[av.VideoFrame]:
        """Frames as they are decoded; what cannot be is passed over."""
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.met.undecodable += 1
                continue
            for frame in frames:
                self.met.damaged += frame.is_corrupt
                yield frame

    def _packets(self) -> Iterator[Any]:
        failures = 0
        while failures < _PATIENCE:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    yield packet
                return
            except av.FFmpegError:
                self.met.unread += not failures
                failures += 1

    def frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames with their stamps in units of the time base, each later than the one before.

        A stamp that is missing, or not later, becomes a little later than the one before,
        so that those behind it stay exactly as they are. Where stamps go back by more than
        a second, as in films that were put one behind the other, all later ones are moved.
        """
        usual, added = usual_step(self._stream), 0
        last: int | None = None
        for frame in self.decoded():
            stamp = frame.pts if frame.pts is not None else frame.dts
            if last is None:
                last = stamp or 0
            elif stamp is None:
                self.met.moved += 1
                last += usual
            elif goes_back(stamp + added, last, self._stream.time_base):
                self.met.joints += 1
                added = last + usual - stamp
                last += usual
            elif stamp + added <= last:
                self.met.moved += 1
                last += max(1, usual // _LITTLE)
            else:
                last = stamp + added
            yield last, frame


def goes_back(stamp: int, last: int, time_base: Fraction) -> bool:
    """Whether a stamp lies more than a second before the last one."""
    return (last - stamp) * Fraction(time_base) > _BACK


def usual_step(stream: Any) -> int:
    """Units of the time base from one frame to the next, at the average rate."""
    return max(1, int(round(1 / (rate_of(stream) * Fraction(stream.time_base)))))


def rate_of(stream: Any) -> Fraction:
    """Frames a second: the average, or what FFmpeg guesses, or 25."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate).limit_denominator(100_000)
    return Fraction(25)

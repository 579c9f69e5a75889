"""A film that is read: its file, and its frames with stamps that only rise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from scotopic.errors import AccessError, MissingFileError, ScotopicError, UnreadableError
from scotopic.video.film import Film, described, usual_step

_PICTURES = ("image2", "gif", "apng", "webp", "webp_anim", "ico")
"""Formats of FFmpeg that `scotopic enhance` is for; so is every ``*_pipe``."""
_LOOKED_AT = 10
"""Frames of the start that are looked at, to tell interlaced films."""
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

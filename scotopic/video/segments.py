"""Encoded pictures in pieces, each whole or absent, by which an interrupted run goes on.

A hidden folder beside the target holds for each segment a file of packets and, written
after it, a record in JSON that tells its hash and the state of the series of frames at
its end. A segment without its record is not there.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from scotopic import storage
from scotopic.errors import AccessError, ScotopicError
from scotopic.types import Array

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_HEAD = struct.Struct("<qqBI")
"""Of a packet: stamp, duration, whether it stands alone, bytes."""
_JOB, _LOCK = "job.json", "lock"
_ARRAY, _PLAIN = "array", "plain"
_STATES, _SMALL = 2, 2**16
"""The last states are kept in any case; others, if they have no more bytes."""


@dataclass(frozen=True)
class Packet:
    """An encoded frame.

    Attributes
    ----------
    pts, duration : int
        In units of the film's time base.
    is_key : bool
        Whether it can be decoded without those before it.
    data : bytes
    """

    pts: int
    duration: int
    is_key: bool
    data: bytes


@dataclass(frozen=True)
class Segment:
    """What is noted of a segment.

    Attributes
    ----------
    index : int
    frames : int
        Of this segment.
    done : int
        Of it and those before it.
    sha256 : str
        Of its packets' file.
    extradata : str
        Head of the encoder, in hexadecimal.
    """

    index: int
    frames: int
    done: int
    sha256: str
    extradata: str


class Store:
    """The folder of segments of one target.

    Parameters
    ----------
    target : Path
    key : dict
        What a result depends on. What is there of another key is removed.
    resume : bool
        Whether to go on with what is there.

    Attributes
    ----------
    segments : list of Segment
        Whole ones, from the first on without a gap.
    state : dict or None
        Of the series of frames, after the last of them.

    Raises
    ------
    ScotopicError
        When the folder cannot be written, or another process works in it.
    """

    def __init__(self, target: Path, key: dict[str, Any], resume: bool = True) -> None:
        self.folder = folder_of(target)
        self._target, self._lock = target, None
        with self._errors():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked()
            key = json.loads(json.dumps(key))
            if not resume or self._read(_JOB) != key:
                self._empty()
                storage.write_json(key, self.folder / _JOB)
            self.segments = list(self._whole())
            self.state = self._last_state()

    def _locked(self) -> Any:
        file = (self.folder / _LOCK).open("wb")
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.close()
                problem = "another process is enhancing this film into it"
                raise AccessError(problem, path=self._target) from error
            except OSError:  # some network file systems have no locks
                pass
        return file

    def _empty(self) -> None:
        for path in self.folder.iterdir():
            if path.name != _LOCK:
                path.unlink()

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _whole(self) -> Iterator[Segment]:
        index = 0
        while (entry := self._read(f"{index:06}.json")) is not None:
            try:
                segment = Segment(**entry)
                is_whole = storage.sha256_of_file(self.packets_of(index)) == segment.sha256
            except (TypeError, ScotopicError):
                return
            if not is_whole:
                return
            yield segment
            index += 1

    def _last_state(self) -> dict[str, Any] | None:
        """The state after the last segment that has one; segments after it are dropped."""
        while self.segments:
            with contextlib.suppress(Exception):
                return _read_state(self._state_of(self.segments[-1].index))
            self.segments.pop()
        return None

    def _state_of(self, index: int) -> Path:
        return self.folder / f"{index:06}.state"

    def packets_of(self, index: int) -> Path:
        """The file of a segment's packets."""
        return self.folder / f"{index:06}.packets"

    @contextlib.contextmanager
    def writing(self, index: int) -> Iterator[Writer]:
        """Write the packets of a segment; `note` it afterwards."""
        with self._errors(), storage.atomic_file(self.packets_of(index)) as file:
            yield Writer(file)

    def note(
        self, index: int, frames: int, done: int, extradata: str, state: dict[str, Any]
    ) -> None:
        """Say that a segment is whole; see `Segment`."""
        with self._errors():
            digest = storage.sha256_of_file(self.packets_of(index))
            _write_state(state, self._state_of(index))
            segment = Segment(index, frames, done, digest, extradata)
            storage.write_json(asdict(segment), self.folder / f"{index:06}.json")
            earlier = self._state_of(index - _STATES)
            if earlier.exists() and earlier.stat().st_size > _SMALL:
                earlier.unlink()
        self.segments.append(segment)

    def packets(self) -> Iterator[Packet]:
        """All packets of all segments, in the order of decoding."""
        for segment in self.segments:
            with self._errors(), self.packets_of(segment.index).open("rb") as file:
                yield from _packets(file, with_data=True)

    def stamps(self) -> Iterator[Packet]:
        """The same without their data."""
        for segment in self.segments:
            with self._errors(), self.packets_of(segment.index).open("rb") as file:
                yield from _packets(file, with_data=False)

    def close(self) -> None:
        """Let others work in the folder."""
        if self._lock is not None:
            self._lock.close()

    def remove(self) -> None:
        """Remove the folder, when the result is in place."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except ScotopicError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            raise AccessError(f"cannot be written: {reason}", path=self.folder) from error


class Writer:
    """Takes the packets of a segment."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, packet: Packet) -> None:
        """Append a packet."""
        size = len(packet.data)
        head = _HEAD.pack(packet.pts, packet.duration, packet.is_key, size)
        self._file.write(head)
        self._file.write(packet.data)


def folder_of(target: Path) -> Path:
    """The hidden folder beside a target; under a digest of its name if that would be too long."""
    name = f".{target.name}.scotopic"
    if len(os.fsencode(name)) > storage.LONGEST_NAME:
        name = f".{storage.sha256_of(os.fsencode(target.name))[:32]}.scotopic"
    return target.with_name(name)


def _packets(file: BinaryIO, with_data: bool) -> Iterator[Packet]:
    while head := file.read(_HEAD.size):
        pts, duration, is_key, size = _HEAD.unpack(head)
        data = b""
        if with_data:
            data = file.read(size)
        else:
            file.seek(size, os.SEEK_CUR)
        yield Packet(pts, duration, bool(is_key), data)


def _write_state(state: dict[str, Any], path: Path) -> None:
    """Write plain values and arrays, exactly."""
    arrays: dict[str, Array] = {}
    text = json.dumps(_plain(state, arrays)).encode()
    held = io.BytesIO()
    save: Any = np.savez
    save(held, **{_PLAIN: np.frombuffer(text, np.uint8)}, **arrays)
    storage.write_atomically(held.getvalue(), path)


def _read_state(path: Path) -> dict[str, Any]:
    """What `_write_state` wrote; raises an error of any kind if it is not whole."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
        plain = json.loads(arrays[_PLAIN].tobytes())
        state: dict[str, Any] = _with_arrays(plain, arrays)
    return state


def _plain(value: Any, arrays: dict[str, Array]) -> Any:
    """A value in the types of JSON; arrays by the names that they are given."""
    if isinstance(value, dict):
        return {name: _plain(each, arrays) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each, arrays) for each in value]
    if isinstance(value, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}
    return value.item() if isinstance(value, np.generic) else value


def _with_arrays(value: Any, arrays: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {name: _with_arrays(each, arrays) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_arrays(each, arrays) for each in value]
    return value

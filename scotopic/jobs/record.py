"""The record of an output folder, by which an interrupted batch can be resumed.

A line of JSON is appended before a picture is worked on, and another one when it
is done or has failed. Whatever interrupts a batch, the file then tells of each
result:

- It is done, from the same input, with the same settings and network, and the
  result is still as it was written: there is nothing to do.
- It was started, or it was made otherwise and is still as it was written:
  scotopic made it, so it may be made again.
- A file of which the record tells nothing else is the user's own, and is kept.

In memory there is only where each line begins; lines are read again when they are
asked for. Several processes may work on one folder: each reads what the others have
appended before it answers.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from scotopic.errors import AccessError, ScotopicError
from scotopic.jobs.name_index import Index
from scotopic.storage import sha256_of_file

NAME = ".scotopic.jsonl"


class Record:
    """The record of an output folder.

    Parameters
    ----------
    folder : Path
        Where the results go; the record is ``.scotopic.jsonl`` in it.

    Raises
    ------
    AccessError
        When it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._start = str(folder) + os.sep
        # Where the last line of each result begins, and the last that tells what was written.
        self._last = Index()
        self._outputs = Index()
        self._torn = False
        self._lock = threading.Lock()
        self._file: int | None = None
        self._kept: tuple[int, dict[str, Any]] = (-1, {})
        self._read_to = 0
        try:
            self._read_on()
        except OSError as error:
            raise AccessError(f"cannot be read: {error.strerror}", path=self.path) from error

    def _read_on(self) -> None:
        """Read the lines that have been appended since the last time."""
        try:
            size = self.path.stat().st_size
            if size == self._read_to:
                return
            with self.path.open("rb") as file:
                self._read_to = file.seek(self._read_to if size > self._read_to else 0)
                for line in file:
                    self._torn = not line.endswith(b"\n")
                    if self._torn:
                        break
                    self._remember(_parsed(line), self._read_to)
                    self._read_to += len(line)
        except FileNotFoundError:
            return
        self._kept = (-1, {})

    def _remember(self, entry: dict[str, Any], offset: int) -> None:
        if "target" not in entry:
            return
        self._last[entry["target"]] = offset
        if "output" in entry:
            self._outputs[entry["target"]] = offset

    def is_done(self, target: Path, made_from: dict[str, Any]) -> bool:
        """Whether a result is there, whole, and made from the very same."""
        entry = self._find(self._last, target)
        return entry.get("status") == "done" and self.made(target, made_from) is not None

    def made(self, target: Path, made_from: dict[str, Any]) -> dict[str, Any] | None:
        """What was noted of a result that was made from the very same, if it is there, whole.

        Something may have been begun with it since, maybe by another process.
        """
        entry = self._find(self._outputs, target)
        is_same = entry.get("made_from") == json.loads(json.dumps(made_from))
        return entry if is_same and self._is_as_written(target) else None

    def is_own(self, target: Path) -> bool:
        """Whether what stands in a result's place was made here, and not changed since."""
        entry = self._find(self._last, target)
        return entry.get("status") == "started" or self._is_as_written(target)

    def is_from(self, target: Path, source: str, digest: str) -> bool:
        """Whether a result was made from a source, by its path or by its SHA-256.

        Other pictures of the same name may not take its place.
        """
        entry = self._find(self._last, target)
        made_from = entry.get("made_from")
        known = made_from.get("input") if isinstance(made_from, dict) else None
        return entry.get("source") == source or known == digest

    def _is_as_written(self, target: Path) -> bool:
        written = self._find(self._outputs, target).get("output")
        try:
            return written is not None and sha256_of_file(target) == written
        except ScotopicError:
            return False

    def _find(self, index: Index, target: Path) -> dict[str, Any]:
        """The entry that the index leads to, empty if there is none."""
        name = self._name(target)
        with self._lock:
            with contextlib.suppress(OSError):  # what was read before still holds
                self._read_on()
            offset = index.get(name)
            if offset is None:
                return {}
            # Several questions are asked of one picture, and one line answers them.
            if self._kept[0] != offset:
                self._kept = offset, self._entry_at(offset)
            entry = self._kept[1]
        return entry if entry.get("target") == name else {}

    def _entry_at(self, offset: int) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                return _parsed(file.readline())
        except OSError:
            return {}

    def note(self, target: Path, status: str, **facts: Any) -> None:
        """Append a line, and hand it to the operating system at once.

        Raises
        ------
        AccessError
            When it cannot be written.
        """
        entry = {"target": self._name(target), "status": status, **facts}
        entry["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps(entry).encode("ascii") + b"\n"
        with self._lock:
            try:
                end = self._append(b"\n" + line if self._torn else line)
            except OSError as error:
                # Part of it may be there.
                self._torn = True
                raise AccessError(f"cannot be written: {error.strerror}", path=self.path) from error
            self._torn = False
            self._kept = (-1, {})
            self._remember(entry, end - len(line))

    def _append(self, data: bytes) -> int:
        """Append data to the file; returns where the file ends then.

        If somebody has removed the folder or the record meanwhile, they are made
        again.
        """
        if self._file is None or not os.fstat(self._file).st_nlink:
            self.folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path, flags, 0o666)
            weakref.finalize(self, os.close, self._file)
        while data:
            data = data[os.write(self._file, data) :]
        return os.lseek(self._file, 0, os.SEEK_CUR)

    def _name(self, target: Path) -> str:
        inside = str(target)
        if inside.startswith(self._start):
            return inside[len(self._start) :]
        return str(target.relative_to(self.folder))


def _parsed(line: bytes) -> dict[str, Any]:
    """What a line says; nothing if it is damaged, as a power cut leaves the last one."""
    try:
        entry = json.loads(line.decode("ascii"))
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) and isinstance(entry.get("target"), str) else {}

"""Files: read whole, hashed piece by piece, and put in place whole."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from scotopic import machine
from scotopic.errors import (
    AccessError,
    InvalidValueError,
    MissingFileError,
    Parameter,
    ScotopicError,
    TargetExistsError,
    TooLargeError,
)

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".scotopic-"
"""What the names of files that are being written begin with."""
_OURS = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{16}")
LONGEST_NAME = 255
"""Bytes of the name of a file or folder, in nearly all file systems."""
_PIECE = 2**20
_FOLDERS_REMEMBERED = 1000
_LEAST_READ = 2**26
"""Bytes of a file that are read however little memory there is: its pixels tell more exactly."""

_swept: set[Path] = set()
_sweeping = threading.Lock()


def read_bytes(path: Path, memory: int | None = None) -> bytes:
    """Read a file whole, if it fits the memory.

    Parameters
    ----------
    path : Path
        Also of a pipe or a device, which is read to its end.
    memory : int, optional
        Bytes that the whole process may take; by default what
        `machine.default_memory` says.

    Raises
    ------
    MissingFileError, AccessError
        When it is not there or cannot be read; names it.
    TooLargeError
        When it does not fit; no more of it is read than would.
    """
    try:
        with path.open("rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or not found.st_size:
                return read_all(file, path, memory)
            refuse_too_large(found.st_size, path, memory)
            return read_all(file, path, memory, found.st_size)
    except OSError as error:
        raise _read_error(path, error) from error


def refuse_too_large(size: int, path: str | Path, memory: int | None = None) -> None:
    """Raise a `TooLargeError` unless a file of so many bytes fits the memory; see `read_bytes`."""
    if size > _most_read(memory):
        problem = f"the file has {size / 2**30:.1f}G, more than the memory holds"
        needed = Parameter("memory", size + machine.PROCESS_BYTES, "Enhancer")
        raise TooLargeError(problem, path=path, remedy=needed)


def read_all(
    file: BinaryIO | io.RawIOBase, name: str | Path, memory: int | None = None, most: int = -1
) -> bytes:
    """Read a file object to its end, if it fits the memory.

    Parameters
    ----------
    file : binary file object
    name : str or path
        How errors name it.
    memory : int, optional
        As for `read_bytes`.
    most : int, optional
        Bytes after which no more are read; by default to the end.

    Raises
    ------
    InvalidValueError
        When it gives text.
    TooLargeError
        When it does not fit; no more of it is read than would.
    """
    limit, held = _most_read(memory), io.BytesIO()
    while most < 0 or held.tell() < most:
        piece = file.read(_PIECE if most < 0 else min(_PIECE, most - held.tell()))
        if not isinstance(piece, (bytes, bytearray, memoryview, type(None))):
            problem = "a file object must be open for reading in binary mode"
            raise InvalidValueError(problem, path=name)
        if not piece:
            break
        if held.tell() + len(piece) > limit:
            problem = f"there is more than {limit / 2**30:.1f}G to be read"
            raise TooLargeError(problem, path=name)
        held.write(piece)
    return held.getvalue()


def read_file_object(file: BinaryIO, memory: int | None = None) -> tuple[bytes, str]:
    """What is in a file object, and how errors name it; see `read_all`."""
    name = getattr(file, "name", None)
    name = name if isinstance(name, str) else "input"
    return read_all(file, name, memory), name


def _most_read(memory: int | None) -> int:
    memory = machine.default_memory() if memory is None else memory
    return max(memory - machine.PROCESS_BYTES, _LEAST_READ)


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file; none if it cannot be read, or is a pipe, which would lose them."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def sha256_of(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, without holding it in memory."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise _read_error(path, error) from error
    return digest.hexdigest()


def _read_error(path: Path, error: OSError) -> ScotopicError:
    kind = MissingFileError if isinstance(error, FileNotFoundError) else AccessError
    return kind(error.strerror or str(error), path=path)


def write_atomically(data: bytes, target: Path, replace: bool = True) -> None:
    """Put a file in place whole; see `atomic_file`."""
    with atomic_file(target, replace) as file:
        file.write(data)


def write_json(content: Any, target: Path, replace: bool = True) -> None:
    """Put JSON, indented, in place whole; see `atomic_file`."""
    write_atomically((json.dumps(content, indent=1) + "\n").encode(), target, replace)


def copy_atomically(source: Path, target: Path, replace: bool = True) -> None:
    """Put a copy of a file in place whole; see `atomic_file`."""
    try:
        original = source.open("rb")
    except OSError as error:
        raise _read_error(source, error) from error
    with original, atomic_file(target, replace) as file:
        shutil.copyfileobj(original, file, _PIECE)


@contextlib.contextmanager
def atomic_file(target: Path, replace: bool = True) -> Iterator[BinaryIO]:
    """Write a file that is put in place whole: temporary file, flush, rename.

    Each writer has a temporary file of its own in the target's folder, so the
    target is at every moment the old file, absent, or one writer's whole file,
    whoever else writes. What killed writers left in the folder is removed.

    Parameters
    ----------
    target : Path
    replace : bool
        Whether a file that is there may be replaced, even one that somebody
        has put there in the meantime.

    Yields
    ------
    binary file
        Empty, for writing and reading.

    Raises
    ------
    TargetExistsError
        When there is a file that may not be replaced.
    AccessError
        When it cannot be written; nothing is left behind.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep_once(target.parent)
        file, temporary = _new_temporary(target)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if fcntl is not None:  # while the lock is held, so that nobody sweeps it
                    _put_in_place(temporary, target, replace)
            if fcntl is None:
                _put_in_place(temporary, target, replace)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        if isinstance(error, ScotopicError):
            raise
        reason = error.strerror or str(error)
        raise AccessError(f"cannot be written: {reason}", path=target) from error


def move_into_place(path: Path, target: Path, replace: bool = True) -> None:
    """Flush a file that somebody else has written in the same file system, and give it a name.

    Raises
    ------
    TargetExistsError
        When there is a file that may not be replaced.
    AccessError
        When it cannot be written.
    """
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
        _put_in_place(path, target, replace)
    except OSError as error:
        if isinstance(error, ScotopicError):
            raise
        reason = error.strerror or str(error)
        raise AccessError(f"cannot be written: {reason}", path=target) from error


def _put_in_place(temporary: Path, target: Path, replace: bool) -> None:
    if not replace:
        try:
            os.link(temporary, target)  # fails if there is a file, where a rename would replace it
            temporary.unlink()
            return
        except FileExistsError as error:
            raise already_there(target) from error
        except OSError:  # some file systems have no links
            if target.exists():
                raise already_there(target) from None
    temporary.replace(target)


def is_there(path: Path) -> bool:
    """Whether there is a file or folder.

    Raises
    ------
    AccessError
        When that cannot be known, as in a folder that may not be searched.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise AccessError(f"cannot be written: {error.strerror or error}", path=path) from error
    return True


def already_there(target: Path) -> TargetExistsError:
    """The error for a file that may not be replaced."""
    return TargetExistsError("exists already", path=target, remedy=Parameter("overwrite"))


def _new_temporary(target: Path) -> tuple[BinaryIO, Path]:
    """A new file beside the target, locked for as long as it is open."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        path = target.with_name(TEMPORARY + secrets.token_hex(8))
        file = os.fdopen(os.open(path, flags, 0o666), "w+b")
        if fcntl is not None:
            with contextlib.suppress(OSError):  # some network file systems have no locks
                fcntl.flock(file, fcntl.LOCK_EX)
            if not os.fstat(file.fileno()).st_nlink:  # swept before it was locked
                file.close()
                continue
        return file, path


def _sweep_once(folder: Path) -> None:
    """Remove what killed writers left in a folder, when it is first written to."""
    with _sweeping:
        if folder in _swept:
            return
        if len(_swept) >= _FOLDERS_REMEMBERED:
            _swept.clear()
        _swept.add(folder)
    sweep(folder)


def sweep(folder: Path) -> None:
    """Remove temporary files of a folder that nobody is writing."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = [entry.path for entry in entries if _OURS.fullmatch(entry.name)]
        for name in names:
            with contextlib.suppress(OSError):
                _remove_unless_locked(name)


def _remove_unless_locked(name: str) -> None:
    if fcntl is None:
        os.unlink(name)
        return
    with open(name, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name)

"""Files: read whole, hashed piece by piece, and put in place whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from scotopic.errors import (
    AccessError,
    InvalidValueError,
    MissingFileError,
    Parameter,
    ScotopicError,
    TargetExistsError,
)

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".scotopic-"
"""What the names of files that are being written begin with."""
_OURS = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{16}")
_PIECE = 2**20
_FOLDERS_REMEMBERED = 1000

_swept: set[Path] = set()
_sweeping = threading.Lock()


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises
    ------
    MissingFileError, AccessError
        When it is not there or cannot be read; names it.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _read_error(path, error) from error


def read_file_object(file: BinaryIO) -> tuple[bytes, str]:
    """What is in a file object, and how errors name it.

    Raises
    ------
    InvalidValueError
        When it gives text.
    """
    content, name = file.read(), getattr(file, "name", None)
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise InvalidValueError("a file object must be open for reading in binary mode")
    return bytes(content), name if isinstance(name, str) else "input"


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

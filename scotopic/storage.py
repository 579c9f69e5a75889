"""Files: read whole, put in place whole, hashed piece by piece."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from scotopic.errors import ScotopicError

_PIECE = 2**20


def read_bytes(path: Path) -> bytes:
    """Bytes of a file; a `ScotopicError` that names it when there are none to be had."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScotopicError(f"{path}: {error.strerror or error}") from error


def sha256_of(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, without holding it."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise ScotopicError(f"{path}: {error.strerror or error}") from error
    return digest.hexdigest()


def write_atomically(data: bytes, target: Path) -> None:
    """Put a file in place whole; see `atomic_file`."""
    with atomic_file(target) as file:
        file.write(data)


def write_json(content: Any, target: Path) -> None:
    """Write JSON, atomically."""
    write_atomically((json.dumps(content, indent=1) + "\n").encode(), target)


def copy_atomically(source: Path, target: Path) -> None:
    """Put a copy of a file in place whole; see `atomic_file`."""
    with source.open("rb") as original, atomic_file(target) as file:
        shutil.copyfileobj(original, file, _PIECE)


@contextlib.contextmanager
def atomic_file(target: Path) -> Iterator[BinaryIO]:
    """Write a file that is put in place whole: temporary file, flush, rename.

    The temporary file has one name for each target: what a killed process
    left is used up by the next one.

    Raises
    ------
    ScotopicError
        When it cannot be written; nothing is left behind.
    """
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()
    temporary = target.with_name(f".scotopic-{digest[:16]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise ScotopicError(f"{target}: cannot be written: {reason}") from error
        raise

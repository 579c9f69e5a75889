"""Boxes of the ISO base media file format, which AVIF, HEIC and CR3 are made of."""

from __future__ import annotations

from collections.abc import Iterator

_MOST = 2**14
"""Boxes that are looked through at one level: HEIC has an item for each of its tiles."""


def boxes(data: bytes, start: int, end: int, name: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Boxes whose names begin in a given way.

    A damaged box ends the search; nothing outside start and end is read.

    Parameters
    ----------
    data : bytes
        A file.
    start, end : int
        Where the boxes of one level begin and end.
    name : bytes
        How the names of four bytes begin.

    Yields
    ------
    name : bytes
    start, end : int
        Of the content. ISO/IEC 14496-12, 4.2.
    """
    for _ in range(_MOST):
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        stop = end if size == 0 else start + size
        if stop < start + head or stop > end:
            return
        if data[start + 4 : start + 8].startswith(name):
            yield data[start + 4 : start + 8], start + head, stop
        start = stop


def box(name: bytes, content: bytes) -> bytes:
    """A box of a name of four bytes; a long one has its length behind its name."""
    size = len(content) + 8
    if size < 2**32:
        return size.to_bytes(4, "big") + name + content
    return (1).to_bytes(4, "big") + name + (size + 8).to_bytes(8, "big") + content

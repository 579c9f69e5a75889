"""Colour told by numbers in AVIF and HEIC: the box colr of the kind nclx.

ISO/IEC 14496-12, 12.1.5 (colr); ISO/IEC 23008-12, 9.3 (properties of items).
"""

from __future__ import annotations

import re

from scotopic.photo.boxes import boxes
from scotopic.photo.carried import colour
from scotopic.photo.carried.colour import Colour

_WRITTEN = re.compile(rb"(\0\0\0\x13colrnclx)....", re.DOTALL)


def colour_of(data: bytes) -> Colour | None:
    """What a file says by numbers of the colours of its primary picture, if it does."""
    for _, top, end in boxes(data, 0, len(data), b"meta"):
        wanted = _properties(data, top + 4, end)
        for _, first, last in boxes(data, top + 4, end, b"iprp"):
            for _, start, stop in boxes(data, first, last, b"ipco"):
                every = list(boxes(data, start, stop, b""))
                for index, (name, at, _) in enumerate(every, 1):
                    is_wanted = not wanted or index in wanted
                    if name == b"colr" and data[at : at + 4] == b"nclx" and is_wanted:
                        return colour.of_codes(*_numbers(data, at + 4, 2, 2))
    return None


def with_codes(data: bytes, codes: tuple[int, int]) -> bytes:
    """An AVIF file that libavif has written, with other codes of primaries and curve.

    The matrix, by which the pixels are stored, stays.
    """
    stored = b"".join(code.to_bytes(2, "big") for code in codes)
    return _WRITTEN.sub(lambda found: found[1] + stored, data)


def _properties(data: bytes, top: int, end: int) -> set[int]:
    """The numbers, from 1 on, of the properties of the primary item."""
    primary = 0
    for _, at, _ in boxes(data, top, end, b"pitm"):
        primary = _numbers(data, at + 4, 4 if data[at] else 2, 1)[0]
    found: set[int] = set()
    for _, first, last in boxes(data, top, end, b"iprp"):
        for _, at, past in boxes(data, first, last, b"ipma"):
            found |= _associated(data[at:past], primary)
    return found


def _associated(box: bytes, item: int) -> set[int]:
    """The properties of an item by a box ipma."""
    id_size, index_size = 4 if box[:1] != b"\0" else 2, 2 if box[3:4] > b"\0" else 1
    at = 8
    for _ in range(int.from_bytes(box[4:8], "big")):
        if at >= len(box):
            break
        name = int.from_bytes(box[at : at + id_size], "big")
        count = int.from_bytes(box[at + id_size : at + id_size + 1], "big")
        at += id_size + 1
        if name == item:
            mask = 0x7FFF if index_size == 2 else 0x7F  # the first bit: whether it is essential
            return {index & mask for index in _numbers(box, at, index_size, count)}
        at += index_size * count
    return set()


def _numbers(data: bytes, at: int, size: int, count: int) -> list[int]:
    return [
        int.from_bytes(data[place : place + size], "big")
        for place in range(at, at + size * count, size)
    ]

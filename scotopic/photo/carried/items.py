"""The items of a HEIC or AVIF file: what kinds there are, and the properties of the picture.

ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, 9.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from scotopic.photo.boxes import boxes

Property = tuple[bytes, int, int]
"""A name, and where the content begins and ends in the file."""


def kinds(data: bytes) -> Iterator[bytes]:
    """The type of each item, such as ``hvc1`` or ``tmap``."""
    for _, start, end in boxes(data, 0, len(data), b"meta"):
        for _, items, past in boxes(data, start + 4, end, b"iinf"):
            head = 8 if data[items] else 6  # the version says how long the number of items is
            for _, item, _ in boxes(data, items + head, past, b"infe"):
                at = item + (10 if data[item] == 3 else 8)
                yield data[at : at + 4]


def properties(data: bytes) -> Iterator[Property]:
    """The properties of all items."""
    for _, start, end in boxes(data, 0, len(data), b"meta"):
        for _, first, last in boxes(data, start + 4, end, b"iprp"):
            for _, top, bottom in boxes(data, first, last, b"ipco"):
                yield from boxes(data, top, bottom, b"")


def of_the_picture(data: bytes) -> Iterator[Property]:
    """The properties of the primary item; of all where the file does not say which it has."""
    wanted = _indices(data)
    for index, found in enumerate(properties(data), 1):
        if not wanted or index in wanted:
            yield found


def _indices(data: bytes) -> set[int]:
    """The numbers, from 1 on, of the properties of the primary item."""
    primary, found = 0, set[int]()
    for _, start, end in boxes(data, 0, len(data), b"meta"):
        for _, at, _ in boxes(data, start + 4, end, b"pitm"):
            primary = _numbers(data, at + 4, 4 if data[at] else 2, 1)[0]
        for _, first, last in boxes(data, start + 4, end, b"iprp"):
            for _, at, past in boxes(data, first, last, b"ipma"):
                found |= _associated(data[at:past], primary)
    return found


def _associated(table: bytes, item: int) -> set[int]:
    """The numbers of the properties of an item, by a box ipma."""
    id_size, index_size = 4 if table[:1] != b"\0" else 2, 2 if table[3:4] > b"\0" else 1
    at = 8
    for _ in range(int.from_bytes(table[4:8], "big")):
        if at >= len(table):
            break
        name, count = _numbers(table, at, id_size, 1)[0], _numbers(table, at + id_size, 1, 1)[0]
        at += id_size + 1
        if name == item:
            mask = 0x7FFF if index_size == 2 else 0x7F  # the first bit: whether it is essential
            return {index & mask for index in _numbers(table, at, index_size, count)}
        at += index_size * count
    return set()


def _numbers(data: bytes, at: int, size: int, count: int) -> list[int]:
    return [
        int.from_bytes(data[place : place + size], "big")
        for place in range(at, at + size * count, size)
    ]

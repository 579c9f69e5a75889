"""EXIF blocks: their directories of tags, read from any file built like a TIFF, and written.

Values are copied as the bytes that they are. Tags about the stored pixels are left
out: sizes, orientation, colour space, thumbnails, colour matrices of DNG.

No read here can fail: a slice past the end of the data is shorter, and a number read
from it is smaller. So damaged tags are left out, and the others are kept. TIFF 6.0,
section 2.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

JPEG_LIMIT = 65533
"""Most bytes that a JPEG has room for: it holds EXIF in one segment."""

PREFIX = b"Exif\0\0"
SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of a value of each type. Types 13 and 18 are places of directories; those from 16
on are of BigTIFF."""
EXIF, GPS, INTEROP, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
KEPT = {
    *(0x000B, 0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749),
    *(0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
}
"""Tags of the first directory that are about the photo; the others are about its pixels."""
KEPT_IN_EXIF = set(range(0x829A, 0xB000)) - {
    *(EXIF, GPS, INTEROP, 0x9101, 0x9102, 0xA001, 0xA002, 0xA003),
}
KEPT_IN_GPS = range(32)
_ROOM = 2**14
"""Most bytes for the tags of one directory; three directories of that size fit a JPEG."""
LARGEST_NOTE = 2**22
_NEAR = 2**16
"""A MakerNote that stood before this offset keeps it, even if bytes before it stay empty."""

_STARTS_IN_NOTE = (0, 6, 8, 12)
"""Where the directory of a MakerNote begins: behind a maker's name or without one."""
_MOST_IN_NOTE = 512

Order = Literal["little", "big"]


@dataclass(frozen=True)
class Value:
    """A tag's type, its count of values, their bytes, and the offset at which they stood."""

    kind: int
    length: int
    data: bytes
    at: int = 0


Directory = dict[int, Value]


@dataclass
class Tags:
    """The tags of a file, whose values are in its byte order."""

    order: Order
    main: Directory = field(default_factory=dict)
    exif: Directory = field(default_factory=dict)
    gps: Directory = field(default_factory=dict)
    interop: Directory = field(default_factory=dict)


def order_of(data: bytes | bytearray) -> Order:
    """Byte order of a TIFF, by its first two bytes."""
    return "big" if data[:2] == b"MM" else "little"


def number(data: bytes | bytearray, at: int, size: int, order: Order, signed: bool = False) -> int:
    """A whole number at an offset; a smaller one if it reaches past the end of the data."""
    return int.from_bytes(data[at : at + size], order, signed=signed)


@dataclass(frozen=True)
class Entry:
    """A tag as its directory tells of it: its values are ``size`` bytes at ``place``.

    The size is 0 for a type that is not known.
    """

    tag: int
    kind: int
    count: int
    size: int
    place: int


def entries_of(
    data: bytes | bytearray, order: Order, start: int, big: bool = False
) -> Iterator[Entry]:
    """The whole entries of a directory at an offset, of a BigTIFF if it is ``big``."""
    head, offset, each = (8, 8, 20) if big else (2, 4, 12)
    first = start + head
    end = min(first + each * number(data, start, head, order), len(data) - each + 1)
    for at in range(first, end, each):
        tag, kind = number(data, at, 2, order), number(data, at + 2, 2, order)
        count, behind = number(data, at + 4, offset, order), at + 4 + offset
        size = count * SIZES.get(kind, 0)
        place = behind if size <= offset else number(data, behind, offset, order)
        yield Entry(tag, kind, count, size, place)


def directory_of(
    data: bytes, order: Order, start: int, wanted: Container[int], big: bool = False
) -> Directory:
    """The wanted tags of a directory at an offset, as far as they are whole and there is room."""
    directory: Directory = {}
    room = _ROOM
    for entry in entries_of(data, order, start, big):
        tag, size, place = entry.tag, entry.size, entry.place
        taken = 12 if tag == MAKER_NOTE else 12 + size + size % 2
        fits = taken <= room and 0 < size <= LARGEST_NOTE and place + size <= len(data)
        if tag in wanted and tag not in directory and fits:
            directory[tag] = Value(entry.kind, entry.count, data[place : place + size], place)
            room -= taken
    return directory


def of_tiff(data: bytes) -> Tags:
    """Tags of a TIFF, or of a file built like one: DNG, CR2, NEF, ARW, PEF, ORF, RW2 and more."""
    order = order_of(data)
    first = number(data, 4, 4, order)
    places = directory_of(data, order, first, {EXIF, GPS})

    def inner(tag: int, wanted: Container[int]) -> Directory:
        place = places.get(tag)
        return directory_of(data, order, number(place.data, 0, 4, order), wanted) if place else {}

    main = directory_of(data, order, first, KEPT)
    return Tags(order, main, inner(EXIF, KEPT_IN_EXIF), inner(GPS, KEPT_IN_GPS))


def has_tag(data: bytes, tag: int) -> bool:
    """Whether the first directory of a TIFF has a tag."""
    order = order_of(data)
    return bool(directory_of(data, order, number(data, 4, 4, order), {tag}))


def written(told: Tags, near: int = _NEAR) -> bytes | None:
    """An EXIF block of tags; None if there are none.

    Parameters
    ----------
    told : Tags
    near : int, optional
        A MakerNote that stood before this offset keeps it, even if bytes before it stay
        empty. One that is put elsewhere has its offsets changed where they are known.
    """
    if not (told.main or told.exif or told.gps or told.interop):
        return None
    note = told.exif.get(MAKER_NOTE, Value(7, 0, b""))
    size = len(_directories(told, 8, note)[0])
    at, past = note.at, note.at + len(note.data)
    start = 8 if 8 + size <= at else past + past % 2
    if not 8 <= at < near:
        start, at = 8, 8 + size
        note = replace(note, data=_moved(note, at, told.order))
    directories, first = _directories(told, start, replace(note, at=at))
    block = bytearray(max(start + size, at + len(note.data)))
    block[:4] = b"II*\0" if told.order == "little" else b"MM\0*"
    block[4:8] = first.to_bytes(4, told.order)
    block[start : start + size] = directories
    block[at : at + len(note.data)] = note.data
    return PREFIX + bytes(block)


def _moved(note: Value, to: int, order: Order) -> bytes:
    """A MakerNote for another place: its offsets changed if they count from the block's start.

    That is so if each of them leads into the note where it stood. Others count from the
    note's own start and stay right. Canon, which writes such offsets, puts the place of
    the note behind it, too (as documented by ExifTool's page on MakerNotes).
    """
    data = bytearray(note.data)
    for start in _STARTS_IN_NOTE:
        if not 0 < number(data, start, 2, order) <= _MOST_IN_NOTE:
            continue
        inside = range(note.at + start, note.at + len(data) + 1)
        found = [entry for entry in entries_of(data, order, start) if entry.kind in SIZES]
        far = [entry for entry in found if entry.size > 4]
        if not far or len(found) < number(data, start, 2, order):
            continue
        if any(each.place not in inside or each.place + each.size not in inside for each in far):
            continue
        for index, entry in enumerate(found):
            if entry.size > 4:
                at = start + 2 + 12 * index + 8
                data[at : at + 4] = (entry.place - note.at + to).to_bytes(4, order)
        if number(data, len(data) - 4, 4, order) == note.at:
            data[-4:] = to.to_bytes(4, order)
        break
    return bytes(data)


def _directories(told: Tags, start: int, note: Value) -> tuple[bytes, int]:
    """The directories for an offset, and the offset of the first. The MakerNote stands elsewhere."""
    written = b""

    def placed(directory: Directory) -> Value:
        nonlocal written
        place = start + len(written)
        written += _encoded(directory, told.order, place)
        return Value(4, 1, place.to_bytes(4, told.order))

    main, exif = dict(told.main), dict(told.exif)
    if len(note.data) > 4:
        exif[MAKER_NOTE] = Value(note.kind, note.length, note.at.to_bytes(4, told.order))
    if told.interop:
        exif[INTEROP] = placed(told.interop)
    if exif:
        main[EXIF] = placed(exif)
    if told.gps:
        main[GPS] = placed(told.gps)
    first = start + len(written)
    placed(main)
    return written, first


def _encoded(directory: Directory, order: Order, start: int) -> bytes:
    """The bytes of a directory for an offset, with its values behind it, of even length."""

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, order)

    entries, values = [number(len(directory), 2)], b""
    behind = start + 2 + 12 * len(directory) + 4
    for tag, value in sorted(directory.items()):
        held = value.data.ljust(4, b"\0")
        if len(held) > 4:
            held = number(behind + len(values), 4)
            values += value.data + b"\0" * (len(value.data) % 2)
        entries.append(number(tag, 2) + number(value.kind, 2) + number(value.length, 4) + held)
    return b"".join([*entries, bytes(4), values])

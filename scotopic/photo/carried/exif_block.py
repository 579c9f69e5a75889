"""EXIF blocks: their directories of tags, read from any file built like a TIFF, and written.

Values are copied as the bytes that they are. Tags about the stored pixels are left
out: sizes, orientation, colour space, thumbnails, colour matrices of DNG.

No read here can fail: a slice past the end of the data is shorter, and a number read
from it is smaller. So damaged tags are left out, and the others are kept. TIFF 6.0,
section 2.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Literal

JPEG_LIMIT = 65533
"""Most bytes that a JPEG has room for: it holds EXIF in one segment."""

PREFIX = b"Exif\0\0"
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_EXIF, _GPS, MAKER_NOTE = 0x8769, 0x8825, 0x927C
KEPT = {
    *(0x000B, 0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749),
    *(0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
}
"""Tags of the first directory that are about the photo; the others are about its pixels."""
KEPT_IN_EXIF = set(range(0x829A, 0xB000)) - {
    *(_EXIF, _GPS, 0x9101, 0x9102, 0xA001, 0xA002, 0xA003, 0xA005),
}
KEPT_IN_GPS = range(32)
_ROOM = 2**14
"""Most bytes for the tags of one directory; three directories of that size fit a JPEG."""
LARGEST_NOTE = 2**22
_NEAR = 2**16
"""A MakerNote that stood before this offset keeps it, even if bytes before it stay empty."""

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


def order_of(data: bytes | bytearray) -> Order:
    """Byte order of a TIFF, by its first two bytes."""
    return "big" if data[:2] == b"MM" else "little"


def number(data: bytes | bytearray, at: int, size: int, order: Order, signed: bool = False) -> int:
    """A whole number at an offset; a smaller one if it reaches past the end of the data."""
    return int.from_bytes(data[at : at + size], order, signed=signed)


def directory_of(data: bytes, order: Order, start: int, wanted: Container[int]) -> Directory:
    """The wanted tags of a directory at an offset, as far as they are whole and there is room."""
    directory: Directory = {}
    room = _ROOM
    end = min(start + 2 + 12 * number(data, start, 2, order), len(data) - 11)
    for at in range(start + 2, end, 12):
        tag, kind = number(data, at, 2, order), number(data, at + 2, 2, order)
        count = number(data, at + 4, 4, order)
        size = count * _SIZES.get(kind, 0)
        place = at + 8 if size <= 4 else number(data, at + 8, 4, order)
        taken = 12 if tag == MAKER_NOTE else 12 + size + size % 2
        fits = taken <= room and 0 < size <= LARGEST_NOTE and place + size <= len(data)
        if tag in wanted and tag not in directory and fits:
            directory[tag] = Value(kind, count, data[place : place + size], place)
            room -= taken
    return directory


def of_tiff(data: bytes) -> Tags:
    """Tags of a TIFF, or of a file built like one: DNG, CR2, NEF, ARW, PEF, ORF, RW2 and more."""
    order = order_of(data)
    first = number(data, 4, 4, order)
    places = directory_of(data, order, first, {_EXIF, _GPS})

    def inner(tag: int, wanted: Container[int]) -> Directory:
        place = places.get(tag)
        return directory_of(data, order, number(place.data, 0, 4, order), wanted) if place else {}

    main = directory_of(data, order, first, KEPT)
    return Tags(order, main, inner(_EXIF, KEPT_IN_EXIF), inner(_GPS, KEPT_IN_GPS))


def has_tag(data: bytes, tag: int) -> bool:
    """Whether the first directory of a TIFF has a tag."""
    order = order_of(data)
    return bool(directory_of(data, order, number(data, 4, 4, order), {tag}))


def without_maker_note(exif: bytes) -> bytes:
    """An EXIF block without its MakerNote; empty if it held nothing else."""
    told = of_tiff(exif.removeprefix(PREFIX))
    told.exif.pop(MAKER_NOTE, None)
    return written(told) or b""


def written(told: Tags) -> bytes | None:
    """An EXIF block of tags, with the MakerNote at the offset where it stood if that is near.

    None if there are no tags.
    """
    if not (told.main or told.exif or told.gps):
        return None
    note = told.exif.get(MAKER_NOTE, Value(7, 0, b""))
    size = len(_directories(told, 8, note)[0])
    at, past = note.at, note.at + len(note.data)
    start = 8 if 8 + size <= at else past + past % 2
    if not 8 <= at < _NEAR:
        start, at = 8, 8 + size
    directories, first = _directories(told, start, replace(note, at=at))
    block = bytearray(max(start + size, at + len(note.data)))
    block[:4] = b"II*\0" if told.order == "little" else b"MM\0*"
    block[4:8] = first.to_bytes(4, told.order)
    block[start : start + size] = directories
    block[at : at + len(note.data)] = note.data
    return PREFIX + bytes(block)


def _directories(told: Tags, start: int, note: Value) -> tuple[bytes, int]:
    """The directories for an offset, and the offset of the first. The MakerNote stands elsewhere."""

    def pointer(place: int, kind: int = 4, count: int = 1) -> Value:
        return Value(kind, count, place.to_bytes(4, told.order))

    main, exif, written = dict(told.main), dict(told.exif), b""
    if len(note.data) > 4:
        exif[MAKER_NOTE] = pointer(note.at, note.kind, note.length)
    for tag, directory in ((_EXIF, exif), (_GPS, told.gps)):
        if directory:
            main[tag] = pointer(start + len(written))
            written += _encoded(directory, told.order, start + len(written))
    return written + _encoded(main, told.order, start + len(written)), start + len(written)


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

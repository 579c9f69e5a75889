"""EXIF of a TIFF: the tags of its first picture, as a block with the bytes that they are.

They are not decoded, so texts of any encoding stay as they are, and the block has the
byte order of the file, which a MakerNote is written in. TIFF 6.0, section 2; the design
of BigTIFF by Adobe and others, 2004.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from scotopic.photo.carried import exif_block
from scotopic.photo.carried.exif_block import (
    EXIF,
    GPS,
    INTEROP,
    MAKER_NOTE,
    PREFIX,
    SIZES,
    Directory,
    Order,
    Tags,
    Value,
    entries_of,
    number,
    order_of,
)

ORIENTATION = 0x0112
_DIRECTORIES = (EXIF, GPS, INTEROP)
_PLACES = (13, 18)
"""Types of the places of directories, which are not copied."""
_LONG, _LONG8 = (4, 9), (16, 17)
_ROOM = 2**24
"""Most bytes for all tags of a file."""
_SMALL = 64


@dataclass
class Found:
    """The tags of a TIFF that may go into an EXIF block, and what could not be read.

    Attributes
    ----------
    tags : Tags
    pixels : Directory
        The tags of the first directory that were not wanted: those about its pixels.
    descriptions : list of bytes
        All that the first directory has; a file may have several, against the rule.
    damaged : int
        How many tags were left out since they are damaged or too large.
    """

    tags: Tags
    pixels: Directory = field(default_factory=dict)
    descriptions: list[bytes] = field(default_factory=list)
    damaged: int = 0

    @property
    def orientation(self) -> int:
        """In which the pixels are stored; 1 if there is no such tag."""
        return self.number_of(ORIENTATION, 1)

    def number_of(self, tag: int, default: int = 0) -> int:
        """The first number of a tag of the first directory."""
        value = self.tags.main.get(tag) or self.pixels.get(tag)
        if value is None or value.kind not in (1, 3, 4):
            return default
        return number(value.data, 0, SIZES[value.kind], self.tags.order)


def tags_of(data: bytes, unwanted: Container[int] = ()) -> Found:
    """The tags of the first directory of a TIFF or EXIF block, and of those of EXIF in it.

    Parameters
    ----------
    data : bytes, or what gives bytes by slices, such as a mapped file
    unwanted : container of int
        Tags of the first directory that are no part of EXIF.
    """
    order = order_of(data[:2])
    reader = _Reader(data, order, number(data, 2, 2, order) == 43)
    first = number(data, 8, 8, order) if reader.big else number(data, 4, 4, order)
    main, places = reader.directory(first, unwanted)
    exif, inner = reader.directory(places.get(EXIF))
    gps, _ = reader.directory(places.get(GPS))
    interop, _ = reader.directory(inner.get(INTEROP))
    kept = {tag: value for tag, value in main.items() if tag not in unwanted}
    pixels = {tag: value for tag, value in main.items() if tag in unwanted}
    tags = Tags(order, kept, exif, gps, interop)
    return Found(tags, pixels, reader.descriptions(first), reader.damaged)


@dataclass
class _Reader:
    """Reads directories; no read can fail, as in `exif_block`."""

    data: bytes
    order: Order
    big: bool
    damaged: int = 0
    room: int = _ROOM

    def directory(
        self, start: int | None, unwanted: Container[int] = ()
    ) -> tuple[Directory, dict[int, int]]:
        """Tags of a directory, and the places of the directories that it leads to.

        Of the unwanted tags, only small ones.
        """
        directory: Directory = {}
        places: dict[int, int] = {}
        if start is None:
            return directory, places
        for entry in entries_of(self.data, self.order, start, self.big):
            if entry.tag in directory:
                continue
            if entry.tag in _DIRECTORIES:
                places[entry.tag] = number(self.data, entry.place, entry.size or 4, self.order)
                continue
            if entry.kind in _PLACES or (entry.tag in unwanted and entry.size > _SMALL):
                continue
            value = self._value(entry)
            if value is None:
                self.damaged += entry.count > 0
            else:
                directory[entry.tag] = value
        return directory, places

    def _value(self, entry: exif_block.Entry) -> Value | None:
        self.room -= 12 + entry.size
        if not entry.size or self.room < 0 or entry.place + entry.size > len(self.data):
            return None
        stored = bytes(self.data[entry.place : entry.place + entry.size])
        if entry.kind in _LONG8:
            return self._narrowed(entry, stored)
        return Value(entry.kind, entry.count, stored, entry.place)

    def _narrowed(self, entry: exif_block.Entry, stored: bytes) -> Value | None:
        """Numbers of 64 bits as such of 32 bits, which EXIF has."""
        signed = entry.kind == _LONG8[1]
        numbers = [number(stored, at, 8, self.order, signed) for at in range(0, len(stored), 8)]
        try:
            narrow = b"".join(each.to_bytes(4, self.order, signed=signed) for each in numbers)
        except OverflowError:
            return None
        return Value(_LONG[signed], entry.count, narrow, entry.place)

    def descriptions(self, start: int) -> list[bytes]:
        """All descriptions of a directory, as texts without their ends."""
        return [
            bytes(self.data[entry.place : entry.place + entry.size]).rstrip(b"\0")
            for entry in entries_of(self.data, self.order, start, self.big)
            if entry.tag == 0x010E and entry.size <= _ROOM
        ]


def fitted(exif: bytes, most: int) -> tuple[bytes | None, list[str]]:
    """An EXIF block of at most some bytes, and notes on what had to be left out.

    The MakerNote goes first, then the largest values.

    Parameters
    ----------
    exif : bytes
        Block, with or without the prefix.
    most : int
    """
    if len(exif) <= most:
        return exif, []
    tags = tags_of(exif.removeprefix(PREFIX)).tags
    has_note = tags.exif.pop(MAKER_NOTE, None) is not None
    notes = ["MakerNote not written: it is too large for a JPEG"] if has_note else []
    block, count = exif_block.written(tags), 0
    while block is not None and len(block) > most:
        count += _drop_largest(tags, len(block) - most)
        block = exif_block.written(tags)
    if count:
        notes.append(f"{count} EXIF tags not written: they are too large for a JPEG")
    return block, notes


def _drop_largest(tags: Tags, excess: int) -> int:
    """Drop the largest values until so many bytes are gone; tells how many that were."""
    every = [
        (len(value.data), tag, directory)
        for directory in (tags.main, tags.exif, tags.gps, tags.interop)
        for tag, value in directory.items()
    ]
    count = 0
    for size, tag, directory in sorted(every, key=lambda each: each[:2], reverse=True):
        del directory[tag]
        excess, count = excess - size - 12, count + 1
        if excess <= 0:
            break
    return count

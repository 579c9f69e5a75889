"""EXIF of camera RAW files, as a block for the developed picture.

No read here can fail, as in `exif_block`: damaged tags are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from scotopic.photo.boxes import boxes
from scotopic.photo.carried import exif_block
from scotopic.photo.carried.exif_block import (
    Order,
    Tags,
    Value,
    directory_of,
    number,
    of_tiff,
    order_of,
)

_TIFFS = (*(b"II*\0", b"MM\0*"), *(b"IIRO", b"IIRS", b"MMOR"), b"IIU\0")
"""First bytes of a TIFF, and of the files built the same by Olympus and Panasonic."""
_MOST = 64
"""Most boxes, segments and heaps that are looked through; real files have far fewer."""
_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def exif_of(data: bytes, other: Any = None) -> bytes | None:
    """EXIF block of a camera RAW file; None if no tags are found.

    The MakerNote is copied byte for byte. It may hold offsets that count from the
    start of the file. So it is put at the offset where it stood, if that is in the
    first 64 kB; otherwise it is put elsewhere, and such offsets are wrong.

    Parameters
    ----------
    data : bytes
        The file.
    other : rawpy.Other, optional
        What the decoder knows, for files of formats that are not known here.
    """
    told = _told(data)
    if told is None or not (told.main or told.exif or told.gps):
        told = _of_decoder(other)
    return exif_block.written(told)


def _told(data: bytes) -> Tags | None:
    if data.startswith(_TIFFS):
        return of_tiff(data)
    if data[4:12] == b"ftypcrx ":
        return _of_cr3(data)
    if data.startswith(b"FUJIFILMCCD-RAW"):
        return _of_raf(data)
    if data[6:14] == b"HEAPCCDR":
        return _of_crw(data)
    return None


def _of_cr3(data: bytes) -> Tags:
    """CR3: a small TIFF for each directory, in boxes named CMT1 to CMT4.

    The MakerNote is all of its box but the header of 8 bytes; at offset 8 of the
    block its own offsets are right. As documented by Laurent Clévy, canon_cr3.
    """
    parts: dict[bytes, bytes] = {}
    for _, top, bottom in boxes(data, 0, len(data), b"moov"):
        for _, start, end in boxes(data, top, bottom, b"uuid"):
            if data[start : start + 16] == _CANON_UUID:
                for name, at, past in boxes(data, start + 16, end, b"CMT"):
                    parts[name] = data[at : min(past, at + exif_block.LARGEST_NOTE)]
    order = order_of(parts.get(b"CMT1", b""))

    def directory(name: bytes, wanted: Container[int]) -> exif_block.Directory:
        part = parts.get(name, b"")
        same = part.startswith(_TIFFS) and order_of(part) == order
        return directory_of(part, order, number(part, 4, 4, order), wanted) if same else {}

    told = Tags(
        order, directory(b"CMT1", exif_block.KEPT), directory(b"CMT2", exif_block.KEPT_IN_EXIF)
    )
    told.gps = directory(b"CMT4", exif_block.KEPT_IN_GPS)
    note = parts.get(b"CMT3", b"")[8:]
    if note:
        told.exif[exif_block.MAKER_NOTE] = Value(7, len(note), note, 8)
    return told


def _of_raf(data: bytes) -> Tags | None:
    """RAF: EXIF is in the JPEG that the file holds, as documented by ExifTool's FujiFilm page."""
    at = number(data, 84, 4, "big") + 2
    for _ in range(_MOST):
        if data[at : at + 1] != b"\xff":
            break
        size = number(data, at + 2, 2, "big")
        segment = data[at + 4 : at + 2 + size]
        if data[at + 1 : at + 2] == b"\xe1" and segment.startswith(exif_block.PREFIX):
            return of_tiff(segment.removeprefix(exif_block.PREFIX))
        at += 2 + size
    return None


def _of_crw(data: bytes) -> Tags:
    """CRW: the records of Canon's CIFF heap that EXIF has tags for.

    As documented by ExifTool's CanonRaw and Canon pages. Shutter speed and aperture
    are those of the shot if it has them, otherwise those that were aimed at.
    """
    order = order_of(data)
    records = _records(data, order)
    shot, focal = records.get(0x102A, b""), records.get(0x1029, b"")

    def word(record: bytes, index: int) -> int:
        return number(record, 2 * index, 2, order, signed=True)

    speed, aperture = (_apex(word(shot, index)) for index in (22, 21))
    if not word(shot, 21):
        floats = records.get(0x1818, b"").ljust(12, b"\0")[:12]
        _, speed, aperture = struct.unpack("<fff" if order == "little" else ">fff", floats)
    units = word(records.get(0x102D, b""), 25) or 1
    made = [*records.get(0x080A, b"").split(b"\0"), b"", b""]
    told = _simple(
        order,
        shutter=_power(-speed) if aperture else 0,
        aperture=_power(aperture / 2) if aperture else 0,
        iso=_power((word(shot, 1) + word(shot, 2)) / 32) * 100 / 32 if word(shot, 2) else 0,
        focal=word(focal, 1) / units,
        taken=number(records.get(0x180E, b""), 0, 4, order),
    )
    texts = {0x010F: made[0], 0x0110: made[1]}
    told.main |= {tag: _text(text) for tag, text in texts.items() if text}
    owner = records.get(0x0810, b"").split(b"\0")[0]
    told.exif |= {0xA430: _text(owner)} if owner else {}
    return told


def _records(data: bytes, order: Order) -> dict[int, bytes]:
    """The first bytes of each record of a CIFF heap, and of the heaps in it.

    The two highest bits of a record's kind say where its data are, the three bits
    below their type. The limits keep heaps that contain themselves from looping.
    """
    records: dict[int, bytes] = {}
    heaps = [(number(data, 2, 4, order), len(data))]
    for start, end in heaps:
        directory = start + number(data, end - 4, 4, order) if end >= start + 4 else end
        last = min(directory + 2 + 10 * min(number(data, directory, 2, order), 256), end - 9)
        for at in range(directory + 2, last, 10):
            kind = number(data, at, 2, order)
            size, place = number(data, at + 2, 4, order), start + number(data, at + 6, 4, order)
            if kind & 0xC000 == 0x4000:
                records[kind & 0x3FFF] = data[at + 2 : at + 10]
            elif kind & 0x3800 in (0x2800, 0x3000) and place + size <= end and len(heaps) < _MOST:
                heaps.append((place, place + size))
            elif place + size <= end:
                records[kind & 0x3FFF] = data[place : place + min(size, 256)]
    return records


def _apex(code: int) -> float:
    """Stops from Canon's code of 32nds, in which 12 and 20 stand for one and two thirds."""
    whole, part = divmod(abs(code), 32)
    value = whole + {12: 1 / 3, 20: 2 / 3}.get(part, part / 32)
    return value if code >= 0 else -value


def _power(stops: float) -> float:
    """Two to a power; 0, which stands for not known, for powers that no camera writes."""
    return 2**stops if abs(stops) < 64 else 0


def _of_decoder(other: Any) -> Tags:
    """Tags of what rawpy tells, in which 0 stands for not known."""
    taken = getattr(other, "timestamp", None)
    return _simple(
        "little",
        shutter=getattr(other, "shutter_speed", 0),
        aperture=getattr(other, "aperture", 0),
        iso=getattr(other, "iso_speed", 0),
        focal=getattr(other, "focal_length", 0),
        taken=(taken - datetime(1970, 1, 1)).total_seconds() if taken else 0,
    )


def _simple(
    order: Order, shutter: float, aperture: float, iso: float, focal: float, taken: float
) -> Tags:
    """Tags of a few numbers; those that are 0 or make no sense are left out."""
    told = Tags(order)
    for tag, value in ((0x829A, shutter), (0x829D, aperture), (0x920A, focal)):
        if 1e-5 < value < 1e5:
            parts = Fraction(value).limit_denominator(10**4 if value > 1 else 10**6)
            data = b"".join(part.to_bytes(4, order) for part in parts.as_integer_ratio())
            told.exif[tag] = Value(5, 1, data)
    if 1 <= iso < 65535:
        told.exif[0x8827] = Value(3, 1, round(iso).to_bytes(2, order))
    if taken > 0:
        moment = datetime(1970, 1, 1) + timedelta(seconds=taken)
        told.exif[0x9003] = _text(moment.strftime("%Y:%m:%d %H:%M:%S").encode())
    if told.exif:
        told.exif[0x9000] = Value(7, 4, b"0230")  # EXIF must say its version
    return told


def _text(text: bytes) -> Value:
    return Value(2, len(text) + 1, text + b"\0")

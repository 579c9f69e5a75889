"""EXIF into a TIFF file that another program wrote.

An EXIF block is a TIFF file without a picture. Put before the picture's file,
all its bytes stay where they are, and so every offset in it, a maker's own
among them, stays right. Then one new directory at the end names the tags of
both, and the header points to it. TIFF 6.0, section 2.
"""

from __future__ import annotations

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ORDERS = {b"II": "little", b"MM": "big"}
_STRIPS, _TILES = 273, 324

Entries = dict[int, tuple[int, int, bytes]]
"""Tag to type, count, and the four bytes that hold the value or its place."""


def byte_order(exif: bytes) -> str | None:
    """``little`` or ``big``; None for what is no EXIF."""
    return _ORDERS.get(bytes(_block(exif)[:2]))


def with_exif(picture: bytes, exif: bytes, without: set[int]) -> bytes:
    """Add the tags of an EXIF block to a TIFF file of one picture.

    Parameters
    ----------
    picture : bytes
        A TIFF file in the byte order of the EXIF block.
    exif : bytes
    without : set of int
        Tags of the block that speak of its own pixels.

    Raises
    ------
    ValueError
        When either is damaged, or their byte orders differ.
    """
    block = _block(exif)
    order = byte_order(exif)
    if order is None or picture[:2] != block[:2]:
        raise ValueError("EXIF and TIFF differ in byte order, or are damaged")
    block += b"\0" * (len(block) % 2)
    shift = len(block)
    entries = {tag: e for tag, e in _directory(block, order).items() if tag not in without}
    moved = {tag: _moved(e, order, shift) for tag, e in _directory(picture, order).items()}
    data = bytearray(block + picture)
    for tag in (_STRIPS, _TILES):
        if tag in moved:
            moved[tag] = _move_places(data, moved[tag], order, shift)
    data += b"\0" * (len(data) % 2)
    data[4:8] = _bytes(len(data), 4, order)
    data += _written({**entries, **moved}, order)
    return bytes(data)


def _block(exif: bytes) -> bytes:
    return exif[6:] if exif.startswith(b"Exif\0\0") else exif


def _number(data: bytes, at: int, size: int, order: str) -> int:
    if at + size > len(data):
        raise ValueError("damaged TIFF directory")
    return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]


def _bytes(value: int, size: int, order: str) -> bytes:
    return value.to_bytes(size, order)  # type: ignore[arg-type]


def _directory(data: bytes, order: str) -> Entries:
    """The first directory."""
    start = _number(data, 4, 4, order)
    entries = {}
    for index in range(_number(data, start, 2, order)):
        at = start + 2 + 12 * index
        tag, kind = _number(data, at, 2, order), _number(data, at + 2, 2, order)
        count = _number(data, at + 4, 4, order)
        entries[tag] = (kind, count, bytes(data[at + 8 : at + 12]))
    return entries


def _moved(entry: tuple[int, int, bytes], order: str, shift: int) -> tuple[int, int, bytes]:
    """The entry, its value's place moved if it does not stand in the entry itself."""
    kind, count, value = entry
    if _SIZES.get(kind, 1) * count <= 4:
        return entry
    return kind, count, _bytes(_number(value, 0, 4, order) + shift, 4, order)


def _move_places(
    data: bytearray, entry: tuple[int, int, bytes], order: str, shift: int
) -> tuple[int, int, bytes]:
    """Move the places of the pixels, in the entry or where it points to."""
    kind, count, value = entry
    size = _SIZES[kind]
    if size * count <= 4:
        parts = [_number(value, size * i, size, order) + shift for i in range(count)]
        if count == 1:
            return 4, 1, _bytes(parts[0], 4, order)
        raise ValueError("places of pixels in 16 bits")
    if size != 4:
        raise ValueError("places of pixels in 16 bits")
    start = _number(value, 0, 4, order)
    for at in range(start, start + 4 * count, 4):
        data[at : at + 4] = _bytes(_number(data, at, 4, order) + shift, 4, order)
    return entry


def _written(entries: Entries, order: str) -> bytes:
    parts = [_bytes(len(entries), 2, order)]
    for tag, (kind, count, value) in sorted(entries.items()):
        parts += [_bytes(tag, 2, order), _bytes(kind, 2, order), _bytes(count, 4, order), value]
    return b"".join([*parts, bytes(4)])

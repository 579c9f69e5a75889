"""EXIF blocks, changed in place: writing them anew would break the offsets in a MakerNote."""

from __future__ import annotations

from scotopic.photo.carried.exif_block import PREFIX, Order, number, order_of

_EXIF_DIRECTORY, _WIDTH, _HEIGHT = 0x8769, 0xA002, 0xA003
_ORIENTATION, _THUMBNAIL, _THUMBNAIL_SIZE = 0x0112, 0x0201, 0x0202


def has_header(exif: bytes) -> bool:
    """Whether a block starts as a TIFF does, with or without the EXIF prefix."""
    return exif.removeprefix(PREFIX).startswith((b"II*\0", b"MM\0*"))


def of_result(exif: bytes, on_its_side: bool = False) -> bytes:
    """The block for an upright, enhanced picture: with prefix, orientation 1, no thumbnail.

    A thumbnail would show the picture as dark as it was. Its directory, which is the
    second, is taken out of the chain, and its bytes are removed if they end the block.
    Every other byte stays, and a damaged block stays as it is. EXIF 2.32, 4.6.

    Parameters
    ----------
    exif : bytes
        With or without the prefix.
    on_its_side : bool
        Whether the stored picture had to be turned by 90 degrees: the tags of
        width and height then change places.
    """
    block = bytearray(exif.removeprefix(PREFIX))
    if not has_header(exif):
        return exif
    order = order_of(block)
    directory = number(block, 4, 4, order)
    for at in _entries(block, directory, order):
        if number(block, at, 2, order) == _ORIENTATION:
            block[at + 8 : at + 10] = (1).to_bytes(2, order)
        if number(block, at, 2, order) == _EXIF_DIRECTORY and on_its_side:
            _swap_sides(block, number(block, at + 8, 4, order), order)
    _drop_thumbnail(block, directory, order)
    return PREFIX + bytes(block)


def _swap_sides(block: bytearray, directory: int, order: Order) -> None:
    places = {number(block, at, 2, order): at for at in _entries(block, directory, order)}
    if _WIDTH in places and _HEIGHT in places:
        width, height = (slice(places[tag] + 2, places[tag] + 12) for tag in (_WIDTH, _HEIGHT))
        block[width], block[height] = block[height], block[width]


def _drop_thumbnail(block: bytearray, directory: int, order: Order) -> None:
    link = directory + 2 + 12 * number(block, directory, 2, order)
    second = number(block, link, 4, order)
    if link + 4 > len(block) or not second:
        return
    values = {
        number(block, at, 2, order): number(block, at + 8, 4, order)
        for at in _entries(block, second, order)
    }
    block[link : link + 4] = bytes(4)
    place = values.get(_THUMBNAIL, 0)
    if place > max(link, second) and place + values.get(_THUMBNAIL_SIZE, 0) >= len(block):
        del block[place:]


def _entries(block: bytearray, directory: int, order: Order) -> list[int]:
    """Offsets of the whole entries of a directory."""
    first, count = directory + 2, number(block, directory, 2, order)
    return [at for at in range(first, first + 12 * count, 12) if at + 12 <= len(block)]

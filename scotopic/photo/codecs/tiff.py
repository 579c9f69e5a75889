"""Writing TIFF: strip by strip, with an EXIF block whose every byte stays where it is.

An EXIF block is a TIFF file without a picture. The file begins with it, so every
offset in it stays right, also those in a camera maker's own notes. The strips of
pixels follow, then one new directory with the tags of both, whose place is written
into the header. TIFF 6.0, sections 2, 3, 14; Adobe Photoshop TIFF Technical Notes
(deflate).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np

from scotopic.errors import UnreadableError
from scotopic.photo import images
from scotopic.photo.carried import iptc
from scotopic.photo.carried.exif import has_header
from scotopic.photo.carried.exif_block import PREFIX, Order, number, order_of
from scotopic.photo.codecs import deep
from scotopic.photo.cut_off import MOST_MISSING, Completed, fill, inflated
from scotopic.photo.photo import Photo
from scotopic.types import Array

Entries = dict[int, tuple[int, int, bytes]]
"""Tag to type, count, and the four bytes that hold the value or its place."""

XMP, IPTC, PHOTOSHOP, ICC_PROFILE = 700, 33723, 34377, 34675
PIXEL_TAGS = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 280, 281, 284, 290, 291),
    *(282, 283, 296, 297, 317, 320, 322, 323, 324, 325, 330, 332, 338, 339, 340),
    *(341, 347, 529, 530, 531, 532, XMP, IPTC, PHOTOSHOP, ICC_PROFILE, 37724),
}
"""Tags about the pixels of one file, and those that are written from other fields of a photo."""
RESOLUTION = {282, 283, 296}
"""Those of `PIXEL_TAGS` that may stand in an EXIF block, for a resolution without a unit."""

is_deep, decode_deep = deep.is_deep, deep.decode
_BYTE, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 3, 4, 5, 7
_SIZES = {_BYTE: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}
_LOSSY = ("jpeg", "tiff_jpeg", "webp")
"""Pillow's names of compressions that lose detail, or may."""
_STRIP_BYTES = 2**18
_BAND = 256
"""Rows that are handed on at once."""
_MOST = 2**32
"""Places in a TIFF are numbers of 32 bits."""


def is_lossless(image: Any, data: bytes) -> bool:
    """Whether a TIFF is compressed without loss, as all but those by JPEG or WebP are."""
    return image.info.get("compression") not in _LOSSY


def most_pixels(image: Any, data: bytes) -> int:
    """Pixels of a tile: however small the picture is, a whole one is decoded."""
    return int(image.tag_v2.get(322, 0)) * int(image.tag_v2.get(323, 0))


def refuse_what_is_not_read(start: bytes) -> None:
    """Raise an `UnreadableError` for the first bytes of a TIFF of a kind that Pillow does not know."""
    if start.startswith(b"MM\0+"):
        raise UnreadableError("a BigTIFF of big-endian byte order; little-endian ones are read")


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A TIFF that was cut off, with other strips or tiles for those that are missing.

    Only where its directory is there, and its pixels are not compressed or by deflate,
    LZW or PackBits.
    """
    try:
        import tifffile

        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages.first
            return _with_all_segments(data, file, page, filler)
    except Exception:  # of a directory that was cut off: nothing can be done then
        return None


def _with_all_segments(data: bytes, file: Any, page: Any, filler: bytes) -> Completed | None:
    import imagecodecs

    by_deflate = (zlib.compress, inflated)
    ways: dict[int, tuple[Callable[[bytes], Any], Callable[[bytes, int], bytes]]] = {
        1: (bytes, lambda packed, most: packed[:most]),
        5: (imagecodecs.lzw_encode, lambda packed, most: b""),
        8: by_deflate,
        32946: by_deflate,
        32773: (imagecodecs.packbits_encode, lambda packed, most: b""),
    }
    tags = [page.tags.get(324) or page.tags[273], page.tags.get(325) or page.tags[279]]
    places, counts = list(page.dataoffsets), list(page.databytecounts)
    missing = [i for i, place in enumerate(places) if place + counts[i] > len(data)]
    if not missing or page.compression not in ways:
        return None
    rows = page.tilelength if page.is_tiled else page.rowsperstrip
    width = page.tilewidth if page.is_tiled else page.imagewidth
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    size = rows * -(-width * samples * page.bitspersample // 8)
    pack, unpack = ways[page.compression]
    if size > MOST_MISSING:
        return None
    result = bytearray(data)
    for index in missing:
        kept = unpack(data[places[index] : places[index] + counts[index]], size)
        packed = pack(fill(kept, size, filler))
        places[index], counts[index] = len(result), len(packed)
        result += packed
    for tag, values in zip(tags, (places, counts), strict=True):
        stored = struct.pack(f"{file.byteorder}{len(values)}{tag.dataformat[-1]}", *values)
        result[tag.valueoffset : tag.valueoffset + len(stored)] = stored
    return bytes(result), True


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A TIFF file, and notes on what could not be kept. There is no quality: all pixels are."""
    file = io.BytesIO()
    notes = write_photo(photo, file, photo.pixels.shape[0], _bands(photo))
    return file.getvalue(), notes


def _bands(photo: Photo) -> Iterator[Array]:
    for top in range(0, photo.pixels.shape[0], _BAND):
        rows = slice(top, top + _BAND)
        yield images.joined(photo.pixels[rows], None if photo.alpha is None else photo.alpha[rows])


def write_photo(
    photo: Photo, file: BinaryIO, height: int, bands: Iterable[Array]
) -> tuple[str, ...]:
    """Write what a photo carries, and bands of rows in the place of its pixels.

    Parameters
    ----------
    photo : Photo
        May be without pixels.
    file, height, bands
        As for `write`.

    Returns
    -------
    notes : tuple of str
        What could not be kept.
    """
    resources, block = photo.photoshop, photo.exif
    tags = {
        XMP: photo.xmp,
        ICC_PROFILE: photo.icc_profile,
        PHOTOSHOP: resources,
        IPTC: iptc.records_of(resources) if resources else None,
    }
    is_damaged = bool(block) and not can_hold(block or b"")
    given = {tag: value for tag, value in tags.items() if value}
    write(file, bands, height, None if is_damaged else block, photo.dpi, given)
    return ("EXIF not written: it is damaged",) if is_damaged else ()


def write(
    file: BinaryIO,
    bands: Iterable[Array],
    height: int,
    exif: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    carried: dict[int, bytes] | None = None,
) -> None:
    """Write a picture, compressed by deflate, as its rows come.

    Parameters
    ----------
    file : binary file
        Empty and seekable: its header is written again at the end.
    bands : iterable of arrays, (rows, width, channels), uint8 or uint16
        From top to bottom. Channels: 1 or 3 of colour, and straight alpha if there
        is one more.
    height : int
        Rows of all bands together.
    exif : bytes, optional
        Block, with or without the prefix.
    dpi : (float, float), optional
        Resolution, horizontal and vertical, in dots per inch.
    carried : dict, optional
        Tag (`XMP`, `IPTC`, `PHOTOSHOP`, `ICC_PROFILE`) to its bytes.

    Raises
    ------
    ValueError
        When the EXIF block is damaged; nothing is written then.
    OSError
        When the file would exceed what a TIFF can hold, 4 GiB.
    """
    block = exif.removeprefix(PREFIX) if exif else b"II*\0\0\0\0\0"
    order = order_of(block)
    entries = _directory(block, order) if exif else {}
    file.write(block)
    bands = iter(bands)
    first = next(bands)
    rows = max(1, _STRIP_BYTES // first[0].nbytes)
    places, counts = [], []
    for strip in _strips(first, bands, rows):
        places.append(file.tell())
        counts.append(file.write(_deflated(strip, order)))
        if places[-1] + counts[-1] + len(block) > _MOST:
            raise OSError("over 4 GiB, more than a TIFF can hold")
    own = _tags_of_pixels(first, height, rows)
    own |= {273: (_LONG, places), 279: (_LONG, counts)}
    if dpi is not None:
        own |= {282: (_RATIONAL, _ratio(dpi[0])), 283: (_RATIONAL, _ratio(dpi[1]))}
        own[296] = (_SHORT, [2])
    for tag, value in (carried or {}).items():
        own[tag] = (_BYTE if tag == XMP else _UNDEFINED, list(value))
    for tag, (kind, values) in own.items():
        entries[tag] = _stored(file, kind, values, order)
    _finish(file, entries, order)


def can_hold(exif: bytes) -> bool:
    """Whether an EXIF block is whole enough to be written."""
    block = exif.removeprefix(PREFIX)
    try:
        return bool(_directory(block, order_of(block)))
    except ValueError:
        return False


def _tags_of_pixels(first: Array, height: int, rows: int) -> dict[int, tuple[int, list[int]]]:
    """Baseline tags: size, bits, compression, what the channels are."""
    width, channels = first.shape[1:]
    tags = {256: (_LONG, [width]), 257: (_LONG, [height]), 278: (_LONG, [rows])}
    tags[258] = (_SHORT, [8 * first.itemsize] * channels)
    shorts = {259: 8, 262: 1 if channels < 3 else 2, 277: channels, 284: 1, 317: 2}
    if channels in (2, 4):
        shorts[338] = 2
    return tags | {tag: (_SHORT, [value]) for tag, value in shorts.items()}


def _strips(first: Array, bands: Iterator[Array], rows: int) -> Iterator[Array]:
    """The rows of all bands, so many at a time."""
    rest = first
    while True:
        while len(rest) > rows:
            yield rest[:rows]
            rest = rest[rows:]
        following = next(bands, None)
        if following is None:
            yield rest
            return
        rest = np.concatenate([rest, following])


def _deflated(strip: Array, order: Order) -> bytes:
    """Differences from the pixel to the left (predictor 2), compressed."""
    differences = strip.copy()
    differences[:, 1:] -= strip[:, :-1]
    stored = differences.astype(differences.dtype.newbyteorder("<" if order == "little" else ">"))
    return zlib.compress(stored.tobytes(), 6)


def _ratio(value: float) -> list[int]:
    return [round(value * 10000), 10000]


def _stored(file: BinaryIO, kind: int, values: list[int], order: Order) -> tuple[int, int, bytes]:
    """An entry; what does not fit into it is written to the file."""
    size = _SIZES[kind] // (2 if kind == _RATIONAL else 1)
    data = bytes(values) if size == 1 else b"".join(_bytes(value, size, order) for value in values)
    count = len(data) // _SIZES[kind]
    if len(data) > 4:
        place = _at_even_place(file)
        file.write(data)
        data = _bytes(place, 4, order)
    return kind, count, data.ljust(4, b"\0")


def _finish(file: BinaryIO, entries: Entries, order: Order) -> None:
    """Write the directory, and its place into the header."""
    place = _at_even_place(file)
    parts = [_bytes(len(entries), 2, order)]
    for tag, (kind, count, value) in sorted(entries.items()):
        parts += [_bytes(tag, 2, order), _bytes(kind, 2, order), _bytes(count, 4, order), value]
    file.write(b"".join([*parts, bytes(4)]))
    file.seek(4)
    file.write(_bytes(place, 4, order))
    file.seek(0, 2)


def _at_even_place(file: BinaryIO) -> int:
    file.write(bytes(file.tell() % 2))
    if file.tell() >= _MOST:
        raise OSError("over 4 GiB, more than a TIFF can hold")
    return file.tell()


def _directory(block: bytes, order: Order) -> Entries:
    """The first directory of an EXIF block, without the tags about pixels."""
    if not has_header(block):
        raise ValueError("damaged EXIF")
    start = _number(block, 4, 4, order)
    entries = {}
    for index in range(_number(block, start, 2, order)):
        at = start + 2 + 12 * index
        tag, kind = _number(block, at, 2, order), _number(block, at + 2, 2, order)
        count = _number(block, at + 4, 4, order)
        _number(block, at + 8, 4, order)
        entries[tag] = (kind, count, bytes(block[at + 8 : at + 12]))
    return {tag: entry for tag, entry in entries.items() if tag not in PIXEL_TAGS - RESOLUTION}


def _number(data: bytes, at: int, size: int, order: Order) -> int:
    if at + size > len(data):
        raise ValueError("damaged EXIF: cut short")
    return number(data, at, size, order)


def _bytes(value: int, size: int, order: Order) -> bytes:
    return value.to_bytes(size, order)

"""PNG of 8 bits a channel by Pillow, of 16 by imagecodecs, with the same chunks beside pixels."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from scotopic.photo import formats, images
from scotopic.photo.carried.colour import Colour
from scotopic.photo.codecs import deep, pillow
from scotopic.photo.cut_off import MOST_MISSING, Completed, fill, inflated
from scotopic.photo.photo import Photo, readable

_XMP_TEXT = "XML:com.adobe.xmp"
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Of each pass of an interlaced picture: first column and row, and the steps. PNG, 8.2."""
_HEAD = 8 + 25
"""Bytes of the signature and the chunk IHDR."""
_OF_PIXELS = (b"IHDR", b"IDAT", b"IEND")
_COLOUR = (b"cICP", b"cHRM", b"gAMA", b"sRGB", b"mDCV", b"mDCv")
_LIGHT = (b"cLLI", b"cLLi")

is_deep, decode_deep = deep.is_deep, deep.decode


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A PNG file, and no notes. There is no quality: all is kept."""
    if photo.pixels.dtype != np.uint16:
        png, beside = _saved(photo), b""
    else:
        png = deep.encode_png(images.joined(photo.pixels, photo.alpha))
        beside = _chunks_beside_pixels(photo)
    return png[:_HEAD] + _colour_chunks(photo.colour) + beside + png[_HEAD:], ()


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with what its file says by numbers of its colours, and what is damaged.

    How bright its lights are at most is left out: that is so no more.
    """
    found: dict[bytes, bytes] = {}
    for kind, chunk in _chunks(data):
        if kind in _OF_PIXELS[1:]:
            break
        found.setdefault(kind, chunk)
    kept = b"".join(chunk for kind, chunk in found.items() if kind in _COLOUR)
    notes = photo.notes + _damaged(photo, image, data)
    if any(kind in _LIGHT for kind in found):
        notes = (*notes, "content light level left out: it is another one now")
    return replace(photo, colour=_colour_of(found, kept) if kept else None, notes=notes)


def _colour_of(found: dict[bytes, bytes], kept: bytes) -> Colour:
    codes, xy, exponent = found.get(b"cICP", b"")[8:10], None, None
    if len(codes) == 2:
        return Colour((codes[0], codes[1]), chunks=kept)
    if b"sRGB" not in found:
        chromaticities = found.get(b"cHRM", b"")[8:40]
        if len(chromaticities) == 32:
            xy = tuple(np.frombuffer(chromaticities, ">u4") / 100_000)
        gamma = int.from_bytes(found.get(b"gAMA", b"")[8:12], "big")
        exponent = 100_000 / gamma if gamma else None
    return Colour(None, xy, exponent, kept)


def _colour_chunks(colour: Colour | None) -> bytes:
    if colour is None or colour.chunks or colour.codes is None:
        return b"" if colour is None else colour.chunks
    return _chunk(b"cICP", bytes((*colour.codes, 0, 1)))  # RGB, of the full range


def transparent_level(image: Any) -> int | None:
    """The gray level that is transparent, where Pillow tells it in other units than its pixels'.

    Pillow spreads 2 and 4 bits of gray over 0 to 255, but not the level in the chunk tRNS.

    Parameters
    ----------
    image : PIL image
        That is not decoded yet.

    Returns
    -------
    int or None
        In the units of the pixels; None where Pillow tells it so already.
    """
    stored, tiles = image.info.get("transparency"), getattr(image, "tile", None)
    if image.format != "PNG" or not tiles or not isinstance(stored, int):
        return None
    steps = {"L;2": 3, "L;4": 15}.get(tiles[0][3])
    return None if steps is None else 255 * min(stored, steps) // steps


def _damaged(photo: Photo, image: Any, data: bytes) -> tuple[str, ...]:
    """Notes on text and a profile that could not be unpacked."""
    names = [kind for kind, _, _ in _places(data)]
    texts = sum(kind in (b"tEXt", b"zTXt", b"iTXt") for kind in names)
    notes = []
    if b"iCCP" in names and not image.info.get("icc_profile"):
        notes.append("colour profile left out: it is damaged or too large")
    if texts > len(getattr(image, "text", None) or {}) or (
        b"zTXt" in names and "" in photo.text.values()
    ):
        notes.append("text left out: it is damaged, too large, or given several times")
    return tuple(notes)


def _saved(photo: Photo) -> bytes:
    return pillow.save(photo, formats.FORMATS["PNG"], {"pnginfo": _text(photo)})


def _text(photo: Photo) -> Any:
    info = PngImagePlugin.PngInfo()
    for key, value in photo.text.items():
        info.add_itxt(key, readable(value))
    if photo.xmp:
        info.add_itxt(_XMP_TEXT, photo.xmp.decode("utf-8", "replace"))
    return info


def _chunks_beside_pixels(photo: Photo) -> bytes:
    """The chunks that Pillow writes for a photo of 8 bits beside those of the pixels."""
    small = replace(photo, pixels=np.zeros((1, 1, 3), np.uint8), alpha=None, animation=None)
    return b"".join(chunk for kind, chunk in _chunks(_saved(small)) if kind not in _OF_PIXELS)


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A PNG that was cut off, with an end, and with filler for the missing rows.

    Of an animation the frames stay that are whole.
    """
    chunks = list(_chunks(data))
    if not chunks or chunks[-1][0] == b"IEND" or chunks[0][0] != b"IHDR":
        return None
    whole = [(kind, chunk) for kind, chunk in chunks if len(chunk) == 12 + _length(chunk)]
    pixels = [chunk[8 : 8 + _length(chunk)] for kind, chunk in chunks if kind == b"IDAT"]
    beside = [(kind, chunk) for kind, chunk in whole if kind != b"IDAT"]
    before = [kind for kind, _ in chunks].index(b"IDAT") if pixels else len(chunks)
    if not pixels or len(chunks[0][1]) < 25:
        return None
    size = _unpacked_size(chunks[0][1][8:])
    if size > MOST_MISSING:
        return None
    # The first byte of each row names one of five filters: 0 and 1 are two of them.
    rows = fill(inflated(b"".join(pixels), size), size, b"\1" if any(filler) else b"\0")
    frames = _whole_frames(beside[before:])
    head = [chunk for kind, chunk in beside[:before] if frames or kind not in (b"acTL", b"fcTL")]
    count = sum(kind == b"fcTL" for kind, _ in beside[:before] + frames)
    head = [_counted(chunk, count) if chunk[4:8] == b"acTL" else chunk for chunk in head]
    made = [*head, _chunk(b"IDAT", zlib.compress(rows, 1)), *(chunk for _, chunk in frames)]
    said = next((chunk for kind, chunk in beside if kind == b"acTL"), b"")
    is_whole = not said or int.from_bytes(said[8:12], "big") == count
    return b"".join([data[:8], *made, _chunk(b"IEND", b"")]), is_whole


def _whole_frames(behind: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Of the chunks behind the first picture, those before its last frame, which was cut."""
    starts = [at for at, (kind, _) in enumerate(behind) if kind == b"fcTL"]
    return behind[: starts[-1]] if starts else behind


def _counted(chunk: bytes, frames: int) -> bytes:
    return _chunk(b"acTL", frames.to_bytes(4, "big") + chunk[12:16])


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check


def _length(chunk: bytes) -> int:
    return int.from_bytes(chunk[:4], "big")


def _unpacked_size(header: bytes) -> int:
    """Bytes of the rows with their filters, as the chunk IHDR tells. PNG, 7.2 and 8.1."""
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    bits = header[8] * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(header[9], 0)
    passes = _ADAM7 if header[12] else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        total += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    return total


def _places(png: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name of each chunk, and where all of it begins and ends."""
    at = 8
    while at + 8 <= len(png):
        past = at + 12 + int.from_bytes(png[at : at + 4], "big")
        yield png[at + 4 : at + 8], at, past
        at = past


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name of each chunk, and a copy of all of it."""
    return ((kind, png[at:past]) for kind, at, past in _places(png))

"""GIF by Pillow, and XMP and colour profile in it, which Pillow passes over.

GIF89a specification, 26 (application extensions); XMP specification part 3,
1.1.2; annex B.5 of ICC.1:2004-10 for the profile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PIL import Image

from scotopic.photo import formats
from scotopic.photo.codecs import pillow
from scotopic.photo.cut_off import Completed
from scotopic.photo.photo import Photo

_EXTENSION = b"\x21\xff\x0b"
_XMP, _PROFILE = b"XMP DataXMP", b"ICCRGBG1012"
_XMP_TRAILER = b"\1" + bytes(range(255, -1, -1)) + b"\0"
"""Whichever byte of a packet is taken for a length, this ends the blocks."""
_CLEAR = 255
"""The colour of the palette that stands for transparent pixels."""


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A GIF file, and a note if its colours had to be reduced. There is no quality."""
    options: dict[str, Any] = {"optimize": False}
    if photo.animation and photo.animation.frames[0][1] is not None:
        options["disposal"] = 2  # frames are whole: what is clear must not show the one before
    data = pillow.save(photo, formats.FORMATS["GIF"], options, _with_clear_colour)
    reduced = photo.pixels.shape[-1] > 1
    notes = ("colours reduced to 256: GIF holds no more",) if reduced else ()
    return with_extensions(data, photo.xmp, photo.icc_profile), notes


def _with_clear_colour(image: Image.Image) -> Image.Image:
    """The image with a palette, where its transparent pixels have a colour of their own.

    Pillow would do that for one picture, but not for frames that differ in it.
    """
    if not image.mode.endswith("A"):
        return image
    clear = image.getchannel("A").point(lambda level: 255 * (level < 128))
    colours = Image.Palette.ADAPTIVE
    result = image.convert("RGB").convert("P", palette=colours, colors=_CLEAR)
    result.paste(_CLEAR, mask=clear)
    result.info["transparency"] = _CLEAR
    return result


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A GIF that was cut off, with an end. Pillow is to be told to leave rows as they are."""
    return None if data.endswith(b";") else (data + b"\0;", False)


def carried(photo: Photo, image: Image.Image, data: bytes) -> Photo:
    """The photo with the XMP and colour profile of its file."""
    packet, profile = extensions_of(data)
    return replace(photo, xmp=packet, icc_profile=profile)


def most_pixels(image: Image.Image, data: bytes) -> int:
    """Pixels of all frames: each is as large as the picture, which grows with a frame beyond it."""
    width, height = image.size
    count, at = 0, _behind_colours(data)
    while at < len(data) and data[at : at + 1] != b";":
        if data[at : at + 1] == b"!":
            at = _end_of_blocks(data, at + 2)
        elif data[at : at + 1] == b"," and at + 10 <= len(data):
            left, top, across, down = (
                int.from_bytes(data[at + place : at + place + 2], "little")
                for place in (1, 3, 5, 7)
            )
            width, height, count = max(width, left + across), max(height, top + down), count + 1
            at = _end_of_blocks(data, at + 11 + _bytes_of_colours(data[at + 9]))
        else:
            at += 1
    return width * height * count


def extensions_of(data: bytes) -> tuple[bytes | None, bytes | None]:
    """XMP and colour profile of a GIF file, if they stand before its first frame."""
    found: dict[bytes, bytes] = {}
    at = _behind_colours(data)
    while data[at : at + 1] == b"\x21":
        name = data[at + 3 : at + 14] if data[at : at + 3] == _EXTENSION else b""
        if name == _XMP:
            end = data.find(_XMP_TRAILER, at + 14)
            if end < 0:
                break
            found[name] = data[at + 14 : end]
            at = end + len(_XMP_TRAILER)
        else:
            found[name], at = _blocks(data, at + (14 if name else 2))
    return found.get(_XMP), found.get(_PROFILE)


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """What the blocks from a place on hold together, and where they end."""
    parts = []
    while at < len(data) and data[at]:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(parts), at + 1


def _end_of_blocks(data: bytes, at: int) -> int:
    """Where the blocks from a place on end."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _behind_colours(data: bytes) -> int:
    """Where the header and the colours that all frames share end."""
    return 13 + _bytes_of_colours(data[10])


def _bytes_of_colours(flags: int) -> int:
    """Bytes of a table of colours, by the flags that tell whether there is one."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def with_extensions(data: bytes, xmp: bytes | None, icc_profile: bytes | None) -> bytes:
    """A GIF file with XMP and profile behind its header and the colours that all frames share."""
    place, parts = _behind_colours(data), []
    if xmp:
        parts.append(_EXTENSION + _XMP + xmp + _XMP_TRAILER)
    if icc_profile:
        blocks = (icc_profile[at : at + 255] for at in range(0, len(icc_profile), 255))
        inside = b"".join(bytes([len(block)]) + block for block in blocks)
        parts.append(_EXTENSION + _PROFILE + inside + b"\0")
    return b"GIF89a" + data[6:place] + b"".join(parts) + data[place:]

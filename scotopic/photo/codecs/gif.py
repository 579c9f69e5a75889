"""XMP and colour profile of a GIF file, which Pillow passes over.

GIF89a specification, 26 (application extensions); XMP specification part 3,
1.1.2; ICC.1:2022, annex B.5 of its forerunner ICC.1:2004-10 for the profile.
"""

from __future__ import annotations

_EXTENSION = b"\x21\xff\x0b"
_XMP, _PROFILE = b"XMP DataXMP", b"ICCRGBG1012"
_XMP_TRAILER = b"\1" + bytes(range(255, -1, -1)) + b"\0"
"""Whichever byte of a packet is taken for a length, this ends the blocks."""


def extensions_of(data: bytes) -> tuple[bytes | None, bytes | None]:
    """XMP and colour profile, of the extensions before the first picture."""
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
    """What a row of blocks holds, and where it ends."""
    parts = []
    while at < len(data) and data[at]:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(parts), at + 1


def _behind_colours(data: bytes) -> int:
    """Where the header and the colours that all frames share end."""
    return 13 + (3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0)


def with_extensions(data: bytes, xmp: bytes | None, icc_profile: bytes | None) -> bytes:
    """Put them behind the header and the colours that all frames share."""
    place, parts = _behind_colours(data), []
    if xmp:
        parts.append(_EXTENSION + _XMP + xmp + _XMP_TRAILER)
    if icc_profile:
        blocks = (icc_profile[at : at + 255] for at in range(0, len(icc_profile), 255))
        inside = b"".join(bytes([len(block)]) + block for block in blocks)
        parts.append(_EXTENSION + _PROFILE + inside + b"\0")
    return b"GIF89a" + data[6:place] + b"".join(parts) + data[place:]

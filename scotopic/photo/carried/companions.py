"""What a file has beside its picture and a result has not: videos, gain maps, depth maps.

In a JPEG they stand behind its end (Google's Motion Photo 1.0, Ultra HDR 1.1 and Dynamic
Depth 1.0; CIPA DC-007, multi-picture format; Samsung's trailer, as documented by
ExifTool), in HEIC and AVIF in items and boxes of their own (ISO/IEC 23008-12, 6.5.8 for
auxiliary images; ISO/IEC 14496-12).
"""

from __future__ import annotations

import re

from scotopic.photo.boxes import boxes
from scotopic.photo.carried import items, xmp_names

VIDEO, GAIN_MAP, DEPTH_MAP = "video of a motion photo", "gain map", "depth map"
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""What ends the compressed pixels of a JPEG: no stuffed zero, no restart, no filling."""
_GAIN_MAPS = re.compile(rb"hdr-gain-map|hdrgainmap|HDRGainMap|urn:iso:std:iso:ts:21496")
_DEPTH_MAPS = re.compile(rb"auxid:2|depth|disparity")
_START_OF_JPEG = b"\xff\xd8\xff"
_MOST = 64
"""Pictures that are looked for behind one."""
_BLANK = b"\0\xff\r\n\t "


def forget(packet: bytes | None, form: str, data: bytes) -> tuple[bytes | None, list[str]]:
    """The XMP of a result, which does not name what its file has not, and notes.

    Parameters
    ----------
    packet : bytes or None
        XMP of the picture.
    form : str
        Name of the file's format, as in `Photo.format`.
    data : bytes
        The file; empty if it is not at hand.
    """
    found = of_file(form, data)
    kept = xmp_names.without_companions(packet) if packet else packet
    notes = [f"{', '.join(found)} left out"] if found else []
    if kept != packet:
        notes.append("XMP that names videos, gain maps or depth maps left out")
    return kept, notes


def of_file(form: str, data: bytes) -> list[str]:
    """What a file has beside its picture, in words."""
    if form == "JPEG":
        return _behind_jpeg(data)
    return _in_boxes(data, form) if form in ("HEIF", "AVIF") else []


def _behind_jpeg(data: bytes) -> list[str]:
    end = end_of_jpeg(data)
    if end is None or not data[end:].strip(_BLANK):
        return []
    video = data.find(b"ftyp", end)
    last = len(data) if video < 0 else video
    pictures = _pictures(data, end, last)
    gain_maps = [part for part in pictures if _GAIN_MAPS.search(part)]
    depth_maps = [part for part in pictures if part not in gain_maps and b"epthMap" in part]
    others = len(pictures) - len(gain_maps) - len(depth_maps)
    found = [VIDEO] if video >= 0 else []
    found += [GAIN_MAP] if gain_maps else []
    found += [DEPTH_MAP] if depth_maps else []
    found += [f"{others} further pictures" if others > 1 else "a further picture"] if others else []
    if data.endswith(b"SEFT"):
        found.append("Samsung's trailer")
    return found or [f"{len(data) - end} bytes behind the picture"]


def _pictures(data: bytes, start: int, end: int) -> list[bytes]:
    """The JPEGs that stand one behind the other."""
    found: list[bytes] = []
    at = data.find(_START_OF_JPEG, start, end)
    while at >= 0 and len(found) < _MOST:
        past = end_of_jpeg(data, at) or end
        found.append(data[at:past])
        at = data.find(_START_OF_JPEG, past, end)
    return found


def end_of_jpeg(data: bytes, at: int = 0) -> int | None:
    """Where a JPEG that begins at an offset ends; None if it has no end."""
    if data[at : at + 2] != _START_OF_JPEG[:2]:
        return None
    at += 2
    while found := _MARKER.search(data, at):
        kind, at = data[found.start() + 1], found.end()
        if kind == 0xD9:
            return at
        if kind == 0xD8 or kind == 0x01:
            continue
        at += int.from_bytes(data[at : at + 2], "big")
    return None


def _in_boxes(data: bytes, form: str) -> list[str]:
    tops = {name for name, _, _ in boxes(data, 0, len(data), b"")}
    kinds = b" ".join(_kinds_of_items(data))
    found = [VIDEO] if b"mpvd" in tops or (form == "HEIF" and b"moov" in tops) else []
    found += [GAIN_MAP] if _GAIN_MAPS.search(kinds) or b"tmap" in kinds else []
    found += [DEPTH_MAP] if _DEPTH_MAPS.search(kinds) else []
    found += ["matte"] if b"matte" in kinds else []
    found += ["content light level"] if b"clli" in kinds else []
    found += ["Samsung's trailer"] if b"sefd" in tops else []
    return found


def _kinds_of_items(data: bytes) -> list[bytes]:
    """The types of all items, the names of their properties, and those of auxiliary ones."""
    named = (
        data[at + 4 : past] if name == b"auxC" else name
        for name, at, past in items.properties(data)
    )
    return [*items.kinds(data), *named]

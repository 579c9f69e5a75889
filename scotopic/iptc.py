"""IPTC records and the Photoshop resources that hold them, as raw bytes.

In a JPEG they are APP13 segments, in a TIFF the tags 33723 (records) and
34377 (resources): IPTC-IIM 4.2; Adobe Photoshop File Formats, image resources.
"""

from __future__ import annotations

from collections.abc import Iterator

_HEAD = b"Photoshop 3.0\0"
_RECORDS = 0x0404
_APP13 = 0xED
_MOST = 0xFFFF - 2 - len(_HEAD)


def of_jpeg(data: bytes) -> bytes | None:
    """Photoshop resources of a JPEG file, its APP13 segments joined."""
    parts = [
        data[start + 4 + len(_HEAD) : stop]
        for marker, start, stop in _segments(data)
        if marker == _APP13 and data[start + 4 : start + 4 + len(_HEAD)] == _HEAD
    ]
    return b"".join(parts) or None


def into_jpeg(data: bytes, resources: bytes) -> bytes:
    """Put Photoshop resources into a JPEG file that has none, after its APP segments."""
    place = 2
    for marker, _, stop in _segments(data):
        if not 0xE0 <= marker <= 0xEF:
            break
        place = stop
    parts = [resources[at : at + _MOST] for at in range(0, len(resources), _MOST)]
    segments = b"".join(
        bytes((0xFF, _APP13)) + (2 + len(_HEAD) + len(part)).to_bytes(2, "big") + _HEAD + part
        for part in parts
    )
    return data[:place] + segments + data[place:]


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the pixels."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (0xDA, 0xD9):
            return
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if stop > len(data):
            return
        yield marker, at, stop
        at = stop


def records_of(resources: bytes) -> bytes | None:
    """IPTC records within Photoshop resources."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 12 <= len(resources):
        kind = int.from_bytes(resources[at + 4 : at + 6], "big")
        name = 1 + resources[at + 6]
        start = at + 6 + name + name % 2 + 4
        size = int.from_bytes(resources[start - 4 : start], "big")
        if kind == _RECORDS:
            return resources[start : start + size]
        at = start + size + size % 2
    return None


def resources_of(records: bytes) -> bytes:
    """Photoshop resources that hold IPTC records and nothing else."""
    padding = b"\0" * (len(records) % 2)
    head = b"8BIM" + _RECORDS.to_bytes(2, "big") + b"\0\0"
    return head + len(records).to_bytes(4, "big") + records + padding

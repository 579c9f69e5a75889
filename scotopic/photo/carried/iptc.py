"""IPTC records and the Photoshop resources that hold them, as raw bytes.

In a JPEG they are APP13 segments, in a TIFF the tags 33723 (records) and
34377 (resources): IPTC-IIM 4.2; Adobe Photoshop File Formats, image resources.
"""

from __future__ import annotations

from collections.abc import Iterator

_HEAD = b"Photoshop 3.0\0"
_RECORDS, _THUMBNAILS = 0x0404, (0x0409, 0x040C)
_APP1, _APP13 = 0xE1, 0xED
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MOST = 0xFFFF - 2 - len(_HEAD)


def of_jpeg(data: bytes) -> bytes | None:
    """Photoshop resources of a JPEG file, its APP13 segments joined."""
    parts = [
        data[start + 4 + len(_HEAD) : stop]
        for marker, start, stop in _segments(data)
        if marker == _APP13 and data[start + 4 : start + 4 + len(_HEAD)] == _HEAD
    ]
    return b"".join(parts) or None


def extended_xmp_of(data: bytes) -> bytes | None:
    """Segments of a JPEG file with more XMP, as they are. XMP part 3, 1.1.3.1."""
    parts = [
        data[start:stop]
        for marker, start, stop in _segments(data)
        if marker == _APP1 and data[start + 4 : stop].startswith(_MORE_XMP)
    ]
    return b"".join(parts) or None


def into_jpeg(data: bytes, resources: bytes | None, segments: bytes | None = None) -> bytes:
    """Put Photoshop resources and whole segments into a JPEG file that has none.

    They come after its APP segments.
    """
    place = 2
    for marker, _, stop in _segments(data):
        if not 0xE0 <= marker <= 0xEF:
            break
        place = stop
    return data[:place] + (segments or b"") + _as_segments(resources or b"") + data[place:]


def _as_segments(resources: bytes) -> bytes:
    parts = [resources[at : at + _MOST] for at in range(0, len(resources), _MOST)]
    return b"".join(
        bytes((0xFF, _APP13)) + (2 + len(_HEAD) + len(part)).to_bytes(2, "big") + _HEAD + part
        for part in parts
    )


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
    for kind, _, start, stop in _each(resources):
        if kind == _RECORDS:
            return resources[start:stop]
    return None


def without_thumbnail(resources: bytes) -> bytes:
    """Photoshop resources but for small pictures, which show what it was before."""
    kept, done = b"", 0
    for kind, at, _, stop in _each(resources):
        end = stop + (stop - at) % 2
        kept += b"" if kind in _THUMBNAILS else resources[at:end]
        done = end
    return kept + resources[done:]


def _each(resources: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Kind of each resource, where it begins, and where its data begin and end."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 12 <= len(resources):
        kind = int.from_bytes(resources[at + 4 : at + 6], "big")
        name = 1 + resources[at + 6]
        start = at + 6 + name + name % 2 + 4
        size = int.from_bytes(resources[start - 4 : start], "big")
        yield kind, at, start, start + size
        at = start + size + size % 2


def resources_of(records: bytes) -> bytes:
    """Photoshop resources that hold IPTC records and nothing else."""
    padding = b"\0" * (len(records) % 2)
    head = b"8BIM" + _RECORDS.to_bytes(2, "big") + b"\0\0"
    return head + len(records).to_bytes(4, "big") + records + padding

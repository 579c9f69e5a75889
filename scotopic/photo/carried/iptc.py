"""IPTC records and Photoshop's image resources, which hold them, as raw bytes.

A JPEG has the resources in APP13 segments, a TIFF in its tag 34377, and the records
by themselves in its tag 33723. IPTC-IIM 4.2; Adobe Photoshop File Formats, image
resources.
"""

from __future__ import annotations

from collections.abc import Iterator

_RECORDS, _THUMBNAILS = 0x0404, (0x0409, 0x040C)


def records_of(resources: bytes) -> bytes | None:
    """IPTC records in Photoshop's resources; None if there are none."""
    for kind, _, start, stop in _each(resources):
        if kind == _RECORDS:
            return resources[start:stop]
    return None


def without_thumbnail(resources: bytes) -> bytes:
    """Photoshop's resources without thumbnails, which would show the picture as dark as it was."""
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
    """Photoshop's resources that hold IPTC records and nothing else."""
    padding = b"\0" * (len(records) % 2)
    head = b"8BIM" + _RECORDS.to_bytes(2, "big") + b"\0\0"
    return head + len(records).to_bytes(4, "big") + records + padding

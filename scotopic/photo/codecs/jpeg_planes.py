"""JPEG whose channels are made smaller by any factors, such as 4:4:0 and 4:1:1.

Pillow writes 4:4:4, 4:2:2 and 4:2:0 alone. Each channel is written by it as a gray
JPEG, and their scans are put into one file, one channel after the other, which every
decoder of JPEG reads. ITU-T T.81, A.2.2 (scans of one channel), B.2.2 and B.2.3.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image

Sampling = tuple[tuple[int, int, int], ...]
"""Of each channel: its horizontal and vertical sampling factor, and its table's number."""

_DQT, _DHT, _SOS, _EOI = 0xDB, 0xC4, 0xDA, 0xD9
_FRAMES = (0xC0, 0xC2)
WITHIN_SCAN = (0x00, *range(0xD0, 0xD8))
"""What may stand behind FF within a scan: a filler, and restart markers."""


def can_be_written(sampling: Sampling) -> bool:
    """Whether each channel is smaller by whole factors."""
    most = _most(sampling)
    return all(most[0] % across == 0 and most[1] % down == 0 for across, down, _ in sampling)


def encode(
    image: Image.Image,
    head: bytes,
    sampling: Sampling,
    tables: dict[int, Any],
    options: dict[str, Any],
) -> bytes:
    """A JPEG file.

    Parameters
    ----------
    image : PIL image
        In RGB.
    head : bytes
        A JPEG file of any picture, whose metadata is taken.
    sampling : tuple
        Of Y, Cb and Cr.
    tables : dict
        Quantization tables by their numbers.
    options : dict
        For Pillow, how each channel is compressed.
    """
    most, planes = _most(sampling), image.convert("YCbCr").split()
    parts = [part for marker, part in _parts(head) if 0xE0 <= marker <= 0xEF or marker == 0xFE]
    scans: list[bytes] = []
    frame, given = 0xC0, set[int]()
    for index, (plane, (across, down, table)) in enumerate(zip(planes, sampling, strict=True)):
        small = plane.reduce((most[0] // across, most[1] // down))
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", qtables=[tables[table]], **options)
        for marker, part in _parts(buffer.getvalue()):
            if marker == _DQT and table not in given:
                given.add(table)
                parts.append(part[:4] + bytes([part[4] & 0xF0 | table]) + part[5:])
            elif marker == _DHT:
                scans.append(part)
            elif marker == _SOS:
                scans.append(part[:5] + bytes([index + 1]) + part[6:])
            elif marker in _FRAMES:
                frame = marker
    channels = (bytes([1 + i, h << 4 | v, table]) for i, (h, v, table) in enumerate(sampling))
    size = image.height.to_bytes(2, "big") + image.width.to_bytes(2, "big")
    header = b"\x08" + size + bytes([len(planes)]) + b"".join(channels)
    parts.append(bytes([0xFF, frame]) + (2 + len(header)).to_bytes(2, "big") + header)
    return b"\xff\xd8" + b"".join([*parts, *scans]) + bytes([0xFF, _EOI])


def _most(sampling: Sampling) -> tuple[int, int]:
    return max(across for across, *_ in sampling), max(down for _, down, _ in sampling)


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment of a whole file, a scan with all that is in it."""
    at = 2
    while data[at + 1] != _EOI:
        marker, stop = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        while marker == _SOS and (data[stop] != 0xFF or data[stop + 1] in WITHIN_SCAN):
            stop = data.index(b"\xff", stop + 1)
        yield marker, data[at:stop]
        at = stop

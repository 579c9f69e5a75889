"""Colour told by numbers in AVIF and HEIC: the box colr of the kind nclx.

ISO/IEC 14496-12, 12.1.5.
"""

from __future__ import annotations

import re

from scotopic.photo.carried import colour, items
from scotopic.photo.carried.colour import Colour

_WRITTEN = re.compile(rb"(\0\0\0\x13colrnclx)....", re.DOTALL)


def colour_of(data: bytes) -> Colour | None:
    """What a file says by numbers of the colours of its primary picture, if it does."""
    for name, at, _ in items.of_the_picture(data):
        if name == b"colr" and data[at : at + 4] == b"nclx":
            primaries, curve = (int.from_bytes(data[at + k : at + k + 2], "big") for k in (4, 6))
            return colour.of_codes(primaries, curve)
    return None


def with_codes(data: bytes, codes: tuple[int, int]) -> bytes:
    """An AVIF file that libavif has written, with other codes of primaries and curve.

    The matrix, by which the pixels are stored, stays.
    """
    stored = b"".join(code.to_bytes(2, "big") for code in codes)
    return _WRITTEN.sub(lambda found: found[1] + stored, data)

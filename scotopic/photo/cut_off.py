"""What files that were cut off are made whole with."""

from __future__ import annotations

import contextlib
import zlib

MOST_MISSING = 2**30
"""Bytes that are filled in at most: a damaged length could claim any number."""

Completed = tuple[bytes, bool]
"""A file that can be decoded, and whether nothing but filled bytes can be missing in it."""


def fill(known: bytes, size: int, filler: bytes) -> bytes:
    """Bytes brought to a size by repeating a filler behind them, or by leaving out the rest."""
    missing = max(0, size - len(known))
    return known[:size] + (filler * (1 + missing // len(filler)))[:missing]


def inflated(packed: bytes, most: int) -> bytes:
    """Bytes that were compressed by deflate, as far as they go."""
    unpacking, parts = zlib.decompressobj(), list[bytes]()
    # Piece by piece: what comes before a damaged place would be lost with it.
    for at in range(0, len(packed), 2**12):
        with contextlib.suppress(zlib.error):
            parts.append(unpacking.decompress(packed[at : at + 2**12]))
            if sum(map(len, parts)) < most:
                continue
        break
    return b"".join(parts)[:most]

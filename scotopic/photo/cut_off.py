"""What files that were cut off are made whole with, and whether that shows."""

from __future__ import annotations

import contextlib
import zlib

import numpy as np

from scotopic.photo.photo import Photo

MOST_MISSING = 2**28
"""Bytes of rows that are filled up at most; there are several copies of them at one time."""
MOST_CLAIMED = 2**26
"""The same for a length that a file claims, which need not have to do with its picture."""

Completed = tuple[bytes, bool]
"""A file that can be decoded, and whether nothing but filled bytes can be missing in it."""


def fill(known: bytes, size: int, filler: bytes) -> bytes:
    """Bytes brought to a size by repeating a filler behind them, or by leaving out the rest."""
    missing = max(0, size - len(known))
    return known[:size] + (filler * (1 + missing // len(filler)))[:missing]


def inflated(packed: bytes, most: int) -> bytes:
    """Bytes that were compressed by deflate, as far as they go."""
    unpacking, parts, size = zlib.decompressobj(), list[bytes](), 0
    # Piece by piece: what comes before a damaged place would be lost with it.
    for at in range(0, len(packed), 2**12):
        with contextlib.suppress(zlib.error):
            parts.append(unpacking.decompress(packed[at : at + 2**12]))
            size += len(parts[-1])
            if size < most:
                continue
        break
    return b"".join(parts)[:most]


def same_pixels(first: Photo, second: Photo) -> bool:
    """Whether two photos have the same pixels in all frames."""
    frames = [
        [(photo.pixels, photo.alpha), *(photo.animation.frames if photo.animation else [])]
        for photo in (first, second)
    ]
    return len(frames[0]) == len(frames[1]) and all(
        np.array_equal(one[0], other[0])
        and ((one[1] is None and other[1] is None) or np.array_equal(one[1], other[1]))
        for one, other in zip(*frames, strict=True)
    )

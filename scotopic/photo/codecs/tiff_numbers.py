"""TIFF of floating-point and of signed numbers, as HDR programs and astronomers write them.

What white is, and whether such numbers are light or shown levels, is said nowhere in a
TIFF. The rule here is a guess, and each reading of such a file tells of it in a note:

- Numbers are in the encoding of the picture's colour profile, if it has one. Without a
  profile they are levels as they are shown, as in other pictures; but where any number
  is clearly above 1, they are linear light, which gets the curve of sRGB.
- 1 is white, and where numbers are above it, the largest. Of signed whole numbers the
  largest that the type can hold is white.
- What is below 0 or no number is black.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from scotopic.photo import images
from scotopic.photo.carried import curves
from scotopic.photo.carried.exif_block import Directory, directory_of, number, order_of
from scotopic.photo.codecs import deep
from scotopic.photo.images import Decoded
from scotopic.types import Array

_BITS, _KIND = 258, 339
_SIGNED, _FLOAT = 2, 3
_SHORT = 3
_BIG = b"II+\0"
_OVERSHOOT = 1.1
"""Up to here numbers are above white because a picture was sharpened or made smaller."""
_BAND = 256


def has_them(data: bytes) -> bool:
    """Whether a file is a TIFF of floating-point numbers, or of signed ones of 8 or 16 bits."""
    if data[:4] not in (b"II*\0", b"MM\0*", _BIG):
        return False
    tags = _tags(data)
    kinds, bits = _values(data, tags, _KIND), _values(data, tags, _BITS) or {1}
    return kinds == {_FLOAT} or (kinds == {_SIGNED} and bits <= {8, 16})


def plain(data: bytes) -> bytes:
    """The same file, said to hold whole numbers of 16 bits: Pillow reads its tags then.

    Its pixels must not be decoded.
    """
    result, tags, order = bytearray(data), _tags(data), order_of(data)
    for tag, value in ((_BITS, 16), (_KIND, 1)):
        for index in range(tags[tag].length if tag in tags else 0):
            at = tags[tag].at + 2 * index
            result[at : at + 2] = value.to_bytes(2, order)
    return bytes(result)


def decode(data: bytes, image: Image.Image) -> Decoded:
    """Pixels, uint16, of a file that has such numbers, and notes on what was guessed.

    Parameters
    ----------
    data : bytes
        The file.
    image : PIL image
        Opened from what `plain` makes of it, for its tags and its profile.

    Raises
    ------
    MissingPackageError
        Without imagecodecs and tifffile.
    UnreadableError
        As `deep.numbers_of_tiff` does.
    """
    stored, colours, extra = deep.numbers_of_tiff(image, data)
    stored = stored[..., None] if stored.ndim == 2 else stored
    if stored.dtype.kind == "f":
        levels, notes = _of_floats(stored, colours, image.info.get("icc_profile"))
    else:
        most, below = np.iinfo(stored.dtype).max, int(stored.min()) < 0
        levels = _scaled(stored, 1 / most)
        black = ("; those below 0 are black",) if below else ("",)
        notes = (f"signed numbers: {most} is white{black[0]}; 16 bits a channel are written",)
    split = images.split(deep.with_straight_alpha(levels, colours, extra))
    return Decoded(split.pixels, split.alpha, notes=notes)


def _of_floats(stored: Array, colours: int, profile: bytes | None) -> tuple[Array, tuple[str, ...]]:
    seen = stored[..., :colours]
    known = seen[np.isfinite(seen)]
    most, least = (float(known.max()), float(known.min())) if known.size else (0.0, 0.0)
    white = most if most > _OVERSHOOT else 1.0
    is_light = white > 1 and not profile
    factors = np.ones(stored.shape[-1], np.float64)
    factors[:colours] = 1 / white
    levels = _scaled(stored, factors)
    if is_light:
        levels[..., :colours] = curves.encoded(levels[..., :colours], curves.LINEAR)
    said = [f"floating-point numbers: {white:.4g} is white"]
    if is_light:
        said.append("they are taken as linear light and given the curve of sRGB")
    if 1 < most <= _OVERSHOOT:
        said.append("those above it are cut")
    if least < 0 or known.size < seen.size:
        said.append("those below 0, or that are none, are black")
    return levels, ("; ".join([*said, "16 bits a channel are written"]),)


def _scaled(stored: Array, factors: float | Array) -> Array:
    """Numbers times factors as uint16, where 1 is the most."""
    result = np.empty(stored.shape, np.uint16)
    for top in range(0, stored.shape[0], _BAND):  # a whole copy in float64 would be memory
        band = np.nan_to_num(stored[top : top + _BAND].astype(np.float64) * factors, posinf=1)
        result[top : top + _BAND] = np.rint(65535 * np.clip(band, 0, 1))
    return result


def _tags(data: bytes) -> Directory:
    order, is_big = order_of(data), data.startswith(_BIG)
    first = number(data, 8, 8, order) if is_big else number(data, 4, 4, order)
    return directory_of(data, order, first, {_BITS, _KIND}, is_big)


def _values(data: bytes, tags: Directory, tag: int) -> set[int]:
    value, order = tags.get(tag), order_of(data)
    if value is None or value.kind != _SHORT:
        return set()
    return {number(value.data, at, 2, order) for at in range(0, len(value.data), 2)}

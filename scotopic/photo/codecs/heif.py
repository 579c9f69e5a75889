"""HEIC, by pillow-heif: read and not written."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from scotopic.errors import ScotopicError
from scotopic.types import Array

HEIF_SUFFIXES = (".heic", ".heif", ".hif")


_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def is_heif(data: bytes) -> bool:
    """Whether a file says of itself that it is HEIC."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def is_deep_avif(data: bytes) -> bool:
    """Whether an AVIF has more than 8 bits a channel, by its first av1C box. AV1-ISOBMFF, 2.3.3."""
    at = data.find(b"av1C")
    return at > 0 and bool(data[at + 6 : at + 7]) and bool(data[at + 6] & 0x40)


def open_heif(
    data: bytes, name: str, check: Callable[[int, bool], None]
) -> tuple[Image.Image, Array | None]:
    """Decode HEIC: the pixels come upright, and the orientation in EXIF says so.

    Parameters
    ----------
    data, name
        The file, and how errors name it.
    check : callable
        Is told how many pixels there are, and whether they have more than 8
        bits a channel, before they are decoded.

    Returns
    -------
    image : PIL image
        Of 8 bits a channel.
    pixels : array, (height, width, 3 or 4), uint16, or None
        The same, if there are more bits.

    Raises
    ------
    ScotopicError
        Without pillow-heif.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise ScotopicError(f"{name}: HEIC needs: pip install 'scotopic[heif]'") from error
    stored = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    is_deep = stored.mode.endswith(";16")
    check(stored.size[0] * stored.size[1], is_deep)
    image: Image.Image = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    image.format = "HEIF"
    return image, np.asarray(stored) if is_deep else None

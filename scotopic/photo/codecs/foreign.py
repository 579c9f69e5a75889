"""Formats that are read and not written: HEIC, by pillow-heif; camera RAW, by rawpy."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.errors import ScotopicError
from scotopic.photo.carried import exif_block, icc, raw_exif
from scotopic.types import Array

HEIF_SUFFIXES = (".heic", ".heif", ".hif")
RAW_SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf"),
    *(".rw2", ".pef", ".srw", ".3fr", ".erf", ".kdc", ".mrw", ".x3f"),
)
RESULT_SUFFIXES = dict.fromkeys(HEIF_SUFFIXES, ".jpg") | dict.fromkeys(RAW_SUFFIXES, ".tif")
"""What a picture of each is written as, unless asked otherwise."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_DNG_VERSION = 50706
_RAW_STARTS = (b"II\x1a\0\0\0HEAPCCDR", b"FUJIFILMCCD-RAW", b"FOVb")


def is_heif(data: bytes) -> bool:
    """Whether a file says of itself that it is HEIC."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def is_raw(data: bytes, name: str) -> bool:
    """Whether a file is camera RAW: by its start, or, since most are TIFFs, by its name or tags."""
    if data.startswith(_RAW_STARTS) or Path(name).suffix.lower() in RAW_SUFFIXES:
        return True
    is_cr2 = data[:4] == b"II*\0" and data[8:10] == b"CR"
    return is_cr2 or (data[:4] in (b"II*\0", b"MM\0*") and exif_block.has_tag(data, _DNG_VERSION))


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


def develop_raw(
    data: bytes, name: str, check: Callable[[int], None] = lambda size: None
) -> tuple[Array, bytes, bytes | None]:
    """Develop camera RAW: white balance of the camera, no automatic brightening.

    Parameters
    ----------
    data, name
        The file, and how errors name it.
    check : callable, optional
        Is told how many pixels there are before they are developed.

    Returns
    -------
    pixels : array, (height, width, 3), uint16
        Upright, sRGB.
    icc_profile : bytes
        That of sRGB.
    exif : bytes or None
        Without an orientation.

    Raises
    ------
    ScotopicError
        Without rawpy, and when it cannot read the file.
    """
    try:
        import rawpy
    except ImportError as error:
        raise ScotopicError(f"{name}: camera RAW needs: pip install 'scotopic[raw]'") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            check(raw.sizes.width * raw.sizes.height)
            pixels = raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=(2.4, 12.92)
            )
            exif = raw_exif.exif_of(data, getattr(raw, "other", None))
    except rawpy.LibRawError as error:
        raise ScotopicError(f"{name}: camera RAW that cannot be read: {error}") from error
    return np.ascontiguousarray(pixels), icc.srgb(), exif

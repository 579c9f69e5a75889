"""Formats that are read and not written: HEIC, by pillow-heif; camera RAW, by rawpy."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from scotopic.errors import ScotopicError

Array = NDArray[Any]

HEIF_SUFFIXES = (".heic", ".heif", ".hif")
RAW_SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf"),
    *(".rw2", ".pef", ".srw", ".3fr", ".erf", ".kdc", ".mrw", ".x3f"),
)
RESULT_SUFFIXES = dict.fromkeys(HEIF_SUFFIXES, ".jpg") | dict.fromkeys(RAW_SUFFIXES, ".tif")
"""What a picture of each is written as, unless asked otherwise."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_RAW_STARTS = (b"II\x1a\0\0\0HEAPCCDR", b"FUJIFILMCCD-RAW", b"FOVb")


def is_heif(data: bytes) -> bool:
    """Whether a file says of itself that it is HEIC."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def is_raw(data: bytes, name: str) -> bool:
    """Whether a file is camera RAW: by its start, or, since most are TIFFs, by its name."""
    return data.startswith(_RAW_STARTS) or Path(name).suffix.lower() in RAW_SUFFIXES


def open_heif(data: bytes, name: str) -> Image.Image:
    """Decode HEIC: the pixels come upright, and the orientation in EXIF says so.

    Raises
    ------
    ScotopicError
        Without pillow-heif.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise ScotopicError(f"{name}: HEIC needs: pip install 'scotopic[heif]'") from error
    image: Image.Image = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    image.format = "HEIF"
    return image


def develop_raw(data: bytes, name: str) -> tuple[Array, bytes]:
    """Develop camera RAW: white balance of the camera, no automatic brightening.

    Returns
    -------
    pixels : array, (height, width, 3), uint16
        Upright, sRGB.
    icc_profile : bytes
        That of sRGB.

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
            pixels = raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=(2.4, 12.92)
            )
    except rawpy.LibRawError as error:
        raise ScotopicError(f"{name}: camera RAW that cannot be read: {error}") from error
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return np.ascontiguousarray(pixels), profile

"""Camera RAW, by rawpy: read and not written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scotopic.errors import ScotopicError
from scotopic.photo.carried import exif_block, icc, raw_exif
from scotopic.photo.codecs.heif import HEIF_SUFFIXES
from scotopic.types import Array

RAW_SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf"),
    *(".rw2", ".pef", ".srw", ".3fr", ".erf", ".kdc", ".mrw", ".x3f"),
)


RESULT_SUFFIXES = dict.fromkeys(HEIF_SUFFIXES, ".jpg") | dict.fromkeys(RAW_SUFFIXES, ".tif")
"""What a picture of each is written as, unless asked otherwise."""


_DNG_VERSION = 50706


_RAW_STARTS = (b"II\x1a\0\0\0HEAPCCDR", b"FUJIFILMCCD-RAW", b"FOVb")


def is_raw(data: bytes, name: str) -> bool:
    """Whether a file is camera RAW: by its start, or, since most are TIFFs, by its name or tags."""
    if data.startswith(_RAW_STARTS) or Path(name).suffix.lower() in RAW_SUFFIXES:
        return True
    is_cr2 = data[:4] == b"II*\0" and data[8:10] == b"CR"
    return is_cr2 or (data[:4] in (b"II*\0", b"MM\0*") and exif_block.has_tag(data, _DNG_VERSION))


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

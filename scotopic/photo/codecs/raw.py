"""Camera RAW, by rawpy. It is read and not written."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from scotopic.errors import MissingPackageError, UnreadableError
from scotopic.photo import formats
from scotopic.photo.carried import exif_block, icc, raw_exif
from scotopic.types import Array

_DNG_VERSION = 50706
_STARTS = (b"II\x1a\0\0\0HEAPCCDR", b"FUJIFILMCCD-RAW", b"FOVb")
_TIFF_STARTS = (b"II*\0", b"MM\0*")


def is_raw(data: bytes, name: str) -> bool:
    """Whether a file is camera RAW: by its start, or, since most are TIFFs, by its name or tags."""
    if data.startswith(_STARTS) or formats.of_path(name) is formats.FORMATS["RAW"]:
        return True
    is_cr2 = data[:4] == _TIFF_STARTS[0] and data[8:10] == b"CR"
    return is_cr2 or (data.startswith(_TIFF_STARTS) and exif_block.has_tag(data, _DNG_VERSION))


def _plain(reason: str) -> str:
    """LibRaw's reason; a file that ends where it should not is an error of input to it."""
    return "the file is damaged or cut off" if "nput/output" in reason else reason


def develop_raw(
    data: bytes, check: Callable[[int], None] = lambda size: None
) -> tuple[Array, bytes, bytes | None]:
    """Develop camera RAW: white balance of the camera, no automatic brightening.

    Parameters
    ----------
    data : bytes
        The file.
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
    MissingPackageError
        Without rawpy.
    UnreadableError
        When rawpy cannot read the file.
    """
    try:
        import rawpy
    except ImportError as error:
        raise MissingPackageError(
            "camera RAW needs the package rawpy", remedy="pip install 'scotopic[raw]'"
        ) from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            check(max(sizes.width * sizes.height, sizes.raw_width * sizes.raw_height))
            pixels = raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=(2.4, 12.92)
            )
            exif = raw_exif.exif_of(data, getattr(raw, "other", None))
    except rawpy.LibRawError as error:
        words = error.args[0] if error.args else ""
        reason = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        raise UnreadableError(f"camera RAW that cannot be read: {_plain(reason)}") from error
    return np.ascontiguousarray(pixels), icc.srgb(), exif

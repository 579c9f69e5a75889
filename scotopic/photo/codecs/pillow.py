"""Writing by Pillow, which encodes all formats of 8 bits but TIFF, JPEG XL and JPEG 2000."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from scotopic.photo import animation, formats, images
from scotopic.photo.formats import Format
from scotopic.photo.photo import COMMENT, Photo

DEFAULT_QUALITY = 95


def save(
    photo: Photo,
    row: Format,
    options: dict[str, Any],
    prepared: Callable[[Image.Image], Image.Image] = lambda image: image,
) -> bytes:
    """Encode a photo of 8 bits a channel, with what its format has a place for.

    Parameters
    ----------
    photo : Photo
    row : Format
    options : dict
        For Pillow: how the format is compressed.
    prepared : callable, optional
        Makes of each frame's image the one that is saved.
    """
    alpha = photo.alpha if formats.TRANSPARENCY in row.holds else None
    options = _carried(photo, row) | options
    if photo.animation and row.animated:
        frames = [prepared(images.to_image(*frame)) for frame in photo.animation.frames]
        options |= {"save_all": True, "append_images": frames}
        options |= animation.timing(photo.animation, row)
    buffer = io.BytesIO()
    prepared(images.to_image(photo.pixels, alpha)).save(buffer, row.name, **options)
    return buffer.getvalue()


def _carried(photo: Photo, row: Format) -> dict[str, Any]:
    values = {
        "exif": (formats.EXIF, photo.exif),
        "icc_profile": (formats.PROFILE, photo.icc_profile),
        "xmp": (formats.XMP, photo.xmp),
        "dpi": (formats.RESOLUTION, photo.dpi),
        "comment": (
            formats.COMMENT,
            photo.text.get(COMMENT, "").encode("utf-8", "surrogateescape"),
        ),
    }
    return {key: value for key, (what, value) in values.items() if value and what in row.holds}

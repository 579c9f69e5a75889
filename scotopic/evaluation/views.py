"""Pictures made ready for people to look at."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from scotopic.photo import images
from scotopic.photo.carried import icc
from scotopic.photo.photo import Photo
from scotopic.types import Array


def as_seen(photo: Photo) -> Array:
    """The pixels of a photo as a viewer shows them: in sRGB, by its colour profile.

    Returns
    -------
    array, (height, width, 3), uint8
        Gray is repeated to three channels, and alpha is dropped.
    """
    pixels = images.in_8_bits(photo.pixels)
    image = images.to_image(pixels)
    if photo.icc_profile is not None:
        image = _in_srgb(image, photo.icc_profile)
    return np.asarray(image.convert("RGB"))


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """An image converted to sRGB, or as it is where its profile is of no use, as viewers do."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = ImageCms.ImageCmsProfile(io.BytesIO(icc.srgb()))
        return ImageCms.profileToProfile(image, own, wanted, outputMode="RGB") or image
    except (OSError, ImageCms.PyCMSError):
        return image


def autocontrast(picture: Array) -> Array:
    """Pillow's autocontrast, the classical baseline: uint8 to uint8."""
    stretched: Array = np.asarray(ImageOps.autocontrast(Image.fromarray(picture)))
    return stretched


def error_map(result: Array, reference: Array) -> Array:
    """Absolute differences of two uint8 pictures, times four, clipped at 255."""
    apart = np.abs(result.astype(np.int16) - reference.astype(np.int16))
    amplified: Array = np.minimum(4 * apart, 255).astype(np.uint8)
    return amplified


def scaled(picture: Array, width: int) -> Image.Image:
    """A uint8 picture scaled to a width in pixels."""
    image = Image.fromarray(picture)
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def as_data_url(image: Image.Image) -> str:
    """An image as a ``data:`` URL, in WebP."""
    coded = base64.b64encode(encoded(image, "WEBP", quality=90)).decode()
    return f"data:image/webp;base64,{coded}"


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    """An image as the bytes of a file, by Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()

"""Between Pillow's images and arrays, a band of rows at a time: a copy of all would be memory."""

from __future__ import annotations

import numpy as np
from PIL import Image

from scotopic.types import Array

_BAND = 256


def is_gray(image: Image.Image) -> bool:
    """Whether an image is gray by its mode, or by its palette and without a profile of colours."""
    if image.mode != "P" or "icc_profile" in image.info:
        return image.mode in ("1", "L", "LA", "La")
    colours = np.asarray(image.getpalette("RGB")).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def from_image(image: Image.Image, mode: str) -> Array:
    """Pixels of an image, converted to a mode: (height, width, channels), uint8."""
    height, width = image.height, image.width
    result = np.empty((height, width, len(mode)), np.uint8)
    for top in range(0, height, _BAND):
        band = image.crop((0, top, width, min(top + _BAND, height)))
        band = band if band.mode == mode else band.convert(mode)
        result[top : top + _BAND] = np.asarray(band).reshape(band.height, width, -1)
    return result


def to_image(pixels: Array, alpha: Array | None = None) -> Image.Image:
    """An image of pixels, uint8, and of alpha if there is any; 16-bit gray becomes ``I;16``."""
    height, width, channels = pixels.shape
    if pixels.dtype == np.uint16:
        return Image.fromarray(pixels[..., 0])
    mode = ("L" if channels == 1 else "RGB") + ("" if alpha is None else "A")
    image = Image.new(mode, (width, height))
    for top in range(0, height, _BAND):
        band = pixels[top : top + _BAND]
        if alpha is not None:
            band = np.concatenate([band, alpha[top : top + _BAND, :, None]], axis=-1)
        elif channels == 1:
            band = band[..., 0]
        image.paste(Image.fromarray(np.ascontiguousarray(band)), (0, top))
    return image

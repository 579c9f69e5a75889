"""Between Pillow's images and arrays, a band of rows at a time: a copy of all would be memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from scotopic.photo import formats
from scotopic.photo.carried import icc
from scotopic.types import Array

_BAND = 256
_WHITE_IS_ZERO = 0
"""Value of TIFF's tag 262 for gray that is stored inverted."""
_ALPHA_MODES = ("RGBA", "LA", "PA", "La", "RGBa")
_USUAL_MODES = ("RGB", "RGBA", "L", "LA", "CMYK")
"""Modes whose conversion loses nothing, or has a note of its own."""


@dataclass(frozen=True)
class Decoded:
    """The pixels of a picture.

    Attributes
    ----------
    pixels : array, (height, width, 3 or 1), uint8 or uint16
    alpha : array or None, (height, width), same type
    icc_profile : bytes or None
        Colour profile that the pixels have been converted to; None if they are in
        the encoding of their file.
    notes : tuple of str
        What had to be converted.
    """

    pixels: Array
    alpha: Array | None = None
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


def decoded(image: Image.Image) -> Decoded:
    """Pixels of a Pillow image of any mode, of 8 bits, or 16 if it is gray.

    Raises
    ------
    ValueError
        For 32 bits a channel.
    """
    mode = image.mode
    if mode in ("I", "F"):
        raise ValueError("32 bits a channel are not read; 8 and 16 are")
    if mode.startswith("I;16"):
        return _deep_gray(image)
    if mode == "CMYK":
        return _from_cmyk(image)
    wanted = "L" if is_gray(image) else "RGB"
    if "transparency" in image.info or mode in _ALPHA_MODES:
        wanted += "A"
    row = formats.of_name(image.format or "")
    is_usual = mode in (wanted, *_USUAL_MODES) or (row is not None and row.has_palette)
    notes = () if is_usual else (f"mode {mode} converted to {wanted}",)
    return split(from_image(image, wanted), notes=notes)


def split(array: Array, icc_profile: bytes | None = None, notes: tuple[str, ...] = ()) -> Decoded:
    """Colours and alpha of an array, (height, width) or (height, width, 1 to 4)."""
    if array.ndim == 2:
        array = array[..., None]
    has_alpha = array.shape[-1] in (2, 4)
    alpha = array[..., -1] if has_alpha else None
    colours = array[..., :-1] if has_alpha else array
    # Results take the place of the pixels, and some decoders' arrays may not be written to.
    colours = np.require(colours, requirements=["C_CONTIGUOUS", "WRITEABLE"])
    return Decoded(colours, alpha, icc_profile, notes)


def joined(pixels: Array, alpha: Array | None) -> Array:
    """Colours, and alpha as the last channel if there is any."""
    return pixels if alpha is None else np.concatenate([pixels, alpha[..., None]], axis=-1)


def in_8_bits(array: Array) -> Array:
    """An array of uint16 as uint8, rounded: (x + 128) // 257; one of uint8 as it is."""
    if array.dtype == np.uint8:
        return array
    result = np.empty(array.shape, np.uint8)
    for line, wide in zip(result, array, strict=True):  # row by row, for less memory
        line[:] = (wide.astype(np.uint32) + 128) // 257
    return result


def _deep_gray(image: Image.Image) -> Decoded:
    """16 bits of gray, which Pillow gives as they are stored."""
    pixels = np.asarray(image).astype(np.uint16)[..., None]
    tags = getattr(image, "tag_v2", {})
    if image.format == "TIFF" and tags.get(262) == _WHITE_IS_ZERO:
        pixels = 65535 - pixels
    clear = image.info.get("transparency")
    if clear is None:
        return Decoded(pixels)
    return Decoded(pixels, np.where(pixels[..., 0] == clear, 0, 65535).astype(np.uint16))


def _from_cmyk(image: Image.Image) -> Decoded:
    """By the image's own profile if it has a good one, else by the plain rule."""
    by_profile = icc.cmyk_to_srgb(image)
    if by_profile is None:
        notes = ("CMYK converted to RGB without a colour profile",)
        return split(from_image(image, "RGB"), notes=notes)
    notes = ("CMYK converted to sRGB by its colour profile",)
    return split(from_image(by_profile, "RGB"), icc.srgb(), notes)


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
        rows = slice(top, top + _BAND)
        band = joined(pixels[rows], None if alpha is None else alpha[rows])
        band = band[..., 0] if band.shape[-1] == 1 else band
        image.paste(Image.fromarray(np.ascontiguousarray(band)), (0, top))
    return image

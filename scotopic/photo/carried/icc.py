"""Colour profiles: sRGB, which ones are linear, and CMYK converted by its own profile.

ICC.1:2022, 7.2 (header), 7.3 (tag table), 10.6 (curves), 10.18 (parametric curves).
"""

from __future__ import annotations

import functools
import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from scotopic.types import Array

_CURVES = (b"rTRC", b"kTRC")
_LINEAR_WITHIN = 0.01


_DATE = slice(24, 36)
_FIRST_OF_2000 = b"\x07\xd0\0\1\0\1" + bytes(6)


@functools.cache
def srgb() -> bytes:
    """A profile of sRGB, the same bytes at any time.

    Its header says when it was made; by the clock, the same picture would not
    give the same bytes again.
    """
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[_DATE] = _FIRST_OF_2000
    return bytes(made)


def is_linear(profile: bytes | None) -> bool:
    """Whether the values of a picture with this profile are proportional to light."""
    curve = _curve(profile or b"")
    if curve[:4] == b"para":
        return curve[8:10] == b"\0\0" and curve[12:16] == b"\0\1\0\0"
    if curve[:4] != b"curv":
        return False
    count = int.from_bytes(curve[8:12], "big")
    table = np.frombuffer(curve[12 : 12 + 2 * count], ">u2").astype(np.float64)
    if count < 2:
        return count == 0 or table.tolist() == [256]
    straight = np.linspace(0, 65535, table.size)
    return bool(np.abs(table - straight).max() < _LINEAR_WITHIN * 65535)


def is_gray(profile: bytes | None) -> bool:
    """Whether a profile is one of gray, by its header."""
    return (profile or b"")[16:20] == b"GRAY"


def _curve(profile: bytes) -> bytes:
    """The tone curve of red, or of gray; empty if there is none."""
    for index in range(min(int.from_bytes(profile[128:132], "big"), 100)):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if entry[:4] in _CURVES:
            place, size = (int.from_bytes(entry[at : at + 4], "big") for at in (4, 8))
            return profile[place : place + size]
    return b""


def encoded(linear: Array) -> Array:
    """Linear values, uint8 or uint16, encoded by the curve of sRGB, uint16.

    Networks and the exposing curve expect such an encoding. IEC 61966-2-1.
    """
    values = np.arange(np.iinfo(linear.dtype).max + 1) / np.iinfo(linear.dtype).max
    curved = np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)
    table = np.rint(65535 * curved).astype(np.uint16)
    return np.asarray(table[linear])


def decoded(curved: Array, kind: Any) -> Array:
    """The inverse of `encoded`: linear values of the type ``kind``, uint8 or uint16."""
    values = np.arange(65536) / 65535
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    table = np.rint(np.iinfo(kind).max * linear).astype(kind)
    return np.asarray(table[curved])


def in_srgb(pixels: Array, profile: bytes) -> tuple[Array, bool]:
    """Pixels converted from their profile to sRGB, and whether that could be done.

    Parameters
    ----------
    pixels : array, (height, width, 3 or 1), uint8 or uint16
    profile : bytes
        Of colours or of gray; one that does not fit the pixels is not used.
    """
    try:
        import imagecodecs

        kind = "gray" if pixels.shape[-1] == 1 else "rgb"
        given = np.ascontiguousarray(pixels[..., 0] if kind == "gray" else pixels)
        made = imagecodecs.cms_transform(
            given, profile, srgb(), colorspace=kind, outcolorspace="rgb"
        )
    except (ImportError, ValueError, RuntimeError):  # of which the errors of lcms are
        return pixels, False
    return np.ascontiguousarray(made[..., : pixels.shape[-1]]), True


def is_srgb(profile: bytes) -> bool:
    """Whether colours of a profile are those of sRGB, to within a level of 8 bits."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    if is_gray(profile):
        colours = colours[..., :1]
    made, is_converted = in_srgb(colours, profile)
    return is_converted and int(np.abs(made.astype(int) - colours).max()) <= 1


def cmyk_to_srgb(image: Image.Image) -> Image.Image | None:
    """A CMYK image converted to sRGB by its own profile; None if it has no usable one."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        wanted = ImageCms.ImageCmsProfile(io.BytesIO(srgb()))
        return ImageCms.profileToProfile(image, own, wanted, outputMode="RGB")
    except (KeyError, OSError, ImageCms.PyCMSError):
        return None

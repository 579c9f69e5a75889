"""Colour profiles: sRGB, which ones are linear, and CMYK converted by its own profile.

ICC.1:2022, 7.2 (header), 7.3 (tag table), 10.6 (curves), 10.18 (parametric curves).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageCms

from scotopic.types import Array

_CURVES = (b"rTRC", b"kTRC")
_LINEAR_WITHIN = 0.01


_DATE = slice(24, 36)
_FIRST_OF_2000 = b"\x07\xd0\0\1\0\1" + bytes(6)


_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_MOST = 100.0


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


def made(xy: tuple[float, ...], exponent: float | None, is_gray: bool = False) -> bytes | None:
    """A profile of primaries and a curve; None if the primaries make no sense.

    Parameters
    ----------
    xy : tuple of 8 floats
        Chromaticities of white, red, green and blue.
    exponent : float or None
        Of the power of a value that is light; None for the curve of sRGB.
    is_gray : bool, optional
        Whether it is for pictures of one channel.
    """
    try:
        colours, adaptation = _matrices(np.reshape(xy, (4, 2)))
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    numbers = _SRGB_CURVE if exponent is None else (exponent,)
    curve = b"para\0\0\0\0" + (b"\0\3\0\0" if exponent is None else bytes(4)) + _fixed(numbers)
    tags = {
        b"desc": _text("colours told by numbers"),
        b"cprt": _text("no copyright"),
        b"wtpt": b"XYZ " + bytes(4) + _fixed(_D50),
        b"chad": b"sf32" + bytes(4) + _fixed(adaptation.ravel()),
    }
    if is_gray:
        tags[b"kTRC"] = curve
    else:
        names = (b"rXYZ", b"gXYZ", b"bXYZ")
        tags |= {n: b"XYZ " + bytes(4) + _fixed(c) for n, c in zip(names, colours.T, strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"GRAY" if is_gray else b"RGB ", tags)


def _matrices(xy: Array) -> tuple[Array, Array]:
    """The colours as XYZ under D50, in columns, and what adapted them. ICC.1:2022, annexes E, F."""
    white, *primaries = (np.array([x, y, 1 - x - y]) for x, y in xy)
    if not white[1] > 0:
        raise ZeroDivisionError
    columns, white = np.stack(primaries, axis=1), white / white[1]
    columns = columns * np.linalg.solve(columns, white)
    response = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    adaptation = np.linalg.solve(_BRADFORD, response[:, None] * _BRADFORD)
    colours = adaptation @ columns
    if not (np.isfinite(colours).all() and np.abs(colours).max() < _MOST):
        raise np.linalg.LinAlgError
    return colours, adaptation


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """ICC.1:2010 (version 4.3), 7.2 and 7.3."""
    table, body = len(tags).to_bytes(4, "big"), b""
    places: dict[bytes, int] = {}
    for name, data in tags.items():
        if data not in places:
            places[data] = 128 + 4 + 12 * len(tags) + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + places[data].to_bytes(4, "big") + len(data).to_bytes(4, "big")
    head = bytes(8) + b"\4\x30\0\0mntr" + space + b"XYZ " + _FIRST_OF_2000 + b"acsp"
    head = head.ljust(68, b"\0") + _fixed(_D50)
    whole = head.ljust(128, b"\0") + table + body
    return len(whole).to_bytes(4, "big") + whole[4:]


def _fixed(numbers: Iterable[float]) -> bytes:
    """Numbers as the type s15Fixed16."""
    return b"".join(round(65536 * each).to_bytes(4, "big", signed=True) for each in numbers)


def _text(text: str) -> bytes:
    """A text of the type multiLocalizedUnicode."""
    data = text.encode("utf-16-be")
    head = b"mluc" + bytes(4) + (1).to_bytes(4, "big") + (12).to_bytes(4, "big") + b"enUS"
    return head + len(data).to_bytes(4, "big") + (28).to_bytes(4, "big") + data


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


def in_srgb_8_bits(pixels: Array, profile: bytes) -> Array:
    """The same by Pillow alone, as it is where the profile cannot be used.

    Parameters
    ----------
    pixels : array, (height, width, 3 or 1), uint8
    profile : bytes
    """
    channels = pixels.shape[-1]
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = ImageCms.ImageCmsProfile(io.BytesIO(srgb()))
        made = ImageCms.profileToProfile(image, own, wanted, outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):
        return pixels
    return np.ascontiguousarray(np.asarray(made)[..., :channels])


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

"""Writing: from a `Photo` to the bytes of a file, with all that the format has a place for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from scotopic.errors import InvalidValueError, ScotopicError
from scotopic.photo import formats, images
from scotopic.photo.carried import curves, icc, xmp, xmp_names
from scotopic.photo.carried.curves import Curve
from scotopic.photo.codecs import ENCODERS, tiff
from scotopic.photo.formats import Format
from scotopic.photo.photo import COMMENT, Photo, readable
from scotopic.photo.quiet import quiet, unlimited
from scotopic.types import Array

_CUT = "16 bits a channel cut to 8: {} holds no more"


def encode(
    photo: Photo, format_name: str, quality: int | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """Encode a photo, with what it carries, as a file of a format.

    Parameters
    ----------
    photo : Photo
        Stays as it is.
    format_name : str
        A key of `formats.FORMATS`, of a format that is written.
    quality : int, optional
        1 to 100, for the formats that have one. Without it a JPEG is compressed as
        it was before, what was lossless is so again where the format can, and all
        else is written at a quality of 95.

    Returns
    -------
    data : bytes
        The file.
    notes : tuple of str
        What the format could not keep.

    Raises
    ------
    InvalidValueError
        When the format is not known, or not written.
    ScotopicError
        When the format cannot hold the picture, for example since it is too wide.
    MissingPackageError
        When an optional package is needed to encode it.
    """
    if format_name not in ENCODERS:
        raise InvalidValueError(f"{format_name!r} is not the name of a format that is written")
    row = formats.FORMATS[format_name]
    photo, notes = _as_held(photo, row)
    again = photo.lossless and quality is None
    photo = replace(photo, lossless=again or (row.lossless_at_100 and quality == 100))
    notes += _notes_on_losses(photo, row)
    if quality is not None and not row.has_quality:
        notes.append(f"quality not used: {row.label} has none")
    photo, lost = _credited(photo, row)
    notes += lost
    if photo.pixels.dtype == np.uint16 and row.bits < 16:
        photo = _in_8_bits(photo)
        notes.append(_CUT.format(row.label))
    try:
        with quiet(), unlimited():
            data, further = ENCODERS[row.name](photo, quality)
    except (OSError, ValueError, KeyError) as error:
        raise ScotopicError(f"cannot be written as {row.label}: {error}") from error
    return data, (*notes, *further)


def write_tiff(
    photo: Photo, file: BinaryIO, height: int, bands: Iterable[Array]
) -> tuple[str, ...]:
    """Write a TIFF of bands of rows, with what a photo carries.

    Parameters
    ----------
    photo : Photo
        May be without pixels. It stays as it is.
    file : binary file
        Empty and seekable.
    height : int
        Rows of all bands together.
    bands : iterable of arrays, (rows, width, channels), uint8 or uint16
        From top to bottom, with alpha as the last channel if there is any.

    Returns
    -------
    notes : tuple of str
        What could not be kept.

    Raises
    ------
    OSError
        When the file would exceed what a TIFF can hold, 4 GiB.
    """
    photo, lost = _credited(photo, formats.FORMATS["TIFF"])
    return (*lost, *tiff.write_photo(photo, file, height, bands))


def to_image(photo: Photo) -> Image.Image:
    """A Pillow image of a photo, with what it carries in its ``info``."""
    photo, _ = _with_colour_held(photo, formats.FORMATS["JPEG"])  # Pillow knows profiles alone
    image = images.to_image(photo.pixels, photo.alpha)
    carried: dict[str, Any] = {
        "exif": photo.exif,
        "icc_profile": photo.icc_profile,
        "xmp": photo.xmp,
        "dpi": photo.dpi,
        **{key: readable(value) for key, value in photo.text.items()},
    }
    image.info = {key: value for key, value in carried.items() if value is not None}
    return image


def what_stays(photo: Photo, format_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a file of a format would keep of a photo, and notes on what it would not.

    Both as of `encode`, without encoding anything.

    Returns
    -------
    kept : tuple of str
        Of `formats.PROPERTIES`.
    notes : tuple of str
    """
    row = formats.FORMATS[format_name]
    held, notes = _as_held(photo, row)
    kept = {what for what, value in _carried(held).items() if value and what in row.holds}
    if held.colour and formats.COLOUR in row.holds:
        kept.add(formats.COLOUR)
    notes = [*notes, *_notes_on_losses(held, row)]
    if held.pixels.dtype == np.uint16 and row.bits < 16:
        notes.append(_CUT.format(row.label))
    return tuple(what for what in formats.PROPERTIES if what in kept), tuple(notes)


def in_srgb(photo: Photo) -> tuple[Array, Array | None]:
    """Colours and alpha of a photo as a screen shows them: in sRGB, with 8 bits a channel.

    Returns
    -------
    pixels : array, (height, width, 3 or 1), uint8
    alpha : array, (height, width), uint8, or None
    """
    photo, _ = _with_colour_held(photo, formats.FORMATS["JPEG"])
    pixels = photo.pixels
    if photo.icc_profile:
        pixels, is_converted = icc.in_srgb(pixels, photo.icc_profile)
        if not is_converted:
            pixels = icc.in_srgb_8_bits(images.in_8_bits(pixels), photo.icc_profile)
    alpha = None if photo.alpha is None else images.in_8_bits(photo.alpha)
    return images.in_8_bits(pixels), alpha


def _credited(photo: Photo, row: Format) -> tuple[Photo, list[str]]:
    """The photo with what made it in its XMP, if there is room, and notes."""
    packet = photo.xmp
    if photo.made_by:
        packet = xmp.credit(packet, photo.made_by)
    notes = []
    if row.most_xmp is not None and packet and len(packet) > row.most_xmp:
        packet = photo.xmp
        if packet and len(packet) > row.most_xmp:
            notes.append(f"XMP not written: it is too large for a {row.label}")
            packet = None
    return replace(photo, xmp=packet, made_by=None), notes


def _as_held(photo: Photo, row: Format) -> tuple[Photo, list[str]]:
    """The photo without what would be wrong in a format, and notes."""
    photo, notes = _with_colour_held(photo, row)
    rest = photo.animation
    if rest and rest.apart and row.animated and not row.holds_frame_apart:
        notes.append("the picture that is apart from the animation left out")
        (pixels, alpha), *others = rest.frames
        rest = replace(rest, frames=others, apart=False) if others else None
        photo = replace(photo, pixels=pixels, alpha=alpha, animation=rest)
    if row.in_srgb and photo.icc_profile and not icc.is_srgb(photo.icc_profile):
        pixels, is_converted = icc.in_srgb(photo.pixels, photo.icc_profile)
        said = "colours converted to sRGB" if is_converted else "colour profile not used"
        notes.append(f"{said}: {row.label} is written without a profile")
        photo = replace(photo, pixels=pixels)
    if row.in_srgb:
        photo = replace(photo, icc_profile=None)
    if icc.is_gray(photo.icc_profile) and not row.gray:
        notes.append("colour profile of gray left out, since RGB is written")
        photo = replace(photo, icc_profile=None)
    if photo.extended_xmp and photo.xmp and formats.EXTENDED_XMP not in row.holds:
        photo = replace(photo, xmp=xmp_names.without_extension(photo.xmp))
    return photo, notes


def _with_colour_held(photo: Photo, row: Format) -> tuple[Photo, list[str]]:
    """The photo with a profile in the place of numbers that a format has no place for."""
    told = photo.colour
    is_held = told is None or (formats.COLOUR in row.holds and (told.codes or row.name == "PNG"))
    if told is None or is_held:
        return photo, []
    if photo.icc_profile and not told.codes:
        return replace(photo, colour=None), []
    notes, curve = [], told.curve()
    if curve and curve.is_hdr:
        photo = _under_usual_curve(photo, curve)
        notes.append(f"{curve.name} converted to the curve of sRGB: bright lights are compressed")
    profile = told.profile(photo.pixels.shape[-1] == 1 and row.gray)
    if profile and formats.PROFILE in row.holds:
        notes.append("colour told by numbers written as a colour profile")
    return replace(photo, colour=None, icc_profile=profile), notes


def _under_usual_curve(photo: Photo, curve: Curve) -> Photo:
    def converted(pixels: Array) -> Array:
        usual = curves.encoded(pixels, curve)
        return images.in_8_bits(usual) if pixels.dtype == np.uint8 else usual

    rest = photo.animation
    if rest:
        frames = [(converted(pixels), alpha) for pixels, alpha in rest.frames]
        rest = replace(rest, frames=frames)
    return replace(photo, pixels=converted(photo.pixels), animation=rest)


def _carried(photo: Photo) -> dict[str, Any]:
    """What a photo carries, by its names in `formats.PROPERTIES`."""
    return {
        formats.EXIF: photo.exif,
        formats.PROFILE: photo.icc_profile,
        formats.XMP: photo.xmp,
        formats.EXTENDED_XMP: photo.extended_xmp,
        formats.IPTC: photo.photoshop,
        formats.TEXT: photo.text.keys() - {COMMENT},
        formats.COMMENT: photo.text.get(COMMENT),
        formats.RESOLUTION: photo.dpi,
        formats.TRANSPARENCY: not _is_opaque(photo),
    }


def _notes_on_losses(photo: Photo, row: Format) -> list[str]:
    carried = _carried(photo)
    lost = [what for what, value in carried.items() if value and what not in row.holds]
    notes = [f"{', '.join(lost)} not written: {row.label} holds none"] if lost else []
    if photo.pixels.shape[-1] == 1 and not row.gray:
        notes.append(f"gray written as RGB: {row.label} holds no gray")
    if (
        formats.TRANSPARENCY in row.holds
        and not row.exact_alpha
        and not (photo.lossless or _is_opaque(photo))
    ):
        notes.append(f"transparency compressed with loss: {row.label} holds it so")
    if photo.animation and not row.animated:
        frames = 1 + len(photo.animation.frames)
        notes.append(f"{frames} frames: the first is written, {row.label} holds one")
    return notes


def _is_opaque(photo: Photo) -> bool:
    alpha = photo.alpha
    return alpha is None or int(alpha.min()) == np.iinfo(alpha.dtype).max


def _in_8_bits(photo: Photo) -> Photo:
    alpha = None if photo.alpha is None else images.in_8_bits(photo.alpha)
    return replace(photo, pixels=images.in_8_bits(photo.pixels), alpha=alpha)

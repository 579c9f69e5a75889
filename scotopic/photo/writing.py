"""A photo as a file: encoded, with what it carries, as far as the format has a place for it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

from scotopic.errors import ScotopicError
from scotopic.photo import animation, images
from scotopic.photo.carried import exif_block, icc, iptc, xmp
from scotopic.photo.codecs import deep, gif, tiff
from scotopic.photo.reading import COMMENT, XMP_TEXT, Photo
from scotopic.types import Array

DEEP_FORMATS = ("PNG", "TIFF")
DEFAULT_QUALITY = 95
HELD = {
    "JPEG": {"EXIF", "colour profile", "XMP", "extended XMP", "IPTC", "comment", "resolution"},
    "PNG": {"EXIF", "colour profile", "XMP", "text", "comment", "resolution", "transparency"},
    "WEBP": {"EXIF", "colour profile", "XMP", "transparency"},
    "AVIF": {"EXIF", "colour profile", "XMP", "transparency"},
    "TIFF": {"EXIF", "colour profile", "XMP", "IPTC", "resolution", "transparency"},
    "GIF": {"colour profile", "XMP", "comment", "transparency"},
    "BMP": {"resolution"},
}
"""What each format has a place for, of what a picture may carry."""
_MOST_XMP = 65504
"""Bytes of a packet that fit one segment of a JPEG. XMP part 3, 1.1.3."""
_USUAL_BUFFER = ImageFile.MAXBLOCK
_WITHOUT_GRAY = ("WEBP", "AVIF")
_BAND = 256
"""Rows that are handed to a writer at once."""
_OPTIMIZED_MEGAPIXELS = 50
"""Up to here a JPEG gets its own Huffman tables, for which libjpeg holds it whole."""


def encode(picture: Photo, form: str, quality: int | None = None) -> bytes:
    """Encode a photo, with what it carries, as a file of a format.

    Without a quality a JPEG is compressed as it was before, a WebP that was
    lossless is so again, and all else is written at 95. What the format has no
    place for is told in the photo's notes.

    Raises
    ------
    ScotopicError
        When the format cannot hold the picture.
    """
    picture = _as_held(picture, form)
    _say_what_is_lost(picture, form)
    picture = credited(picture, _MOST_XMP if form == "JPEG" else None)
    try:
        if form == "TIFF":
            return _encode_tiff(picture)
        if picture.pixels.dtype == np.uint16:
            if form in DEEP_FORMATS:
                return _with_chunks(deep.encode_png(_joined(picture)), picture)
            picture = _in_8_bits(picture, form)
        return _encode_8_bits(picture, form, quality)
    except (OSError, ValueError, KeyError) as error:
        raise ScotopicError(f"cannot be written as {form}: {error}") from error


def credited(picture: Photo, most: int | None = None) -> Photo:
    """The same, saying what made it, if there is room for that."""
    packet = picture.xmp
    if picture.made_by:
        packet = xmp.credit(packet, picture.made_by)
    if most is not None and packet and len(packet) > most:
        packet = picture.xmp
        if packet and len(packet) > most:
            picture.notes.append("XMP not written: it is too large for a JPEG")
            packet = None
    return replace(picture, xmp=packet, made_by=None)


def _as_held(picture: Photo, form: str) -> Photo:
    """The same, without what would be wrong in a format."""
    rest = picture.animation
    if rest and rest.apart and form in animation.FORMATS and form != "PNG":
        picture.notes.append("the picture that is apart from the animation left out")
        (pixels, alpha), *others = rest.frames
        rest = replace(rest, frames=others, apart=False) if others else None
        picture = replace(picture, pixels=pixels, alpha=alpha, animation=rest)
    if icc.is_gray(picture.icc_profile) and form in _WITHOUT_GRAY:
        picture.notes.append("colour profile of gray left out, since RGB is written")
        picture = replace(picture, icc_profile=None)
    return picture


def _say_what_is_lost(picture: Photo, form: str) -> None:
    held = HELD[form]
    carried = {
        "EXIF": picture.exif,
        "colour profile": picture.icc_profile,
        "XMP": picture.xmp,
        "extended XMP": picture.extended_xmp,
        "IPTC": picture.photoshop,
        "text": picture.text.keys() - {COMMENT},
        "comment": picture.text.get(COMMENT),
        "resolution": picture.dpi,
        "transparency": not _is_opaque(picture),
    }
    lost = [what for what, value in carried.items() if value and what not in held]
    if lost:
        picture.notes.append(f"{', '.join(lost)} not written: {form} holds none")
    if picture.pixels.shape[-1] == 1 and form in _WITHOUT_GRAY:
        picture.notes.append(f"gray written as RGB: {form} holds no gray")
    if form == "AVIF" and not _is_opaque(picture):
        picture.notes.append("transparency compressed: AVIF holds it so")
    if picture.animation and form not in animation.FORMATS:
        frames = 1 + len(picture.animation.frames)
        picture.notes.append(f"{frames} frames: the first is written, {form} holds one")


def _is_opaque(picture: Photo) -> bool:
    alpha = picture.alpha
    return alpha is None or int(alpha.min()) == np.iinfo(alpha.dtype).max


def _in_8_bits(picture: Photo, form: str) -> Photo:
    picture.notes.append(f"16 bits a channel cut to 8: {form} holds no more")
    alpha = None if picture.alpha is None else _cut(picture.alpha)
    return replace(picture, pixels=_cut(picture.pixels), alpha=alpha)


def _cut(array: Array) -> Array:
    """uint16 as uint8, rounded: (x + 128) / 257 in whole numbers, row by row."""
    result = np.empty(array.shape, np.uint8)
    for line, wide in zip(result, array, strict=True):
        line[:] = (wide.astype(np.uint32) + 128) // 257
    return result


def _encode_8_bits(picture: Photo, form: str, quality: int | None) -> bytes:
    held = HELD[form]
    alpha = picture.alpha if "transparency" in held else None
    block = picture.exif
    if form == "JPEG" and block and len(block) > exif_block.JPEG_LIMIT:
        block = exif_block.without_maker_note(block)
        picture.notes.append("MakerNote not written: it is too large for a JPEG")
    carried = {
        "exif": ("EXIF", block),
        "icc_profile": ("colour profile", picture.icc_profile),
        "xmp": ("XMP", picture.xmp),
        "dpi": ("resolution", picture.dpi),
        "comment": ("comment", picture.text.get(COMMENT, "").encode("latin-1", "replace")),
    }
    options = {key: value for key, (what, value) in carried.items() if value and what in held}
    options |= _options_of(picture, form, quality)
    if picture.animation and form in animation.FORMATS:
        options |= animation.save_options(picture.animation, form)
    image = animation.for_format(images.to_image(picture.pixels, alpha), form)
    data = _saved(image, form, options)
    if form == "GIF":
        return gif.with_extensions(data, picture.xmp, picture.icc_profile)
    if form == "JPEG":
        return iptc.into_jpeg(data, picture.photoshop, picture.extended_xmp)
    return data


def _options_of(picture: Photo, form: str, quality: int | None) -> dict[str, Any]:
    """How a format is compressed."""
    if form == "JPEG":
        size = picture.pixels.shape[0] * picture.pixels.shape[1]
        options = {"optimize": size < _OPTIMIZED_MEGAPIXELS * 1e6}
        if quality is None and picture.jpeg:
            return {**options, **picture.jpeg}
        return {**options, "quality": quality or DEFAULT_QUALITY, "subsampling": "4:4:4"}
    if form == "WEBP":
        return {"quality": quality or DEFAULT_QUALITY, "lossless": picture.lossless and not quality}
    if form == "AVIF":
        return {"quality": quality or DEFAULT_QUALITY, "subsampling": "4:4:4"}
    if form == "PNG":
        return {"pnginfo": _png_text(picture)}
    if form == "GIF":
        if picture.pixels.shape[-1] > 1:
            picture.notes.append("colours reduced to 256: GIF holds no more")
        return {"optimize": False}
    return {}


def _saved(image: Image.Image, form: str, options: dict[str, Any]) -> bytes:
    """Save by Pillow; a JPEG that its one buffer is too small for, by a larger one.

    That happens to noise at the highest quality. The larger buffer is not the
    rule, since it takes as much memory as the picture does twice.
    """
    buffer = io.BytesIO()
    try:
        image.save(buffer, form, **options)
    except OSError:
        if form != "JPEG":
            raise
        buffer = io.BytesIO()
        ImageFile.MAXBLOCK = 6 * image.width * image.height + 2**16
        try:
            image.save(buffer, form, **options)
        finally:
            ImageFile.MAXBLOCK = _USUAL_BUFFER
    return buffer.getvalue()


def _joined(picture: Photo) -> Array:
    if picture.alpha is None:
        return picture.pixels
    return np.concatenate([picture.pixels, picture.alpha[..., None]], axis=-1)


def _png_text(picture: Photo) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, value in picture.text.items():
        info.add_itxt(key, value)
    if picture.xmp:
        info.add_itxt(XMP_TEXT, picture.xmp.decode("utf-8", "replace"))
    return info


def _with_chunks(png: bytes, picture: Photo) -> bytes:
    """Put the chunks that Pillow writes for an 8-bit picture into another PNG."""
    small = replace(picture, pixels=np.zeros((1, 1, 3), np.uint8), alpha=None, animation=None)
    carrier = _encode_8_bits(small, "PNG", None)
    kept = b"".join(
        chunk for kind, chunk in _chunks(carrier) if kind not in (b"IHDR", b"IDAT", b"IEND")
    )
    head = 8 + 25
    return png[:head] + kept + png[head:]


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    result, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        result.append((png[at + 4 : at + 8], png[at : at + 12 + length]))
        at += 12 + length
    return result


def _encode_tiff(picture: Photo) -> bytes:
    file = io.BytesIO()
    write_tiff(picture, file, picture.pixels.shape[0], _bands(picture))
    return file.getvalue()


def write_tiff(picture: Photo, file: BinaryIO, height: int, bands: Iterable[Array]) -> None:
    """Write a TIFF of bands of rows, alpha joined to them, with what a photo carries.

    Raises
    ------
    OSError
        When it would exceed what a TIFF can hold.
    """
    resources = picture.photoshop
    carried = {tiff.XMP: picture.xmp, tiff.ICC_PROFILE: picture.icc_profile}
    carried |= {tiff.PHOTOSHOP: resources}
    carried |= {tiff.IPTC: iptc.records_of(resources) if resources else None}
    given = {tag: value for tag, value in carried.items() if value}
    block = picture.exif
    if block and not tiff.can_hold(block):
        picture.notes.append("EXIF not written: it is damaged")
        block = None
    tiff.write(file, bands, height, block, picture.dpi, given)


def _bands(picture: Photo) -> Iterator[Array]:
    for top in range(0, picture.pixels.shape[0], _BAND):
        band = np.s_[top : top + _BAND]
        alpha = None if picture.alpha is None else picture.alpha[band]
        yield _joined(replace(picture, pixels=picture.pixels[band], alpha=alpha))


def to_image(picture: Photo) -> Image.Image:
    """A Pillow image of a photo, with what it carries in its ``info``."""
    image = images.to_image(picture.pixels, picture.alpha)
    carried: dict[str, Any] = {
        "exif": picture.exif,
        "icc_profile": picture.icc_profile,
        "xmp": picture.xmp,
    }
    carried |= {"dpi": picture.dpi, **picture.text}
    image.info = {key: value for key, value in carried.items() if value is not None}
    return image

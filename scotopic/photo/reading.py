"""Reading: from the bytes of a file, or from a Pillow image, to a `Photo`."""

from __future__ import annotations

import contextlib
import io
import mmap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from PIL import Image, UnidentifiedImageError

from scotopic.errors import (
    MissingPackageError,
    Parameter,
    ScotopicError,
    TooLargeError,
    UnreadableError,
)
from scotopic.photo import animation, codecs, formats, images, metadata
from scotopic.photo.codecs import (
    avif,
    heif,
    jpeg,
    jpegxl,
    png,
    raw,
    tiff,
    tiff_numbers,
)
from scotopic.photo.cut_off import same_pixels
from scotopic.photo.images import Decoded
from scotopic.photo.limits import MAX_MEGAPIXELS, USUAL, Limits
from scotopic.photo.orientation import upright
from scotopic.photo.photo import Photo
from scotopic.photo.quiet import lenient, quiet, unlimited
from scotopic.storage import read_bytes
from scotopic.types import Array

_END_MISSING = "the end of the file is missing; all of its picture is there"
_CUT_OFF = "the file is cut off: what is missing of the picture is empty"
_FILLERS = (b"\0", b"\x5a\x3e" * 40)
"""What stands for missing bytes, and something else to see whether they matter."""


def read(
    source: str | Path | bytes,
    name: str | None = None,
    limits: Limits = USUAL,
    allow_truncated: bool = False,
) -> Photo:
    """Read a picture.

    Parameters
    ----------
    source : path or bytes
        A file, or what is in one.
    name : str, optional
        How errors name it; by default the path.
    limits : Limits, optional
        What it may take at most; it is refused before it is decoded.
    allow_truncated : bool
        Read a file that was cut off as far as it goes. What is missing is black or gray.

    Returns
    -------
    Photo
        Upright. Its notes say what had to be converted or left out.

    Raises
    ------
    UnreadableError
        When it is no picture, is damaged, or is of a kind that is not supported.
    TooLargeError
        When it is over the limits, or there is not enough memory to decode it.
    MissingPackageError
        When an optional package is needed to decode it.
    AccessError, MissingFileError
        When the file cannot be read, or is not there.
    """
    name = name or ("input" if isinstance(source, bytes) else str(source))
    data = source if isinstance(source, bytes) else read_bytes(Path(source), limits.memory)
    with decoding(name, limits):
        return _decoded(data, name, limits, allow_truncated)


def from_image(image: Image.Image) -> Photo:
    """Take the pixels of a Pillow image, turned upright, and what it carries.

    Raises
    ------
    UnreadableError
        When it cannot be decoded, or is of a mode that is not supported.
    """
    with decoding("image"):
        data, clear = _file_of(image), png.transparent_level(image)
        image.load()
        own = dict(image.info)
        try:
            if clear is not None:
                image.info["transparency"] = clear
            return _of_image(image, images.decoded(image), data)
        finally:
            image.info = own  # the image is the caller's, and stays as it is


def read_carried(path: Path, max_megapixels: int = MAX_MEGAPIXELS) -> Photo:
    """A photo of what a file carries, without its pixels, which are not decoded.

    Parameters
    ----------
    path : path
        Of a TIFF; other formats may have metadata behind their pixels.
    max_megapixels : int, optional
        As in `Limits`.

    Raises
    ------
    UnreadableError, TooLargeError
        As for `read`.
    """
    limits = Limits(max_megapixels)
    with (
        decoding(str(path), limits),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        Image.open(_known(file)) as image,
    ):
        limits.check(image)
        carried, _ = metadata.carried_by(image, cast("bytes", data))
        return replace(carried, notes=carried.notes + metadata.note_of_frames(image))


def _known(file: BinaryIO) -> BinaryIO:
    """A file that is not of a kind that Pillow does not know."""
    tiff.refuse_what_is_not_read(file.read(4))
    file.seek(0)
    return file


@contextlib.contextmanager
def decoding(name: str, limits: Limits | None = None) -> Iterator[None]:
    """Silence decoders, and make every error one of ours that names the picture.

    Parameters
    ----------
    name : str
        Of the picture.
    limits : Limits, optional
        Hold for everything that is decoded, whatever its header said.
    """
    try:
        with quiet(), unlimited(None if limits is None else limits.check_part):
            yield
    except ScotopicError as error:
        error.about(name)
        raise
    except MemoryError as error:
        raise TooLargeError("there is not enough memory to decode it", path=name) from error
    except UnidentifiedImageError as error:
        problem = "not a picture, or in a format that is not supported"
        raise UnreadableError(problem, path=name) from error
    except Exception as error:  # decoders raise errors of any kind for damaged files
        raise UnreadableError(f"damaged or unsupported: {error}", path=name) from error


def _decoded(data: bytes, name: str, limits: Limits, allow_truncated: bool) -> Photo:
    if not data:
        raise UnreadableError("the file is empty")
    try:
        return _whole(data, name, limits)
    except (TooLargeError, MissingPackageError, MemoryError):
        raise
    except Exception as error:  # decoders raise errors of any kind for what was cut off
        photo, is_whole = _completed(data, name, limits)
        if photo is None:
            raise
        if not is_whole and not allow_truncated:
            raise UnreadableError(
                "damaged: the file is cut off, and a part of the picture is missing",
                remedy=Parameter("allow_truncated"),
            ) from error
        photo.notes += (_END_MISSING if is_whole else _CUT_OFF,)
        return photo


def _completed(data: bytes, name: str, limits: Limits) -> tuple[Photo | None, bool]:
    """The photo of a file that was cut off, and whether all of its picture is there."""
    photos, has_begun = [], True
    for filler in _FILLERS:
        try:
            made = codecs.completed(data, filler)
            if made is None:
                return None, False
            with lenient():
                photos.append(_whole(made[0], name, limits))
            has_begun = has_begun and made[1]
        except (TooLargeError, MissingPackageError, MemoryError):
            raise
        except Exception:  # if nothing can be made of it, the first attempt's error says more
            break
    if not photos:
        return None, False
    return photos[0], has_begun and len(photos) == len(_FILLERS) and same_pixels(*photos)


def _whole(data: bytes, name: str, limits: Limits) -> Photo:
    if raw.is_raw(data, name):
        return _of_raw(data, limits)
    if heif.is_heif(data):
        return _of_heif(data, limits)
    if jpegxl.is_jxl(data):
        return _of_jxl(data, limits)
    with opened(data) as image:
        return _of_file(data, image, limits)


def opened(data: bytes) -> Image.Image:
    """Let Pillow open a file of a format that it knows, not decoded.

    Raises
    ------
    UnreadableError
        For a kind of it that is not read, of which Pillow would not say what is wrong.
    """
    jpeg.refuse_what_is_not_read(data)
    tiff.refuse_what_is_not_read(data)
    return Image.open(io.BytesIO(tiff_numbers.plain(data) if tiff_numbers.has_them(data) else data))


def _of_raw(data: bytes, limits: Limits) -> Photo:
    pixels, profile, block = raw.develop_raw(
        data, lambda size: limits.check_size(size, True, "RAW")
    )
    note = "developed from camera RAW" + ("" if block else "; no EXIF was found in it")
    return Photo(pixels, format="RAW", exif=block, icc_profile=profile, notes=(note,))


def _of_heif(data: bytes, limits: Limits) -> Photo:
    image, pixels = heif.open_heif(
        data, lambda size, is_deep: limits.check_size(size, is_deep, "HEIF")
    )
    if pixels is None:
        return _of_image(image, images.decoded(image), data)
    return _of_image(image, images.split(pixels), data)


def _file_of(image: Image.Image) -> bytes:
    """The file of an image that Pillow has opened and not loaded, where Pillow tells too little.

    That is so for the tags of a TIFF, for the colours of a PNG, AVIF or JPEG 2000.
    """
    file = getattr(image, "fp", None)
    if image.format not in ("TIFF", "PNG", "AVIF", "JPEG2000") or file is None or image.tell():
        return b""
    place = file.tell()
    file.seek(0)
    data = bytes(file.read())
    file.seek(place)
    return data


def _of_jxl(data: bytes, limits: Limits) -> Photo:
    image, header = jpegxl.open_jxl(data)
    limits.check_size(header.size[0] * header.size[1], header.bits > 8, "JPEGXL")
    return _of_image(image, jpegxl.decode(data, header), data)


def _of_image(image: Image.Image, pixels: Decoded, data: bytes = b"") -> Photo:
    carried, orientation = metadata.carried_by(image, data)
    return upright(_with_pixels(carried, pixels), orientation)


def _of_file(data: bytes, image: Image.Image, limits: Limits) -> Photo:
    """A photo of a file that Pillow has opened, and not decoded yet."""
    limits.check(image, data)
    if tiff_numbers.has_them(data):
        pixels = tiff_numbers.decode(data, image)
    elif codecs.is_deep(image, data):
        pixels = images.split(codecs.decode_deep(image, data))
    else:
        clear = png.transparent_level(image)
        if clear is not None:
            image.info["transparency"] = clear
        image.load()
        pixels = images.decoded(image)
    pixels = _shown(pixels, image, data)
    carried, orientation = metadata.carried_by(image, data)
    photo = _with_pixels(carried, pixels)
    row = formats.of_name(photo.format)
    frames = getattr(image, "n_frames", 1)
    is_of_8_bits = photo.pixels.dtype == np.uint8  # Pillow composes no frames of 16 bits
    if row is not None and row.animated and is_of_8_bits and frames > 1:
        size = image.size
        first, alpha, rest = animation.take(image)
        notes = (*photo.notes, *_note_of_growth(size, first))
        photo = replace(photo, pixels=first, alpha=alpha, animation=rest, notes=notes)
    else:
        photo.notes += metadata.note_of_frames(image)
    return upright(photo, orientation)


def _note_of_growth(size: tuple[int, int], first: Array) -> tuple[str, ...]:
    height, width = first.shape[:2]
    if (width, height) == size:
        return ()
    grown = f"from {size[0]}x{size[1]} to {width}x{height} pixels"
    return (f"enlarged {grown}, for a later frame that reaches beyond the first",)


def _shown(pixels: Decoded, image: Image.Image, data: bytes) -> Decoded:
    """What is to be seen of the decoded pixels of a first picture."""
    box = avif.clean_aperture(image, data)
    if box is not None:
        left, top, right, bottom = box
        part = np.s_[top:bottom, left:right]
        alpha = None if pixels.alpha is None else pixels.alpha[part]
        return replace(pixels, pixels=pixels.pixels[part].copy(), alpha=alpha)
    if image.format == "GIF" and getattr(image, "n_frames", 1) == 1:
        alpha = (
            np.full(image.size[::-1], 255, np.uint8)
            if pixels.alpha is None
            else pixels.alpha.copy()
        )
        animation.Drawn().clear(image, alpha)
        if pixels.alpha is not None or alpha.min() < 255:
            return replace(pixels, alpha=alpha)
    return pixels


def _with_pixels(carried: Photo, pixels: Decoded) -> Photo:
    return replace(
        carried,
        pixels=pixels.pixels,
        alpha=pixels.alpha,
        icc_profile=pixels.icc_profile or carried.icc_profile,
        notes=pixels.notes + carried.notes,
    )

"""Reading: from the bytes of a file, or from a Pillow image, to a `Photo`."""

from __future__ import annotations

import contextlib
import io
import mmap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, UnidentifiedImageError

from scotopic.errors import ScotopicError, TooLargeError, UnreadableError
from scotopic.photo import animation, formats, images, metadata
from scotopic.photo.codecs import deep, heif, raw
from scotopic.photo.images import Decoded
from scotopic.photo.limits import MAX_MEGAPIXELS, USUAL, Limits
from scotopic.photo.orientation import upright
from scotopic.photo.photo import Photo
from scotopic.photo.quiet import quiet, unlimited
from scotopic.storage import read_bytes
from scotopic.types import Array


def read(source: str | Path | bytes, name: str | None = None, limits: Limits = USUAL) -> Photo:
    """Read a picture.

    Parameters
    ----------
    source : path or bytes
        A file, or what is in one.
    name : str, optional
        How errors name it; by default the path.
    limits : Limits, optional
        What it may take at most; it is refused before it is decoded.

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
        return _decoded(data, name, limits)


def from_image(image: Image.Image) -> Photo:
    """Take the pixels of a Pillow image, turned upright, and what it carries.

    Raises
    ------
    UnreadableError
        When it cannot be decoded, or is of a mode that is not supported.
    """
    with decoding("image"):
        data = _file_of(image)
        image.load()
        return _of_image(image, images.decoded(image), data)


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
        Image.open(file) as image,
    ):
        limits.check(image)
        carried, _ = metadata.carried_by(image, cast("bytes", data))
        return replace(carried, notes=carried.notes + metadata.note_of_frames(image))


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


def _decoded(data: bytes, name: str, limits: Limits) -> Photo:
    if not data:
        raise UnreadableError("the file is empty")
    if raw.is_raw(data, name):
        return _of_raw(data, limits)
    if heif.is_heif(data):
        return _of_heif(data, limits)
    with Image.open(io.BytesIO(data)) as image:
        return _of_file(data, image, limits)


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

    That is so for the tags of a TIFF, and for the colours of a PNG or AVIF.
    """
    file = getattr(image, "fp", None)
    if image.format not in ("TIFF", "PNG", "AVIF") or file is None or image.tell():
        return b""
    place = file.tell()
    file.seek(0)
    data = bytes(file.read())
    file.seek(place)
    return data


def _of_image(image: Image.Image, pixels: Decoded, data: bytes = b"") -> Photo:
    carried, orientation = metadata.carried_by(image, data)
    return upright(_with_pixels(carried, pixels), orientation)


def _of_file(data: bytes, image: Image.Image, limits: Limits) -> Photo:
    """A photo of a file that Pillow has opened, and not decoded yet."""
    limits.check(image, data)
    if deep.is_deep(image, data):
        pixels = images.split(deep.decode(data, image))
    else:
        image.load()
        pixels = images.decoded(image)
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


def _with_pixels(carried: Photo, pixels: Decoded) -> Photo:
    return replace(
        carried,
        pixels=pixels.pixels,
        alpha=pixels.alpha,
        icc_profile=pixels.icc_profile or carried.icc_profile,
        notes=pixels.notes + carried.notes,
    )

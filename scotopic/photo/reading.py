"""Photo: a picture, and all that its file carries, as read."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from scotopic.errors import ScotopicError
from scotopic.photo import animation, images
from scotopic.photo.carried import exif, icc, iptc, xmp
from scotopic.photo.codecs import deep, gif, heif, raw, tiff, webp
from scotopic.photo.limits import MAX_MEGAPIXELS, Limits
from scotopic.storage import read_bytes
from scotopic.types import Array

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".gif": "GIF",
    ".bmp": "BMP",
}
COMMENT = "Comment"
XMP_TEXT = "XML:com.adobe.xmp"
_EXIF_TEXT = "Raw profile type exif"
_MOST_DPI = 1e5
_FOLDERS = (0x8769, 0x8825)
"""Tags that lead to EXIF's own folders."""


@dataclass
class Photo:
    """A picture, upright, and what came with it.

    Attributes
    ----------
    pixels : array, (height, width, 3) or (height, width, 1), uint8 or uint16
        Encoded values, in the picture's own colour encoding.
    alpha : array or None, (height, width), same type
    format : str
        Pillow's name of the file format.
    exif, icc_profile, xmp : bytes or None
        As stored; EXIF and XMP say upright, and EXIF has no thumbnail.
    extended_xmp : bytes or None
        Segments of a JPEG with what its XMP packet has no room for.
    text : dict
        PNG text chunks; the comment of a JPEG or GIF as ``Comment``.
    dpi : (float, float) or None
    photoshop : bytes or None
        Photoshop's resources, which hold the IPTC records.
    jpeg : dict
        How a JPEG was compressed: ``qtables``, ``subsampling``, ``progressive``.
    lossless : bool
        Whether a WebP was.
    animation : Animation or None
        The frames after the first, and how long each is shown.
    made_by : str or None
        What the file written will say that it was made by.
    notes : list of str
        What had to be converted, for the user to know.
    """

    pixels: Array
    alpha: Array | None = None
    format: str = "PNG"
    exif: bytes | None = None
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    extended_xmp: bytes | None = None
    text: dict[str, str] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    photoshop: bytes | None = None
    jpeg: dict[str, Any] = field(default_factory=dict)
    lossless: bool = False
    animation: animation.Animation | None = None
    made_by: str | None = None
    notes: list[str] = field(default_factory=list)

    def strip(self) -> None:
        """Drop all metadata but the colour profile."""
        self.exif = self.xmp = self.extended_xmp = self.dpi = self.photoshop = self.made_by = None
        self.text = {}


def read(
    source: str | Path | bytes,
    name: str | None = None,
    max_megapixels: int = MAX_MEGAPIXELS,
    memory: int | None = None,
) -> Photo:
    """Read a picture.

    Parameters
    ----------
    source : path or bytes
    name : str, optional
        How errors name it; by default the path.
    max_megapixels : int
        Larger pictures (of all frames) are refused before they are decoded.
    memory : int, optional
        Bytes that the whole process may take; a picture that cannot be read
        and written within them is refused before it is decoded.

    Raises
    ------
    ScotopicError
        When it cannot be read whole; one line that names it.
    """
    name = name or (str(source) if not isinstance(source, bytes) else "input")
    data = source if isinstance(source, bytes) else read_bytes(Path(source))
    if not data:
        raise ScotopicError(f"{name}: the file is empty")
    limits = Limits(max_megapixels, memory)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            photo, turn = _decode(data, name, limits)
            return _turn(photo, turn)
    except ScotopicError:
        raise
    except MemoryError as error:
        raise ScotopicError(f"{name}: not enough memory to decode it") from error
    except Image.UnidentifiedImageError as error:
        raise ScotopicError(f"{name}: not a picture, or of a format not known here") from error
    except Exception as error:
        raise _unreadable(name, error) from error


def _opened(source: Any) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # the limit is checked here, by name and for every format
    return Image.open(source)


def _unreadable(name: str, error: Exception) -> ScotopicError:
    """In one line, whatever a decoder says."""
    return ScotopicError(f"{name}: damaged or unsupported: {' '.join(str(error).split())}")


def from_image(image: Image.Image) -> Photo:
    """Take the pixels of a Pillow image, turned upright, and what it carries."""
    image.load()
    photo = Photo(np.empty(0), format=image.format or "PNG")
    try:
        _take_pixels(photo, image)
    except ValueError as error:
        raise ScotopicError(f"image: {error}") from error
    return _turn(photo, _take_carried(photo, image))


def read_carried(path: Path, max_megapixels: int = MAX_MEGAPIXELS) -> Photo:
    """A photo of what a file carries, without its pixels, which are not decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(path) as image:
                Limits(max_megapixels, None).check(image, str(path))
                photo = Photo(np.empty(0), format=image.format or "PNG")
                _take_carried(photo, image)
                _tell_of_frames(photo, image)
    except ScotopicError:
        raise
    except Exception as error:
        raise _unreadable(str(path), error) from error
    return photo


def _decode(data: bytes, name: str, limits: Limits) -> tuple[Photo, int]:
    """The photo, and the orientation that its pixels are in."""
    if raw.is_raw(data, name):
        pixels, profile, block = raw.develop_raw(
            data, name, lambda size: limits.check_size(name, size, True, "RAW")
        )
        notes = ["developed from camera RAW" + ("" if block else "; no EXIF was found in it")]
        return Photo(pixels, format="RAW", exif=block, icc_profile=profile, notes=notes), 1
    if heif.is_heif(data):
        image, pixels = heif.open_heif(
            data, name, lambda size, is_deep: limits.check_size(name, size, is_deep, "HEIF")
        )
        photo = from_image(image)
        if pixels is not None:
            _split(photo, pixels)
        return photo, 1
    with _opened(io.BytesIO(data)) as image:
        is_deep = deep.is_deep(image, data)
        limits.check(image, name, data)
        form = image.format or "PNG"
        photo = Photo(np.empty(0), format="JPEG" if form == "MPO" else form)
        if is_deep:
            _split(photo, deep.decode(data, image, name))
        else:
            image.load()
            _take_pixels(photo, image)
        turn = _take_carried(photo, image)
        if photo.format == "JPEG":
            resources, photo.jpeg = iptc.of_jpeg(data), _compression(image)
            photo.photoshop = resources and iptc.without_thumbnail(resources)
            photo.extended_xmp = iptc.extended_xmp_of(data)
        if form == "AVIF" and heif.is_deep_avif(data):
            photo.notes.append("more than 8 bits a channel read as 8")
        if form == "GIF":
            photo.xmp, photo.icc_profile = gif.extensions_of(data)
        photo.lossless = form == "WEBP" and webp.is_lossless(data)
        if form in animation.FORMATS and not is_deep and getattr(image, "n_frames", 1) > 1:
            photo.pixels, photo.alpha, photo.animation = animation.take(image)
        else:
            _tell_of_frames(photo, image)
    return photo, turn


def _tell_of_frames(photo: Photo, image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        photo.notes.append(f"{frames} pictures in the file: the first is taken")


def _take_carried(photo: Photo, image: Image.Image) -> int:
    """Take what is not pixels; the orientation that the pixels are in."""
    info = image.info
    if image.mode != "CMYK":
        photo.icc_profile = info.get("icc_profile")
    packet = info.get("xmp") or info.get(XMP_TEXT)
    photo.xmp = packet.encode() if isinstance(packet, str) else packet
    photo.photoshop = _photoshop_of_tiff(image) if photo.format == "TIFF" else None
    photo.text = dict(getattr(image, "text", {}) or {}) if photo.format == "PNG" else {}
    photo.text.pop(XMP_TEXT, None)
    comment = info.get("comment")
    if comment and photo.format in ("JPEG", "GIF"):
        photo.text[COMMENT] = comment if isinstance(comment, str) else comment.decode("latin-1")
    photo.dpi = info.get("dpi")
    if photo.dpi and not all(0 < each < _MOST_DPI for each in photo.dpi):
        photo.dpi = None
    gamma = info.get("gamma")
    if gamma and not photo.icc_profile and abs(gamma * 2.2 - 1) > 0.02:
        photo.notes.append(f"gamma {gamma:.4g} of a PNG left out")
    return _take_exif(photo, image)


def _take_exif(photo: Photo, image: Image.Image) -> int:
    """Take EXIF; the orientation that it tells. A damaged block is left out with a word."""
    try:
        turn = image.getexif().get(0x0112, 1)
        block = _exif_of_tiff(image) if photo.format == "TIFF" else image.info.get("exif")
        if block is None and _EXIF_TEXT in photo.text:
            block = bytes.fromhex("".join(photo.text.pop(_EXIF_TEXT).split("\n")[3:]))
        if block and not exif.has_header(block):
            raise ValueError("no header")
    except Exception:
        photo.notes.append("EXIF left out: it is damaged")
        return 1
    photo.exif = exif.of_result(block, turn in range(5, 9)) if block else None
    photo.xmp = xmp.upright(photo.xmp) if photo.xmp else None
    return turn if turn in range(2, 9) else 1


def _compression(image: Any) -> dict[str, Any]:
    """How a JPEG is compressed; nothing where Pillow cannot do the same."""
    if image.mode not in ("RGB", "L") or not image.quantization:
        return {}
    kept = {
        "qtables": list(image.quantization.values()),
        "progressive": bool(image.info.get("progressive")),
    }
    sampling = JpegImagePlugin.get_sampling(image) if image.mode == "RGB" else 0
    return {**kept, "subsampling": sampling} if sampling >= 0 else {}


def _photoshop_of_tiff(image: Any) -> bytes | None:
    """Photoshop's resources of a TIFF, or such as hold its IPTC records."""
    stored = image.tag_v2._tagdata  # as stored: some writers call bytes 32-bit numbers
    resources, records = stored.get(tiff.PHOTOSHOP), stored.get(tiff.IPTC)
    if records and (not resources or iptc.records_of(resources) is None):
        resources = iptc.resources_of(records) + (resources or b"")
    return iptc.without_thumbnail(resources) if resources else None


def _exif_of_tiff(image: Image.Image) -> bytes | None:
    """EXIF of a TIFF: its tags but those that say how its pixels are stored."""
    found, tags = image.getexif(), Image.Exif()  # a new one: that of a BigTIFF is no EXIF
    for tag in [tag for tag in found if tag not in tiff.PIXEL_TAGS]:
        tags[tag] = found.get_ifd(tag) if tag in _FOLDERS else found[tag]
    return tags.tobytes() if len(tags) else None


def _take_pixels(photo: Photo, image: Image.Image) -> None:
    mode = image.mode
    if mode in ("I", "F"):
        raise ValueError("32 bits a channel are not read; 8 and 16 are")
    if mode.startswith("I;16"):
        _take_deep_gray(photo, image)
        return
    if mode == "CMYK":
        image, wanted = _from_cmyk(photo, image), "RGB"
    elif "transparency" in image.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        wanted = "LA" if images.is_gray(image) else "RGBA"
    else:
        wanted = "L" if images.is_gray(image) else "RGB"
    is_usual = mode in (wanted, "RGB", "RGBA", "L", "LA", "CMYK") or image.format == "GIF"
    if not is_usual:
        photo.notes.append(f"mode {mode} converted to {wanted}")
    _split(photo, images.from_image(image, wanted))


def _take_deep_gray(photo: Photo, image: Image.Image) -> None:
    """16 bits of gray, which Pillow gives as they are stored."""
    photo.pixels = np.asarray(image).astype(np.uint16)[..., None]
    if image.format == "TIFF" and image.tag_v2.get(262) == 0:  # type: ignore[attr-defined]
        photo.pixels = 65535 - photo.pixels
    clear = image.info.get("transparency")
    if clear is not None:
        photo.alpha = np.where(photo.pixels[..., 0] == clear, 0, 65535).astype(np.uint16)


def _from_cmyk(photo: Photo, image: Image.Image) -> Image.Image:
    """By its own profile if it has a good one, else by the plain rule."""
    by_profile = icc.cmyk_to_srgb(image)
    if by_profile is None:
        photo.notes.append("CMYK converted to RGB without a colour profile")
        return image
    photo.icc_profile = icc.srgb()
    photo.notes.append("CMYK converted to sRGB by its colour profile")
    return by_profile


def _split(photo: Photo, array: Array) -> None:
    if array.ndim == 2:
        array = array[..., None]
    if array.shape[-1] in (2, 4):
        photo.alpha = array[..., -1]
        array = array[..., :-1]
    photo.pixels = np.ascontiguousarray(array)


def _turn(photo: Photo, turn: int) -> Photo:
    """Turn pixels upright that are in an EXIF orientation."""
    if turn != 1:
        photo.pixels = _turned(photo.pixels, turn)
        photo.alpha = None if photo.alpha is None else _turned(photo.alpha, turn)
        if photo.animation:
            photo.animation.frames = [
                (_turned(pixels, turn), None if alpha is None else _turned(alpha, turn))
                for pixels, alpha in photo.animation.frames
            ]
    return photo


def _turned(array: Array, turn: int) -> Array:
    if turn in (5, 6, 7, 8):
        array = np.swapaxes(array, 0, 1)
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)

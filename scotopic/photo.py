"""Photo: read and write a picture file with all that it carries."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin

from scotopic import foreign, iptc, tiff
from scotopic.errors import ScotopicError

Array = NDArray[Any]

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
DEEP_FORMATS = ("PNG", "TIFF")
DEFAULT_QUALITY = 95
MAX_MEGAPIXELS = 1000
"""Larger pictures are refused unless asked for: a small file can claim any size."""
_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377
_EXIF_FOLDERS = {0x8769, 0x8825, 0xA005}
_PIXEL_TAGS = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 280, 281, 284, 290, 291),
    *(282, 283, 296, 297, 301, 317, 318, 319, 320, 322, 323, 324, 325, 330, 332, 338, 339, 340),
    *(341, 347, 529, 530, 531, 532, _XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG, 34675, 37724),
}


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
        As stored; the orientation in EXIF is set to upright.
    text : dict
        PNG text chunks.
    dpi : (float, float) or None
    photoshop : bytes or None
        Photoshop's resources, which hold the IPTC records.
    jpeg : dict
        How a JPEG was compressed: ``qtables``, ``subsampling``, ``progressive``.
    notes : list of str
        What had to be converted, for the user to know.
    dropped : list of str
        Names of what no longer fits the converted pixels.
    """

    pixels: Array
    alpha: Array | None = None
    format: str = "PNG"
    exif: bytes | None = None
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    text: dict[str, str] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    photoshop: bytes | None = None
    jpeg: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def strip(self) -> None:
        """Drop all metadata but the colour profile."""
        self.exif, self.xmp, self.text, self.dpi, self.photoshop = None, None, {}, None, None


def read(
    source: str | Path | bytes, name: str | None = None, max_megapixels: int = MAX_MEGAPIXELS
) -> Photo:
    """Read a picture.

    Parameters
    ----------
    source : path or bytes
    name : str, optional
        How errors name it; by default the path.
    max_megapixels : int
        Larger pictures are refused before they are decoded.

    Raises
    ------
    ScotopicError
        When it cannot be read whole; one line that names it.
    """
    name = name or (str(source) if not isinstance(source, bytes) else "input")
    data = source if isinstance(source, bytes) else read_bytes(Path(source))
    if not data:
        raise ScotopicError(f"{name}: the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(data, name, max_megapixels)
    except ScotopicError:
        raise
    except MemoryError as error:
        raise ScotopicError(f"{name}: not enough memory to decode it") from error
    except Image.UnidentifiedImageError as error:
        raise ScotopicError(f"{name}: not a picture, or of a format not known here") from error
    except Exception as error:
        raise ScotopicError(f"{name}: damaged or unsupported: {error}") from error


def read_bytes(path: Path) -> bytes:
    """Bytes of a file; a `ScotopicError` that names it when there are none to be had."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScotopicError(f"{path}: {error.strerror or error}") from error


def from_image(image: Image.Image) -> Photo:
    """Take the pixels of a Pillow image, turned upright, and what it carries."""
    image.load()
    photo = Photo(np.empty(0), format=image.format or "PNG")
    _take_pixels(photo, image)
    _take_carried(photo, image)
    return photo


def to_image(photo: Photo) -> Image.Image:
    """A Pillow image of a photo, with what it carries in its ``info``."""
    pixels = _joined(photo, "PNG")
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    carried = {"exif": photo.exif, "icc_profile": photo.icc_profile, "xmp": photo.xmp}
    carried |= {"dpi": photo.dpi, **photo.text}
    image.info = {key: value for key, value in carried.items() if value is not None}
    return image


def _check_size(image: Image.Image, name: str, max_megapixels: int) -> None:
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        raise ScotopicError(
            f"{name}: {megapixels:.4g} megapixels, over the limit of {max_megapixels}; "
            "raise it by --max-megapixels"
        )


def _decode(data: bytes, name: str, max_megapixels: int) -> Photo:
    Image.MAX_IMAGE_PIXELS = None  # the limit is checked here, by name and for every format
    if foreign.is_raw(data, name):
        pixels, profile = foreign.develop_raw(data, name)
        notes = ["developed from camera RAW; its EXIF is not carried over"]
        return Photo(pixels, format="RAW", icc_profile=profile, notes=notes)
    if foreign.is_heif(data):
        image = foreign.open_heif(data, name)
        _check_size(image, name, max_megapixels)
        return from_image(image)
    with Image.open(io.BytesIO(data)) as image:
        _check_size(image, name, max_megapixels)
        form = image.format or "PNG"
        deep = _decode_deep(data, form, name)
        photo = Photo(np.empty(0), format="JPEG" if form == "MPO" else form)
        if deep is not None:
            _split(photo, deep)
        else:
            image.load()
            _take_pixels(photo, image)
        _take_carried(photo, image)
        if photo.format == "JPEG":
            photo.photoshop, photo.jpeg = iptc.of_jpeg(data), _compression(image)
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            photo.notes.append(f"{frames} pictures in the file: the first is taken")
    return photo


def _take_carried(photo: Photo, image: Image.Image) -> None:
    """Take what is not pixels; turn those upright."""
    info = image.info
    turn = image.getexif().get(0x0112, 1)
    if "icc_profile" not in photo.dropped:
        photo.icc_profile = info.get("icc_profile")
    exif = _exif_of_tiff(image) if photo.format == "TIFF" else info.get("exif")
    photo.exif = upright_exif(exif) if exif else None
    photo.xmp = _xmp(info)
    photo.photoshop = _photoshop_of_tiff(image) if photo.format == "TIFF" else None
    photo.text = dict(getattr(image, "text", {}) or {}) if photo.format == "PNG" else {}
    photo.text.pop("XML:com.adobe.xmp", None)
    photo.dpi = info.get("dpi")
    if turn in range(2, 9):
        photo.pixels = _turned(photo.pixels, turn)
        photo.alpha = None if photo.alpha is None else _turned(photo.alpha, turn)


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
    raw = image.tag_v2._tagdata  # as stored: some writers call bytes 32-bit numbers
    resources, records = raw.get(_PHOTOSHOP_TAG), raw.get(_IPTC_TAG)
    if records and (not resources or iptc.records_of(resources) is None):
        return iptc.resources_of(records) + (resources or b"")
    return resources or None


def _exif_of_tiff(image: Image.Image) -> bytes | None:
    """EXIF of a TIFF: its tags but those that say how its pixels are stored."""
    tags = image.getexif()
    for tag in [tag for tag in tags if tag in _PIXEL_TAGS]:
        del tags[tag]
    return tags.tobytes() if len(tags) else None


def _take_pixels(photo: Photo, image: Image.Image) -> None:
    mode = image.mode
    if "transparency" in image.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        wanted = "LA" if mode in ("LA", "La", "L", "1") else "RGBA"
    elif mode in ("L", "1"):
        wanted = "L"
    elif mode in ("I;16", "I;16B", "I;16L"):
        photo.pixels = np.asarray(image).astype(np.uint16)[..., None]
        return
    else:
        wanted = "RGB"
    if mode not in (wanted, "RGB", "RGBA", "L", "LA"):
        photo.notes.append(f"mode {mode} converted to {wanted}")
        if mode == "CMYK":
            photo.dropped.append("icc_profile")
    _split(photo, np.asarray(image if mode == wanted else image.convert(wanted)))


def _split(photo: Photo, array: Array) -> None:
    if array.ndim == 2:
        array = array[..., None]
    if array.shape[-1] in (2, 4):
        photo.alpha = array[..., -1]
        array = array[..., :-1]
    photo.pixels = np.ascontiguousarray(array)


def _decode_deep(data: bytes, form: str, name: str) -> Array | None:
    """Pixels of a 16-bit PNG or TIFF in colour, which Pillow would cut to 8."""
    if form == "PNG" and data[24] == 16 and data[25] != 0:
        codecs = _imagecodecs(name)
        return np.asarray(codecs.png_decode(data))
    if form == "TIFF":
        with Image.open(io.BytesIO(data)) as image:
            bits = image.tag_v2.get(258, (8,))  # type: ignore[attr-defined]
            samples = image.tag_v2.get(277, 1)  # type: ignore[attr-defined]
        if 16 in bits and samples >= 3:
            _imagecodecs(name)
            import tifffile

            if image.tag_v2.get(262) != 2:  # type: ignore[attr-defined]
                raise ScotopicError(f"{name}: 16-bit TIFF in other colours than RGB")
            array = np.asarray(tifffile.imread(io.BytesIO(data), key=0))
            planar = image.tag_v2.get(284) == 2  # type: ignore[attr-defined]
            return np.moveaxis(array, 0, -1) if planar else array
    return None


def _imagecodecs(name: str) -> Any:
    try:
        import imagecodecs
    except ImportError as error:
        raise ScotopicError(
            f"{name}: 16 bits a channel need: pip install 'scotopic[deep]'"
        ) from error
    return imagecodecs


def _turned(array: Array, turn: int) -> Array:
    """Apply an EXIF orientation to any array of pixels."""
    if turn in (5, 6, 7, 8):
        array = np.swapaxes(array, 0, 1)
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def upright_exif(exif: bytes) -> bytes:
    """Set the orientation to 1 in place; every other byte stays as it was."""
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    tiff = bytearray(exif)
    order = {b"II": "little", b"MM": "big"}.get(bytes(tiff[start : start + 2]))
    if order is None:
        return exif

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)  # type: ignore[arg-type]

    directory = start + number(start + 4, 4)
    for index in range(number(directory, 2)):
        entry = directory + 2 + 12 * index
        if entry + 12 <= len(tiff) and number(entry, 2) == 0x0112:
            tiff[entry + 8 : entry + 10] = (1).to_bytes(2, order)  # type: ignore[arg-type]
    return bytes(tiff)


def _xmp(info: dict[str, Any]) -> bytes | None:
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    return xmp.encode() if isinstance(xmp, str) else xmp


_XMP_SHELL = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    '"http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"


def credit(xmp: bytes | None, software: str) -> bytes:
    """Add what made the picture to its XMP; what was there stays.

    A packet that says of itself already what made it keeps that too.
    """
    packet = xmp or _XMP_SHELL.encode()
    end = packet.rfind(b"</rdf:RDF>")
    if end < 0:
        return packet
    entry = (
        '<rdf:Description rdf:about="" xmlns:scotopic="https://ns.scotopic/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'scotopic:Software="{software}"'
    )
    if b"DigitalSourceType" not in packet:
        entry += f' Iptc4xmpExt:DigitalSourceType="{_SOURCE_TYPE}"'
    if b"CreatorTool" not in packet:
        entry += f' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="{software}"'
    return packet[:end] + (entry + "/>").encode() + packet[end:]


def encode(photo: Photo, form: str, quality: int | None = None) -> bytes:
    """Encode a photo, with what it carries, as a file of a format.

    Without a quality a JPEG is compressed as it was before, and what was none
    at 95.

    Raises
    ------
    ScotopicError
        When the format cannot hold the picture.
    """
    try:
        if photo.pixels.dtype == np.uint16:
            if form in DEEP_FORMATS:
                return _encode_deep(photo, form)
            photo = _in_8_bits(photo, form)
        return _encode_8_bits(photo, form, quality)
    except (OSError, ValueError) as error:
        raise ScotopicError(f"cannot be written as {form}: {error}") from error


def _in_8_bits(photo: Photo, form: str) -> Photo:
    def cut(array: Array) -> Array:
        return np.rint(array / np.float32(257)).astype(np.uint8)

    photo.notes.append(f"16 bits a channel cut to 8: {form} holds no more")
    alpha = None if photo.alpha is None else cut(photo.alpha)
    return Photo(**{**vars(photo), "pixels": cut(photo.pixels), "alpha": alpha})


def _encode_8_bits(photo: Photo, form: str, quality: int | None) -> bytes:
    pixels = _joined(photo, form)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    options: dict[str, Any] = {}
    if photo.icc_profile and form != "BMP":
        options["icc_profile"] = photo.icc_profile
    if photo.exif and form != "BMP":
        options["exif"] = photo.exif
    if photo.xmp and form in ("JPEG", "WEBP"):
        options["xmp"] = photo.xmp
    if photo.dpi and form != "WEBP":
        options["dpi"] = photo.dpi
    if form == "JPEG":
        options |= {"optimize": True, **_jpeg_options(photo, quality)}
    if form == "WEBP":
        options |= {"quality": quality or DEFAULT_QUALITY}
    if form == "TIFF":
        tags = _tiff_tags(photo)
        options["exif"] = tags
        if not _EXIF_FOLDERS.intersection(tags):
            options["compression"] = "tiff_adobe_deflate"
    if form == "PNG":
        options["pnginfo"] = _png_text(photo)
    data = _saved(image, form, options)
    if photo.photoshop and form == "JPEG":
        return iptc.into_jpeg(data, photo.photoshop)
    if photo.photoshop and form != "TIFF":
        photo.notes.append(f"IPTC not written: {form} holds none")
    return data


def _saved(image: Image.Image, form: str, options: dict[str, Any]) -> bytes:
    """Save by Pillow; a JPEG that its one buffer is too small for, by a larger one.

    That happens to noise at the highest quality. The larger buffer is not the
    rule, since it takes as much memory as the picture does twice.
    """
    buffer, usual = io.BytesIO(), ImageFile.MAXBLOCK
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
            ImageFile.MAXBLOCK = usual
    return buffer.getvalue()


def _jpeg_options(photo: Photo, quality: int | None) -> dict[str, Any]:
    if quality is not None or not photo.jpeg:
        return {"quality": quality or DEFAULT_QUALITY, "subsampling": "4:4:4"}
    return photo.jpeg


def _tiff_tags(photo: Photo) -> Image.Exif:
    """In a TIFF, EXIF and XMP are tags of the picture itself.

    Pillow writes tags that are folders of tags only without compression.
    """
    tags = Image.Exif()
    if photo.exif:
        tags.load(photo.exif)
    if photo.xmp:
        tags[_XMP_TAG] = photo.xmp
    if photo.photoshop:
        tags[_PHOTOSHOP_TAG] = photo.photoshop
        tags[_IPTC_TAG] = iptc.records_of(photo.photoshop) or b""
    return tags


def _joined(photo: Photo, form: str) -> Array:
    if photo.alpha is None:
        return photo.pixels
    if form in ("JPEG", "BMP"):
        if photo.alpha.min() < np.iinfo(photo.alpha.dtype).max:
            photo.notes.append(f"transparency dropped: {form} holds none")
        return photo.pixels
    return np.concatenate([photo.pixels, photo.alpha[..., None]], axis=-1)


def _png_text(photo: Photo) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, value in photo.text.items():
        info.add_itxt(key, value)
    if photo.xmp:
        info.add_itxt("XML:com.adobe.xmp", photo.xmp.decode("utf-8", "replace"))
    return info


def _encode_deep(photo: Photo, form: str) -> bytes:
    codecs = _imagecodecs("output")
    pixels = np.ascontiguousarray(_joined(photo, form))
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    if form == "PNG":
        return _with_chunks(codecs.png_encode(pixels, level=6), photo)
    import tifffile

    buffer = io.BytesIO()
    kind = "minisblack" if photo.pixels.shape[-1] == 1 else "rgb"
    order = tiff.byte_order(photo.exif) if photo.exif else None
    tifffile.imwrite(
        buffer,
        pixels,
        byteorder=">" if order == "big" else "<",
        photometric=kind,
        compression="zlib",
        iccprofile=photo.icc_profile,
        extrasamples=None if photo.alpha is None else ["unassalpha"],
        extratags=_deep_tags(photo),
        metadata=None,
        software=False,
        **({} if photo.dpi is None else {"resolution": photo.dpi, "resolutionunit": 2}),
    )
    try:
        if photo.exif:
            return tiff.with_exif(buffer.getvalue(), photo.exif, _PIXEL_TAGS)
    except ValueError:
        photo.notes.append("EXIF not written: it is damaged")
    return buffer.getvalue()


def _deep_tags(photo: Photo) -> list[tuple[int, int, int, bytes, bool]]:
    """Tags for tifffile: number, type, count, value, once."""
    resources = photo.photoshop
    values = [(_XMP_TAG, 1, photo.xmp), (_PHOTOSHOP_TAG, 7, resources)]
    values.append((_IPTC_TAG, 7, iptc.records_of(resources) if resources else None))
    return [(tag, kind, len(value), value, True) for tag, kind, value in values if value]


def _with_chunks(png: bytes, photo: Photo) -> bytes:
    """Put the chunks that Pillow writes for an 8-bit picture into another PNG."""
    small = Photo(**{**vars(photo), "pixels": np.zeros((1, 1, 3), np.uint8), "alpha": None})
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


def write_atomically(data: bytes, target: Path) -> None:
    """Put a file in place whole: temporary file, flush, rename.

    The temporary file has one name for each target: what a killed process
    left is used up by the next one.

    Raises
    ------
    ScotopicError
        When it cannot be written; nothing is left behind.
    """
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()
    temporary = target.with_name(f".scotopic-{digest[:16]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ScotopicError(f"{target}: cannot be written: {error.strerror}") from error

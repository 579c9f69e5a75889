"""JPEG: how one is compressed, and the segments that Pillow does not read or write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import JpegImagePlugin

from scotopic.errors import UnreadableError
from scotopic.photo import formats, images
from scotopic.photo.carried import exif_block, iptc, tiff_exif
from scotopic.photo.codecs import jpeg_planes, pillow
from scotopic.photo.cut_off import Completed
from scotopic.photo.formats import Format
from scotopic.photo.photo import Photo

_APP1, _APP13 = 0xE1, 0xED
_END, _SCAN = b"\xff\xd9", 0xDA
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
"""Markers of frames that are read: by Huffman or arithmetic coding, sequential or progressive."""
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MOST = 0xFFFF - 2 - len(_PHOTOSHOP)
"""Bytes of Photoshop's resources that fit one segment."""
_OPTIMIZED_MEGAPIXELS = 50
"""Up to here a JPEG gets its own Huffman tables, for which libjpeg holds it whole."""


def encode(photo: Photo, quality: int | None = None) -> tuple[bytes, tuple[str, ...]]:
    """A JPEG file, and notes on what could not be kept.

    Without a quality it is compressed as it was before, if it was a JPEG.
    """
    notes: list[str] = []
    if photo.exif and len(photo.exif) > exif_block.JPEG_LIMIT:
        block, notes = tiff_exif.fitted(photo.exif, exif_block.JPEG_LIMIT)
        photo = replace(photo, exif=block)
    row, options = formats.FORMATS["JPEG"], _options(photo, quality)
    try:
        data = _saved(photo, row, options)
    except OSError:
        # Pillow gives an optimized or progressive JPEG one buffer, which noise at a
        # high quality does not fit. It is only enlarged for the whole process.
        if not options["optimize"] and not options.get("progressive"):
            raise
        data = _saved(photo, row, options | {"optimize": False, "progressive": False})
        if options.get("progressive"):
            notes.append("JPEG not progressive as it was: its noise exceeds the encoder's buffer")
    return with_segments(data, photo.photoshop, photo.extended_xmp), tuple(notes)


def _saved(photo: Photo, row: Format, options: dict[str, Any]) -> bytes:
    sampling = options.pop("sampling", None)
    if sampling is None or photo.pixels.shape[-1] != len(sampling):
        return pillow.save(photo, row, options)
    tables = options.pop("tables")
    empty = replace(photo, pixels=np.zeros((8, 8, 3), np.uint8), alpha=None, animation=None)
    image = images.to_image(photo.pixels)
    del options["qtables"]
    return jpeg_planes.encode(image, pillow.save(empty, row, {}), sampling, tables, options)


def _options(photo: Photo, quality: int | None) -> dict[str, Any]:
    height, width = photo.pixels.shape[:2]
    options: dict[str, Any] = {"optimize": height * width < _OPTIMIZED_MEGAPIXELS * 1e6}
    if quality is None and photo.jpeg:
        return options | photo.jpeg
    return options | {"quality": quality or pillow.DEFAULT_QUALITY, "subsampling": "4:4:4"}


def carried(photo: Photo, image: Any, data: bytes) -> Photo:
    """The photo with its file's image resources, extended XMP, and way of compression."""
    resources = photoshop_of(data)
    return replace(
        photo,
        photoshop=resources and iptc.without_thumbnail(resources),
        extended_xmp=extended_xmp_of(data),
        jpeg=compression_of(image),
    )


def compression_of(image: Any) -> dict[str, Any]:
    """How a JPEG is compressed, as in `Photo.jpeg`; empty where that cannot be done again.

    Parameters
    ----------
    image : PIL image
        That Pillow has opened from a JPEG file.
    """
    if image.mode not in ("RGB", "L") or not image.quantization:
        return {}
    kept = {
        "qtables": list(image.quantization.values()),
        "progressive": bool(image.info.get("progressive")),
    }
    subsampling = JpegImagePlugin.get_sampling(image) if image.mode == "RGB" else 0
    if subsampling >= 0:
        return {**kept, "subsampling": subsampling}
    sampling = tuple(tuple(channel[1:]) for channel in image.layer)
    is_known = all(table in image.quantization for *_, table in sampling)
    if not is_known or not jpeg_planes.can_be_written(sampling):
        return {}
    return {**kept, "sampling": sampling, "tables": image.quantization}


def completed(data: bytes, filler: bytes) -> Completed | None:
    """A JPEG that was cut off, with filler for more of its scan and an end marker.

    What the filler does not reach becomes gray: libjpeg leaves it so.
    """
    data = data.rstrip(b"\0")
    return None if data.endswith(_END) else (data + filler + _END, _has_all_scans(data))


def _has_all_scans(data: bytes) -> bool:
    """Whether the scans that have begun give all bits of all coefficients. ITU-T T.81, G.1.1."""
    frame, is_known = b"", set[tuple[int, int]]()
    at = 2
    while at + 4 <= len(data):
        marker, stop = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at + 4 : stop]
        if marker in _FRAMES and stop <= len(data):
            frame = segment
        if marker == _SCAN and stop <= len(data):
            first, last, bits = segment[-3:]
            names = segment[1 : 1 + 2 * segment[0] : 2]
            if bits & 15 == 0:
                is_known |= {(name, place) for name in names for place in range(first, last + 1)}
            while 0 <= stop < len(data) - 1 and (
                data[stop] != 0xFF or data[stop + 1] in jpeg_planes.WITHIN_SCAN
            ):
                stop = data.find(b"\xff", stop + 1)
            if stop < 0:
                break
        at = stop
    names = frame[6::3]
    return bool(names) and is_known >= {(name, place) for name in names for place in range(64)}


def refuse_what_is_not_read(data: bytes) -> None:
    """Raise an `UnreadableError` for a JPEG of a kind that Pillow does not know.

    ITU-T T.81, B.2.2: the marker of the frame tells the process, its first byte the bits.
    """
    if not data.startswith(b"\xff\xd8"):
        return
    for marker, start, _ in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            bits = data[start + 4]
            if bits != 8:
                raise UnreadableError(f"a JPEG of {bits} bits a channel; those of 8 are read")
            if marker not in _FRAMES:
                raise UnreadableError("a JPEG of a kind that is not read: lossless or layered")
            return


def photoshop_of(data: bytes) -> bytes | None:
    """Photoshop's resources of a JPEG file: its APP13 segments, joined."""
    head = len(_PHOTOSHOP)
    parts = [
        data[start + 4 + head : stop]
        for marker, start, stop in _segments(data)
        if marker == _APP13 and data[start + 4 : start + 4 + head] == _PHOTOSHOP
    ]
    return b"".join(parts) or None


def extended_xmp_of(data: bytes) -> bytes | None:
    """Segments of a JPEG file with more XMP, as they are. XMP part 3, 1.1.3.1."""
    parts = [
        data[start:stop]
        for marker, start, stop in _segments(data)
        if marker == _APP1 and data[start + 4 : stop].startswith(_MORE_XMP)
    ]
    return b"".join(parts) or None


def with_segments(data: bytes, photoshop: bytes | None, extended_xmp: bytes | None) -> bytes:
    """A JPEG file with Photoshop's resources and extended XMP behind its APP segments.

    Parameters
    ----------
    data : bytes
        A JPEG file that has none of them.
    photoshop : bytes or None
        Resources, which become as many segments as they need.
    extended_xmp : bytes or None
        Whole segments.
    """
    place = 2
    for marker, _, stop in _segments(data):
        if not 0xE0 <= marker <= 0xEF:
            break
        place = stop
    added = (extended_xmp or b"") + _as_segments(photoshop or b"")
    return data[:place] + added + data[place:]


def _as_segments(resources: bytes) -> bytes:
    parts = [resources[at : at + _MOST] for at in range(0, len(resources), _MOST)]
    heads = ((2 + len(_PHOTOSHOP) + len(part)).to_bytes(2, "big") for part in parts)
    marker = bytes((0xFF, _APP13))
    return b"".join(
        marker + head + _PHOTOSHOP + part for head, part in zip(heads, parts, strict=True)
    )


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the pixels."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (0xDA, 0xD9):
            return
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if stop > len(data):
            return
        yield marker, at, stop
        at = stop

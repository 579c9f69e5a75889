"""What a file carries beside its pixels, taken from an image that Pillow has opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.photo import formats
from scotopic.photo.carried import (
    companions,
    exif,
    exif_block,
    iptc,
    layout,
    tiff_exif,
    xmp,
    xmp_names,
)
from scotopic.photo.codecs import info_of, tiff, with_carried
from scotopic.photo.orientation import ON_ITS_SIDE, TURNED, UPRIGHT
from scotopic.photo.photo import COMMENT, Photo

_XMP_KEYS = ("xmp", "XML:com.adobe.xmp")
"""Keys of Pillow's ``info`` under which a packet may stand; a PNG has the second."""
_EXIF_TEXT = "Raw profile type exif"
_ORIENTATION = 0x0112
_POINTERS = (0x8769, 0x8825)
"""Tags that lead to the directories of EXIF and GPS."""
_MOST_DPI = 1e5
_UNIT, _NO_UNIT = 296, 1


def carried_by(image: Image.Image, data: bytes = b"") -> tuple[Photo, int]:
    """A photo without pixels, of all else that a file carries, and its orientation.

    Parameters
    ----------
    image : PIL image
        Decoded, for a PNG may have metadata behind its pixels.
    data : bytes, optional
        The file, for what Pillow does not read.

    Returns
    -------
    photo : Photo
        Its EXIF and XMP speak of the picture turned upright.
    orientation : int
        That the pixels are stored in, 1 to 8.
    """
    if data:
        image.info.update(info_of(image, data))
    info, form = image.info, name_of(image)
    text = _text(image, form)
    found = _exif_of_tiff(image, data) if form == "TIFF" and data else _exif(image, form, text)
    notes = list(found.notes)
    packet = next((info[key] for key in _XMP_KEYS if info.get(key)), None)
    packet = packet.encode() if isinstance(packet, str) else packet
    if packet and not found.is_damaged:
        packet = xmp.upright(packet)
    photo = Photo(
        np.empty(0),
        format=form,
        exif=found.block,
        icc_profile=info.get("icc_profile") if image.mode != "CMYK" else None,
        xmp=packet,
        text=text,
        dpi=_resolution(info),
        photoshop=_photoshop_of_tiff(image) if form == "TIFF" else None,
        notes=tuple(notes),
    )
    photo = with_carried(photo, image, data) if data else photo
    if found.orientation in TURNED and photo.xmp and xmp_names.names_depth(photo.xmp):
        packet, note = (
            xmp_names.without_extension(photo.xmp),
            "depth map left out: it is not turned",
        )
        photo = replace(photo, xmp=packet, extended_xmp=None, notes=(*photo.notes, note))
    packet, left = companions.forget(photo.xmp, form, data)
    return replace(photo, xmp=packet, notes=(*photo.notes, *left)), found.orientation


def name_of(image: Image.Image) -> str:
    """Name of the format that an image was read from, PNG for one that was read from none."""
    name = image.format or "PNG"
    row = formats.of_name(name)
    return name if row is None else row.name


def note_of_frames(image: Image.Image) -> tuple[str, ...]:
    """What to say of a file with several pictures of which one is read.

    `companions` names those of a JPEG.
    """
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    return (f"{frames} pictures in the file: the first is taken",) if frames > 1 else ()


def _text(image: Image.Image, form: str) -> dict[str, str]:
    """Text chunks of a PNG but for XMP, or the comment of a JPEG or GIF."""
    row, text = formats.of_name(form), dict[str, str]()
    holds = frozenset() if row is None else row.holds
    if formats.TEXT in holds:
        chunks = getattr(image, "text", None) or {}
        text = {key: value for key, value in chunks.items() if key not in _XMP_KEYS[1:]}
    elif formats.COMMENT in holds and (comment := image.info.get("comment")):
        text[COMMENT] = (
            comment if isinstance(comment, str) else comment.decode("utf-8", "surrogateescape")
        )
    return text


def _resolution(info: dict[Any, Any]) -> tuple[float, float] | None:
    dpi: tuple[float, float] | None = info.get("dpi")
    is_sane = dpi and all(0 < each < _MOST_DPI for each in dpi)
    return dpi if is_sane else None


@dataclass(frozen=True)
class _Exif:
    block: bytes | None = None
    orientation: int = UPRIGHT
    is_damaged: bool = False
    notes: tuple[str, ...] = ()


def _exif(image: Image.Image, form: str, text: dict[str, str]) -> _Exif:
    """EXIF for an upright picture; taken out of a PNG's text if it stands there."""
    try:
        orientation = image.getexif().get(_ORIENTATION, UPRIGHT)
        block = _exif_of_image(image) if form == "TIFF" else image.info.get("exif")
        if block is None and _EXIF_TEXT in text:
            block = bytes.fromhex("".join(text.pop(_EXIF_TEXT).split("\n")[3:]))
        if block and not exif.has_header(block):
            raise ValueError("no header")
    except Exception:  # of whatever kind: decoders of EXIF raise many
        return _Exif(is_damaged=True, notes=("EXIF left out: it is damaged",))
    if block:
        block = exif.of_result(block, orientation in ON_ITS_SIDE)
    return _Exif(block or None, orientation if orientation in TURNED else UPRIGHT)


def _exif_of_tiff(image: Image.Image, data: bytes) -> _Exif:
    """EXIF of a TIFF: its tags but those that say how its pixels are stored.

    The orientation is that of the image: Pillow turns a TIFF upright when it decodes it.
    """
    found = tiff_exif.tags_of(data, tiff.PIXEL_TAGS)
    if found.number_of(_UNIT) == _NO_UNIT:  # otherwise it is in dots per inch, in the photo
        found.tags.main |= {tag: found.pixels[tag] for tag in found.pixels.keys() & tiff.RESOLUTION}
    stored = found.orientation
    pages = getattr(image, "n_frames", 1)
    notes = layout.forget(found, pages, stored in TURNED)
    if found.damaged:
        notes.append(f"{found.damaged} tags left out: they are damaged or too large")
    block = exif_block.written(found.tags)
    block = exif.of_result(block, stored in ON_ITS_SIDE) if block else None
    orientation = image.getexif().get(_ORIENTATION, UPRIGHT)
    orientation = orientation if orientation in TURNED else UPRIGHT
    return _Exif(block, orientation, notes=tuple(notes))


def _exif_of_image(image: Image.Image) -> bytes | None:
    """EXIF of a TIFF whose file is not at hand, from the tags that Pillow has decoded."""
    found, tags = image.getexif(), Image.Exif()  # a new one: that of a BigTIFF is no EXIF
    for tag in [tag for tag in found if tag not in tiff.PIXEL_TAGS]:
        tags[tag] = found.get_ifd(tag) if tag in _POINTERS else found[tag]
    return tags.tobytes() if len(tags) else None


def _photoshop_of_tiff(image: Any) -> bytes | None:
    """Photoshop's resources of a TIFF, or such as hold its IPTC records."""
    stored = image.tag_v2._tagdata  # as stored: some writers call bytes 32-bit numbers
    resources, records = stored.get(tiff.PHOTOSHOP), stored.get(tiff.IPTC)
    if records and (not resources or iptc.records_of(resources) is None):
        resources = iptc.resources_of(records) + (resources or b"")
    return iptc.without_thumbnail(resources) if resources else None

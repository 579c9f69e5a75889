"""A picture in memory, with all that its file carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scotopic.photo.animation import Animation
from scotopic.photo.carried.colour import Colour
from scotopic.photo.carried.curves import LINEAR, Curve
from scotopic.photo.carried.icc import is_linear
from scotopic.types import Array

COMMENT = "Comment"
"""Key of `Photo.text` under which the comment of a JPEG or GIF is kept."""


def readable(text: str) -> str:
    """A comment, in which bytes that are not UTF-8 are escaped, as text: those are Latin-1."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


@dataclass
class Photo:
    """A picture, upright, and what came with it.

    Attributes
    ----------
    pixels : array, (height, width, 3) or (height, width, 1), uint8 or uint16
        Encoded values, in the picture's own colour encoding.
    alpha : array or None, (height, width), same type
        Opacity, not multiplied into the pixels.
    format : str
        Name of the file's format: a key of `formats.FORMATS`, or for a format
        without a row there Pillow's name of it.
    exif, icc_profile, xmp : bytes or None
        As stored, with these exceptions: EXIF and XMP say that the picture is
        upright, and EXIF has no thumbnail.
    colour : Colour or None
        What the file says by numbers of its colours.
    extended_xmp : bytes or None
        Segments of a JPEG with what its XMP packet has no room for.
    text : dict
        Text chunks of a PNG. The comment of a JPEG or GIF has the key `COMMENT`; bytes of
        it that are not UTF-8 are escaped (``surrogateescape``), see `readable`.
    dpi : (float, float) or None
        Resolution, horizontal and vertical, in dots per inch.
    photoshop : bytes or None
        Photoshop's image resources, which hold the IPTC records.
    jpeg : dict
        How a JPEG was compressed: ``qtables``, ``progressive``, and ``subsampling``
        or, if that is none that Pillow knows, ``sampling`` and ``tables``.
    lossless : bool
        Whether a WebP, JPEG XL or JPEG 2000 was compressed without loss.
    animation : Animation or None
        The frames after the first, and how long each is shown.
    made_by : str or None
        Software that the written file will name as what made it.
    notes : tuple of str
        What reading had to convert or leave out, for the user to know.
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
    animation: Animation | None = None
    colour: Colour | None = None
    made_by: str | None = None
    notes: tuple[str, ...] = ()

    def curve(self) -> Curve | None:
        """The curve of its values; None for that of sRGB and those that are taken for it.

        Codes count for more than a profile, and a profile for more than other numbers.
        """
        if self.colour and (self.colour.codes or not self.icc_profile):
            return self.colour.curve()
        return LINEAR if is_linear(self.icc_profile) else None

    def strip(self) -> None:
        """Drop all metadata but what tells of the colours."""
        self.exif = self.xmp = self.extended_xmp = self.dpi = self.photoshop = self.made_by = None
        self.text = {}

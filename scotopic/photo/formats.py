"""The file formats that are read and written: one row for each.

A row says everything that differs from format to format and is not code: suffixes,
what the format can hold, how much memory it takes. The code is in the module of
`scotopic.photo.codecs` that has the row's name in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scotopic.errors import InvalidValueError

EXIF = "EXIF"
PROFILE = "colour profile"
XMP = "XMP"
EXTENDED_XMP = "extended XMP"
IPTC = "IPTC"
TEXT = "text"
COMMENT = "comment"
RESOLUTION = "resolution"
TRANSPARENCY = "transparency"
COLOUR = "colour by numbers"
PROPERTIES = (
    EXIF,
    PROFILE,
    XMP,
    EXTENDED_XMP,
    IPTC,
    TEXT,
    COMMENT,
    RESOLUTION,
    TRANSPARENCY,
    COLOUR,
)
"""What a picture may carry beside its colours, in the order in which notes name them."""

LOSSLESS, PROGRESSIVE = "lossless", "progressive"
"""How the file of a picture may be compressed, where that changes the memory it takes."""


@dataclass(frozen=True)
class Format:
    """What is to be known of one file format.

    Attributes
    ----------
    name : str
        The name that Pillow has for it; ``HEIF``, ``JPEGXL`` and ``RAW`` are ours.
    label : str
        The name for people.
    suffixes : tuple of str
        In lower case, with the dot. New files get the first.
    bytes_per_pixel : int
        Memory that reading, enhancing and writing take at most for each pixel of
        8 bits a channel, as measured by ``benchmarks/memory.py``.
    media_type : str
        By which servers name it; of a format that is written.
    more_bytes : mapping of str to int
        What is added to that for a file that is `LOSSLESS` or `PROGRESSIVE`.
    holds : frozenset of str
        The properties (of `PROPERTIES`) that it has a place for when it is written.
    bits : int
        Most bits a channel that are written: 8 or 16.
    animated : bool
        Whether it holds several frames, which are read and written.
    gray : bool
        Whether a gray picture is written with one channel, not with three.
    has_quality : bool
        Whether it is written at a quality from 1 to 100.
    lossless_at_100 : bool
        Whether nothing is lost at a quality of 100.
    lossy : bool
        Whether its compression loses detail. Its codec may tell files of it for
        which that is otherwise (`codecs.is_lossless`).
    written_as : str or None
        For a format that is only read: the name of the format that its results get.
    most_xmp : int or None
        Most bytes of an XMP packet; None for any number.
    exact_alpha : bool
        Whether transparency comes back exactly as it was written.
    holds_frame_apart : bool
        Whether an animation may have a first picture that is not part of it.
    counts_repeats : bool
        Whether an animation says how often it is repeated, and not how often it
        is played.
    has_palette : bool
        Whether its colours always stand in a palette, so that reading them from
        there is no conversion to be told.
    read_suffixes : tuple of str
        Further suffixes of files that are read. Results get the first of the others,
        since under these a program may expect what is not written.
    in_srgb : bool
        Whether colours are converted to sRGB when it is written, as it gets no profile.
    other_names : tuple of str
        Further names under which Pillow opens files of this format.
    start : bytes
        Regular expression for how its files begin. Empty where that does not tell:
        most camera RAW is built as a TIFF.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    bytes_per_pixel: int
    media_type: str = ""
    more_bytes: Mapping[str, int] = field(default_factory=dict, hash=False)
    holds: frozenset[str] = frozenset()
    bits: int = 8
    animated: bool = False
    gray: bool = True
    has_quality: bool = False
    lossless_at_100: bool = False
    lossy: bool = False
    written_as: str | None = None
    most_xmp: int | None = None
    exact_alpha: bool = True
    holds_frame_apart: bool = False
    counts_repeats: bool = False
    has_palette: bool = False
    read_suffixes: tuple[str, ...] = ()
    in_srgb: bool = False
    other_names: tuple[str, ...] = ()
    start: bytes = b""

    @property
    def is_written(self) -> bool:
        """Whether results can have this format."""
        return self.written_as is None


_ROWS = (
    Format(
        name="JPEG",
        media_type="image/jpeg",
        label="JPEG",
        suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
        read_suffixes=(".mpo",),
        bytes_per_pixel=8,
        more_bytes={PROGRESSIVE: 3},
        holds=frozenset({EXIF, PROFILE, XMP, EXTENDED_XMP, IPTC, COMMENT, RESOLUTION}),
        has_quality=True,
        lossy=True,
        most_xmp=65504,  # what fits one segment: XMP part 3, 1.1.3
        other_names=("MPO",),
        start=rb"\xff\xd8\xff",
    ),
    Format(
        name="PNG",
        media_type="image/png",
        label="PNG",
        suffixes=(".png", ".apng"),
        bytes_per_pixel=8,
        holds=frozenset({EXIF, PROFILE, XMP, TEXT, COMMENT, RESOLUTION, TRANSPARENCY, COLOUR}),
        bits=16,
        animated=True,
        holds_frame_apart=True,
        start=rb"\x89PNG\r\n\x1a\n",
    ),
    Format(
        name="WEBP",
        media_type="image/webp",
        label="WebP",
        suffixes=(".webp",),
        bytes_per_pixel=12,
        more_bytes={LOSSLESS: 18},
        holds=frozenset({EXIF, PROFILE, XMP, TRANSPARENCY}),
        animated=True,
        gray=False,
        has_quality=True,
        lossy=True,
        start=rb"RIFF....WEBP",
    ),
    Format(
        name="AVIF",
        media_type="image/avif",
        label="AVIF",
        suffixes=(".avif",),
        bytes_per_pixel=42,
        holds=frozenset({EXIF, PROFILE, XMP, TRANSPARENCY, COLOUR}),
        exact_alpha=False,
        animated=True,
        gray=False,
        has_quality=True,
        lossy=True,
        # Files of no particular kind (mif1) name it among those that they are also of.
        start=rb"....ftyp(avif|avis|(mif1|msf1)....(....){0,8}avi[fs])",
    ),
    Format(
        name="TIFF",
        media_type="image/tiff",
        label="TIFF",
        suffixes=(".tif", ".tiff"),
        bytes_per_pixel=8,
        holds=frozenset({EXIF, PROFILE, XMP, IPTC, RESOLUTION, TRANSPARENCY}),
        bits=16,
        start=rb"II[*+]\0|MM\0[*+]",
    ),
    Format(
        name="GIF",
        media_type="image/gif",
        label="GIF",
        suffixes=(".gif",),
        bytes_per_pixel=12,
        holds=frozenset({PROFILE, XMP, COMMENT, TRANSPARENCY}),
        animated=True,
        counts_repeats=True,
        has_palette=True,
        start=rb"GIF8[79]a",
    ),
    Format(
        name="BMP",
        media_type="image/bmp",
        label="BMP",
        suffixes=(".bmp", ".dib"),
        bytes_per_pixel=11,
        holds=frozenset({RESOLUTION}),
        other_names=("DIB",),
        start=rb"BM",
    ),
    Format(
        name="JPEGXL",
        media_type="image/jxl",
        label="JPEG XL",
        suffixes=(".jxl",),
        bytes_per_pixel=28,
        holds=frozenset({EXIF, XMP, TRANSPARENCY}),
        bits=16,
        has_quality=True,
        lossless_at_100=True,
        lossy=True,
        in_srgb=True,
        start=rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
    ),
    Format(
        name="JPEG2000",
        media_type="image/jp2",
        label="JPEG 2000",
        suffixes=(".jp2", ".jpx", ".jpf"),
        read_suffixes=(".j2k", ".j2c", ".jpc"),
        bytes_per_pixel=32,
        holds=frozenset({EXIF, PROFILE, XMP, IPTC, RESOLUTION, TRANSPARENCY}),
        bits=16,
        exact_alpha=False,
        has_quality=True,
        lossless_at_100=True,
        lossy=True,
        start=rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
    ),
    Format(
        name="HEIF",
        label="HEIC",
        suffixes=(".heic", ".heif", ".hif"),
        bytes_per_pixel=12,
        lossy=True,
        written_as="JPEG",
        start=rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)",
    ),
    Format(
        name="RAW",
        label="camera RAW",
        suffixes=(
            *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf"),
            *(".orf", ".rw2", ".pef", ".srw", ".3fr", ".erf", ".kdc", ".mrw", ".x3f"),
        ),
        bytes_per_pixel=8,
        written_as="TIFF",
    ),
)

FORMATS = {row.name: row for row in _ROWS}
"""All formats by their names."""
OTHER_BYTES_PER_PIXEL = 8
"""As `Format.bytes_per_pixel`, for what Pillow opens and no row tells of, such as PPM."""
_DEFAULT = FORMATS["PNG"]

_BY_SUFFIX = {suffix: row for row in _ROWS for suffix in row.suffixes}
_BY_NAME = {name: row for row in _ROWS for name in (row.name, *row.other_names)}
START = 64
"""Bytes at the start of a file that tell its format."""
READ_SUFFIXES = frozenset(_BY_SUFFIX).union(*(row.read_suffixes for row in _ROWS))


def named(text: str) -> Format:
    """The format that a person names by its suffix or name, such as ``jpg`` or ``.WebP``.

    Raises
    ------
    InvalidValueError
        When there is none, or when it is read and not written.
    """
    row = _BY_SUFFIX.get("." + text.lower().lstrip(".")) or FORMATS.get(text.upper())
    if row is not None and row.is_written:
        return row
    problem = "no format" if row is None else f"{row.label} is read, not written:"
    raise InvalidValueError(f"{problem} {text!r}", remedy=f"the formats are {written_names()}")


def written_names() -> str:
    """The formats that are written, as a person names them, for messages."""
    return ", ".join(row.suffixes[0].lstrip(".") for row in _ROWS if row.is_written)


def of_path(path: Path | str) -> Format | None:
    """The format that the suffix of a name tells; None if no format has it."""
    return _BY_SUFFIX.get(Path(path).suffix.lower())


def of_content(start: bytes) -> Format | None:
    """The format of a file by its first bytes, of which `START` are enough; None if they tell none."""
    found = (row for row in _ROWS if row.start and re.match(row.start, start[:START], re.DOTALL))
    return next(found, None)


def of_name(name: str) -> Format | None:
    """The format with a name of ours or of Pillow's; None if there is no row for it."""
    return _BY_NAME.get(name)


def of_result(source: str, asked: str | None = None) -> Format:
    """The format that a result gets.

    That is the one asked for. Otherwise it is the format of the source if that can
    be written; what stands in for it if not (JPEG for HEIC, TIFF for camera RAW);
    and PNG for a source of any other format.

    Parameters
    ----------
    source : str
        Name of the source's format, as in `Photo.format`.
    asked : str, optional
        A format as a person names it; see `named`.

    Raises
    ------
    InvalidValueError
        When the format asked for is not known, or not written.
    """
    if asked is not None:
        return named(asked)
    row = of_name(source)
    if row is None:
        return _DEFAULT
    return row if row.written_as is None else FORMATS[row.written_as]

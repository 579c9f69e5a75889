"""Write docs/formats.md: what comes through `scotopic enhance`, format by format.

    python scripts/docs_formats.py

No cell is written by hand. For each, a file with the property is made by exiftool,
Pillow, tifffile or imagecodecs, or if none of them can, by scotopic's own encoder; a
second program must find the property in it. If no program can make such a file, the
format does not have the property. Otherwise the file is enhanced, and the result is
read by the second program. What a row of `scotopic.photo.formats` says that a format
holds must be among what was found.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from format_cases import (
    ABSENT,
    EXIFTOOL,
    LOST,
    NOTE,
    Case,
    ask,
    can_be_written,
    exif_with,
    exiftool,
    gone,
    image_of,
    kept,
    said,
)
from PIL import Image, ImageCms, ImageSequence

from scotopic.photo import formats
from scotopic.photo.formats import Format
from scotopic.types import Array

TARGET = Path(__file__).parent.parent / "docs" / "formats.md"
PAGE = Path(__file__).with_name("formats_page.md")
"""The text of the page, with a place for the table."""
RECORDS = b"\x1c\x02\x19\x00\x05night"
RESOURCES = b"8BIM\x04\x04\0\0" + len(RECORDS).to_bytes(4, "big") + RECORDS
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li '
    b'xml:lang="x-default">night</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>'
    b"</x:xmpmeta>"
)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MILLISECONDS = [50, 100, 200]


_TURNED_ELSEWHERE = "JPEGXL"
"""Its pixels tell how they stand, and EXIF is not asked. No program at hand writes that."""


def orientation(case: Case) -> str:
    """All eight: each comes out upright, in its pixels and by its tag."""
    if case.row.name == _TURNED_ELSEWHERE:
        return ABSENT
    results = []
    for value in range(1, 9):

        def found(path: Path, value: int = value) -> bool:
            size = ask(path, "-ImageSize").get("Composite:ImageSize")
            return _orientation_of(path) == value and size == "60 40"

        writers = (
            lambda value=value: case.plain(exif=exif_with(value)),
            lambda value=value: case.by_exiftool(f"-IFD0:Orientation#={value}"),
        )
        if not can_be_written(case, writers, found):
            results.append(ABSENT)
            continue
        result = case.after()
        wanted = "40 60" if value > 4 else "60 40"
        is_upright = ask(result, "-ImageSize").get("Composite:ImageSize") == wanted
        results.append("turned upright" if is_upright and _orientation_of(result) == 1 else LOST)
    # Orientation 1 is that of a file which has none.
    return results[1] if len(set(results[1:])) == 1 else LOST


def _orientation_of(path: Path) -> int:
    """As Pillow tells it, which for AVIF is not that of EXIF, or exiftool where Pillow does not."""
    if path.suffix == ".jp2":
        return int(ask(path, "-IFD0:Orientation").get("IFD0:Orientation", 1))
    with Image.open(path) as image:
        return int(image.getexif().get(0x0112, 1))


def profile(case: Case) -> str:
    """Byte for byte."""
    file = case.folder / "profile.icc"
    file.write_bytes(PROFILE)

    def found(path: Path) -> bytes | None:
        told = exiftool("-ICC_Profile", "-b", str(path))
        return told if told == PROFILE else None

    writers = (
        lambda: case.by_exiftool(f"-ICC_Profile<={file}"),
        lambda: case.plain(icc_profile=PROFILE),
        lambda: case.own(icc_profile=PROFILE),
    )
    return kept(case, writers, found, ("profile",))


def exif(case: Case) -> str:
    """Author, exposure time and place."""
    tags = ["-ExifIFD:ExposureTime=1/30", "-GPS:GPSLatitude=47.5", "-GPS:GPSLatitudeRef=N"]
    writers = (
        lambda: case.by_exiftool(*tags, "-IFD0:Artist=who"),
        lambda: case.plain(exif=exif_with()),
        lambda: case.own(exif=exif_with()),
    )
    asked = ("-ExifIFD:ExposureTime", "-GPS:GPSLatitude", "-IFD0:Artist")
    return kept(case, writers, lambda path: ask(path, *asked), ("EXIF",))


def maker_note(case: Case) -> str:
    """Byte for byte."""
    writers = (lambda: case.plain(exif=exif_with()), lambda: case.own(exif=exif_with()))
    found = lambda path: NOTE in path.read_bytes()  # noqa: E731
    return kept(case, writers, found, ("MakerNote", "EXIF"))


def xmp(case: Case) -> str:
    """A title."""
    writers = (
        lambda: case.by_exiftool("-XMP-dc:Title=night"),
        lambda: case.plain(xmp=PACKET),
        lambda: case.own(xmp=PACKET),
    )
    return kept(case, writers, lambda path: ask(path, "-XMP-dc:Title"), ("XMP",))


def iptc(case: Case) -> str:
    """A keyword or a caption."""
    writers = (
        lambda: case.by_exiftool("-IPTC:Keywords=night"),
        lambda: case.own(photoshop=RESOURCES),
    )
    return kept(case, writers, lambda path: ask(path, "-IPTC:all"), ("IPTC",))


def resolution(case: Case) -> str:
    """Dots per inch, beside those that EXIF may tell."""
    asked = (
        *("-JFIF:XResolution", "-IFD0:XResolution", "-PixelsPerUnitX", "-PixelsPerMeterX"),
        "-CaptureXResolution",
    )
    writers = (lambda: case.plain(dpi=(300, 300)), lambda: case.own(dpi=(300, 300)))
    return kept(case, writers, lambda path: ask(path, *asked), ("resolution",))


def alpha(case: Case) -> str:
    """Every value of it, or for formats that know only clear and opaque those."""
    levels = (np.arange(40 * 60).reshape(40, 60, 1) % 251).astype(np.uint8)
    most = 65535 if case.deep else 255

    def of(plane: Array) -> Callable[[], None]:
        plane = plane.astype(np.uint16) * 257 if case.deep else plane
        return lambda: case.plain(np.concatenate([case.pixels, plane], axis=-1))

    def found(path: Path) -> list[int]:
        plane = _alpha_of(path, case.deep)
        return plane.ravel().tolist() if plane.min() < most else []

    writers = (of(levels), of(255 * (levels > 99).astype(np.uint8)))
    return kept(case, writers, found, ("transparency",))


def _alpha_of(path: Path, deep: bool) -> Array:
    if deep:
        read = tifffile.imread if path.suffix == ".tif" else _imread
        pixels = np.asarray(read(path))
        return pixels[..., 3] if pixels.shape[-1] == 4 else np.full(1, 65535)
    with image_of(path) as image:
        return np.asarray(image.convert("RGBA"))[..., 3]


def _imread(path: Path) -> Array:
    return np.asarray(imagecodecs.imread(str(path)))


def gray(case: Case) -> str:
    """One channel stays one, and without a loss of levels."""

    def found(path: Path) -> bool:
        with image_of(path) as image:
            if image.mode != "P":
                return image.mode in ("L", "I;16")
            colours = np.asarray(image.getpalette("RGB")).reshape(-1, 3)
            return bool((colours == colours[:, :1]).all())

    writers = (
        lambda: case.plain(case.pixels[..., 0]),
        lambda: case.own(pixels=case.pixels[..., :1]),
    )
    return kept(case, writers, found, ("gray",))


def bits(case: Case) -> str:
    """Bits a channel, as exiftool tells them, or else Pillow."""

    def found(path: Path) -> set[str]:
        told = {str(value) for value in ask(path, "-BitDepth", "-BitsPerSample").values()}
        if path.suffix == ".jxl":
            return {str(_imread(path).dtype)}
        with Image.open(path) as image:
            return told or {image.mode}

    result = kept(case, (case.plain,), found, ("colours", "bits"))
    note = said(case, ("colours", "bits"))  # a palette of 256 colours has 8 bits a channel too
    return result if note == LOST else note


def frames(case: Case) -> str:
    """Frames of an animation, how long each is shown, and how often all are."""
    base = case.pixels[..., 0] if case.deep else case.pixels
    shown = [Image.fromarray(np.roll(base, 9 * index, axis=1)) for index in range(3)]
    options: dict[str, Any] = {"append_images": shown[1:], "duration": MILLISECONDS, "loop": 0}

    def found(path: Path) -> tuple[list[int], int | None] | None:
        with Image.open(path) as image:
            times = []
            for frame in ImageSequence.Iterator(image):
                frame.load()  # some formats tell the time only then
                times.append(frame.info.get("duration"))
            return (times, image.info.get("loop")) if times == MILLISECONDS else None

    writers = (lambda: shown[0].save(case.before, save_all=True, **options),)
    return kept(case, writers, found, ("frames", "pictures in the file"))


def _packet(prefix: str, space: str, **values: str) -> bytes:
    """XMP with values in a namespace."""
    told = " ".join(f'{prefix}:{name}="{value}"' for name, value in values.items())
    named = f'<rdf:Description rdf:about="" xmlns:{prefix}="{space}" {told}/></rdf:RDF>'
    return PACKET.replace(b"</rdf:RDF>", named.encode())


MOTION = _packet(
    "GCamera", "http://ns.google.com/photos/1.0/camera/", MotionPhoto="1", MotionPhotoVersion="1"
)
GAIN = _packet("hdrgm", "http://ns.adobe.com/hdr-gain-map/1.0/", Version="1.0", GainMapMax="2")
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free"
_IN_GAIN_MAP = b"urn:com:photo:aux:hdrgainmap"
_ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"


def motion_photo(case: Case) -> str:
    """A video behind a JPEG, or in a box of its own, and XMP that names it."""

    def write() -> None:
        case.plain(xmp=MOTION)
        video = VIDEO
        if case.row.name == "AVIF":
            video = (8 + len(VIDEO)).to_bytes(4, "big") + b"mpvd" + VIDEO
        elif case.row.name != "JPEG":
            raise ValueError("videos are put into JPEG, HEIC and AVIF alone")
        case.before.write_bytes(case.before.read_bytes() + video)

    def found(path: Path) -> dict[str, Any]:
        return ask(path, "-MotionPhotoVideo", "-XMP-GCamera:all")

    return gone(case, (write,), found, ("motion photo",))


def gain_map(case: Case) -> str:
    """A second picture, and XMP that names it; of AVIF an auxiliary picture."""

    def as_ultra_hdr() -> None:
        case.plain(xmp=GAIN)
        if case.row.name != "JPEG":
            raise ValueError("only JPEGs have pictures behind them")
        case.before.write_bytes(2 * case.before.read_bytes())

    def as_auxiliary() -> None:
        clear = np.full((40, 60, 1), 99, np.uint8)
        case.plain(np.concatenate([case.pixels, clear], axis=-1))
        data = case.before.read_bytes()
        if _ALPHA not in data:
            raise ValueError("only AVIF has auxiliary pictures")
        other = data.replace(_ALPHA, _IN_GAIN_MAP.ljust(len(_ALPHA), b"\0"))
        case.before.write_bytes(other)

    def found(path: Path) -> dict[str, Any]:
        told = ask(path, "-XMP-hdrgm:all", "-AuxiliaryImageType")
        return {
            key: value
            for key, value in told.items()
            if "gainmap" in f"{key}{value}".lower() or "hdrgm" in key
        }

    return gone(case, (as_ultra_hdr, as_auxiliary), found, ("gain map",))


def numbers(case: Case) -> str:
    """Codes of the primaries of P3 and the curve PQ: cICP in PNG, nclx in AVIF."""

    def write() -> None:
        case.plain()
        data = case.before.read_bytes()
        chunk = b"cICP" + bytes([12, 16, 0, 1])
        chunk = (4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        made = {
            "PNG": data[:33] + chunk + data[33:],
            "AVIF": data.replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x10"),
        }
        case.before.write_bytes(made[case.row.name])

    def found(path: Path) -> dict[str, Any] | None:
        told = ask(path, "-ColorPrimaries", "-TransferCharacteristics")
        return told if 12 in told.values() and 16 in told.values() else None

    return kept(case, (write,), found, ("PQ", "numbers"))


@dataclass(frozen=True)
class Column:
    """A column of the page, and what a row of the formats says of it."""

    title: str
    find: Callable[[Case], str]
    claimed: Callable[[Format], bool]


def _holds(what: str) -> Callable[[Format], bool]:
    return lambda row: what in row.holds


COLUMNS = (
    Column(
        "orientation 1 to 8",
        orientation,
        lambda row: formats.EXIF in row.holds and row.name != _TURNED_ELSEWHERE,
    ),
    Column("colour profile", profile, _holds(formats.PROFILE)),
    Column("EXIF, GPS", exif, _holds(formats.EXIF)),
    Column("MakerNote", maker_note, _holds(formats.EXIF)),
    Column("XMP", xmp, _holds(formats.XMP)),
    Column("IPTC", iptc, _holds(formats.IPTC)),
    Column("transparency", alpha, _holds(formats.TRANSPARENCY)),
    Column("bits a channel", bits, lambda row: True),
    Column("gray", gray, lambda row: row.gray),
    Column("resolution", resolution, _holds(formats.RESOLUTION)),
    Column("animation", frames, lambda row: row.animated),
    Column("colour by numbers (cICP, nclx)", numbers, _holds(formats.COLOUR)),
    Column("motion photo", motion_photo, lambda row: False),
    Column("gain map", gain_map, lambda row: False),
)


def cell(row: Format, deep: bool, column: Column) -> str:
    """What is found for one format and one property."""
    with tempfile.TemporaryDirectory() as name:
        found = column.find(Case(row, deep, Path(name)))
    if found == ABSENT and column.claimed(row):
        raise AssertionError(f"{row.label} is said to have {column.title}; no file with it is made")
    return found


def rows() -> Iterator[list[str]]:
    """A row for each format that is written, and for 16 bits a channel another one."""
    written = [row for row in formats.FORMATS.values() if row.is_written]
    cases = [(row, False) for row in written] + [(row, True) for row in written if row.bits == 16]
    for row, deep in cases:
        label = f"{row.label}, 16 bits" if deep else row.label
        yield [label, *(cell(row, deep, column) for column in COLUMNS)]


def text() -> str:
    """The page."""
    if EXIFTOOL is None:
        raise SystemExit("needs exiftool")
    lines = [["", *(column.title for column in COLUMNS)], ["---"] * (len(COLUMNS) + 1), *rows()]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return PAGE.read_text(encoding="utf-8").replace("{table}", table)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")

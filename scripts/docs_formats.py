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

import subprocess
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
        command = [str(EXIFTOOL), "-ICC_Profile", "-b", str(path)]
        told = subprocess.run(command, capture_output=True, check=True).stdout
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
    return HEAD + table + "\n" + TAIL


HEAD = """# Formats

This table shows what `scotopic enhance` keeps of a picture when the result has the same format. It
is generated by `python scripts/docs_formats.py`: for each cell a file with the property is made and
enhanced, and the result is read by another program (exiftool, Pillow, tifffile or imagecodecs). A
dash means that no program could make a file of that format with that property.

"""
TAIL = """
## Formats that are only read

- HEIC becomes JPEG and keeps its EXIF and colour profile (needs the extra `heif`). With `--format
  png` or `--format tif` a HEIC file of 10 or 12 bits a channel becomes a file of 16 bits. Colour that
  it tells by numbers (nclx) becomes a colour profile, or the same numbers in PNG and AVIF.
- Camera RAW becomes a TIFF of 16 bits a channel and keeps EXIF, GPS and MakerNote where the file has
  them (needs the extra `raw`).
- Other formats that Pillow opens, such as PPM or TGA, become PNG.

## Which format a file has

- What is in a file decides, not its name: a PNG that is called `a.jpg` becomes `a.png`, as does one that
  comes from standard input. Camera RAW alone is told by its suffix.
- The suffixes `.jfif`, `.jpe`, `.apng`, `.dib`, `.jpx` and `.jpf` are kept. An MPO (`.mpo`, several JPEG
  pictures) becomes a JPEG, and a bare JPEG 2000 codestream (`.j2k`, `.j2c`, `.jpc`) a JP2.
- JPEG XL and JPEG 2000 need the extra `deep`. Quality 100 compresses them without loss, and a file that is
  lossless stays so. imagecodecs neither reads nor writes a colour profile in JPEG XL: colours are
  converted to sRGB when one is written, and taken as sRGB when one is read, with a note. An animated
  JPEG XL gives its first frame.

## TIFF of floating-point and signed numbers

Nothing in such a TIFF says what white is, or whether numbers are light or shown levels. The rule is
therefore a guess, and a note tells what it made of a file. Results have 16 bits a channel.

- Numbers are in the encoding of the colour profile, if the file has one. Without a profile they are
  levels as they are shown; but where any of them is above 1.1, they are taken as linear light and given
  the curve of sRGB.
- 1 is white, and where numbers are above 1.1, the largest of them. Of signed whole numbers of 8 or 16 bits
  the largest that the type can hold (127, 32767) is white.
- What is below 0 or no number is black. Between 1 and 1.1 numbers are cut.

## Files that were cut off

- A file that lacks only its end, such as the end marker of a JPEG, is enhanced with a note.
- Of one that lacks a part of its picture, what is there is enhanced with `--allow-truncated` (Python:
  `allow_truncated=True`); what is missing is black or gray. Without the option it is refused. That is for
  JPEG, PNG, WebP, GIF, BMP, and TIFF that is compressed by deflate, LZW, PackBits or not at all and whose
  directory is there. Frames of an animation that were cut off are left out.

## What is converted

Each of these conversions is reported in a note.

- AVIF with more than 8 bits a channel is read as 8 bits.
- CMYK becomes sRGB, by the picture's own colour profile if it has a usable one. Pictures with a
  palette or with 1 bit a pixel become RGB or gray.
- When an animation is written to a format without animations, only the first frame is written. Of
  other files with several pictures (TIFF pages, the preview or gain map in a JPEG, PNG animations of
  16 bits), only the first is read.
- When the result has another format than the source, whatever that format has no place for is left
  out. IPTC is only written to JPEG and TIFF, though a PNG that has it in a text chunk keeps that.
- Damaged EXIF is left out, and so are damaged tags of a TIFF.
- A picture whose colours are not under a curve like that of sRGB (a linear profile, PQ, HLG, another
  gamma) is enhanced under the sRGB curve and converted back.
- Colour told by numbers is kept in PNG (cICP, cHRM, gAMA, sRGB) and AVIF (nclx). In other formats it
  becomes a colour profile, and PQ and HLG become the curve of sRGB: what is brighter than half of white
  is compressed.
- The video of a motion photo, gain maps (Ultra HDR, Apple), depth maps and other pictures beside one are
  left out. What names them in XMP is taken out of it; the rest of the packet stays. A picture with a gain
  map is then shown as screens without HDR show it.
- What ImageJ, tifffile, OME and microscopes write into a TIFF of its layout is left out if the result has
  another one.
- Text or a profile of a PNG that takes more than 64 MB unpacked is left out.

## What is refused

Each with the reason in one line: whole numbers of 32 bits a channel, JPEG of 12 bits a channel or without
loss, big-endian BigTIFF, and HEIF that is not compressed by HEVC.

## Good to know

- All frames of an animation are enhanced with one exposure, so that it does not flicker.
- Thumbnails in EXIF and in Photoshop's resources are removed, since they would show the picture as
  dark as it was.
- A JPEG is compressed with the tables and the subsampling of its source, 4:4:0 and 4:1:1 included, and
  a lossless WebP, JPEG XL or JPEG 2000 stays lossless, unless `--quality` is given.
- The tags of a TIFF are copied as bytes, in the file's byte order, so that texts in any encoding and the
  MakerNote stay. A MakerNote that stood behind the first 64 kB is moved, and its offsets are changed
  where they count from the start of the file.
- Gray pictures stay gray, also when they are given as RGB.
- What a GIF draws nothing to is transparent, and of an AVIF its clean aperture is taken.
- `--keep-times` gives results the file times of their sources. `--strip` removes all metadata except
  the colour profile.
- The XMP of a result names the software (`CreatorTool`, if there was none) and gives
  `algorithmicallyEnhanced` as its `DigitalSourceType`.
"""

if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")

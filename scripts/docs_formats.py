"""Write docs/formats.md: what of each format comes through, read by exiftool.

    python scripts/docs_formats.py

Each cell is found by enhancing a file that has the property, and reading the
result with a second program: exiftool for metadata, Pillow or tifffile for
pixels.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageCms, ImageSequence

from scotopic.enhancer import Enhancer
from scotopic.jobs import many
from scotopic.photo import reading, writing

TARGET = Path(__file__).parent.parent / "docs" / "formats.md"
EXIFTOOL = shutil.which("exiftool")
NOTE = bytes(range(1, 251))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS = {
    "JPEG": "jpg",
    "PNG": "png",
    "WebP": "webp",
    "AVIF": "avif",
    "TIFF": "tif",
    "GIF": "gif",
    "BMP": "bmp",
}
DEEP = {"PNG, 16 bits": "png", "TIFF, 16 bits": "tif"}


def pixels() -> np.ndarray:
    """A dark picture, wider than high."""
    coarse = np.random.default_rng(0).integers(0, 60, (4, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((60, 40), Image.Resampling.BICUBIC))


def ask(path: Path, *tags: str) -> dict[str, object]:
    """Tags of a file as exiftool tells them."""
    command = [str(EXIFTOOL), "-json", "-n", "-G1", *tags, str(path)]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    found: dict[str, object] = json.loads(told)[0]
    return {key: value for key, value in found.items() if key != "SourceFile"}


def tell(path: Path, *tags: str) -> None:
    """Let exiftool write tags into a file."""
    command = [str(EXIFTOOL), "-q", "-q", "-overwrite_original", *tags, str(path)]
    subprocess.run(command, check=True, capture_output=True)


def exif_with(orientation: int = 1) -> Image.Exif:
    """EXIF with a maker, a maker's note and an orientation."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "maker"
    exif.get_ifd(0x8769)[0x927C] = NOTE
    return exif


def plain(path: Path, picture: np.ndarray | None = None, **options: object) -> None:
    """Write a picture by Pillow, or one of 16 bits by scotopic's own codecs."""
    picture = pixels() if picture is None else picture
    if picture.dtype == np.uint16:
        path.write_bytes(writing.encode(reading.Photo(picture), reading.FORMATS[path.suffix]))
        return
    if path.suffix == ".avif":
        options = {"quality": 95, **options}
    Image.fromarray(picture).save(path, **options)  # type: ignore[arg-type]


def orientation(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """All eight, each upright in pixels and tag."""
    turned = []
    for value in range(1, 9):
        if before.suffix in (".bmp", ".gif"):
            return "holds none"
        if before.suffix == ".avif":  # it says so outside of EXIF, which exiftool does not write
            plain(before, exif=exif_with(value))
        else:
            plain(before, _picture(deep))
            tell(before, f"-IFD0:Orientation#={value}")
        told = ask(after(), "-Orientation", "-ImageSize")
        size = "40 60" if value > 4 else "60 40"
        upright = told.get("IFD0:Orientation", 1) == 1
        turned.append(upright and size in str(told.get("Composite:ImageSize")))
    return "turned upright" if all(turned) else "LOST"


def _picture(deep: bool) -> np.ndarray:
    return pixels().astype(np.uint16) * 257 if deep else pixels()


def _kept(
    before: Path, after: Callable[[], Path], deep: bool, written: list[str], asked: list[str]
) -> str:
    plain(before, _picture(deep))
    try:
        tell(before, *written)
    except subprocess.CalledProcessError:
        return "holds none"
    first = ask(before, *asked)
    if not first:
        return "holds none"
    result = after()
    second = ask(result, *asked)
    return "kept" if all(second.get(k) == v for k, v in first.items()) else _said()


_NOTES: list[str] = []


def _said() -> str:
    return f"said: {_NOTES[-1]}" if _NOTES else "LOST"


def exif(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Place, time and exposure."""
    tags = ["-ExifIFD:ExposureTime=1/30", "-GPS:GPSLatitude=47.5", "-GPS:GPSLatitudeRef=N"]
    asked = ["-ExifIFD:ExposureTime", "-GPS:GPSLatitude", "-IFD0:Artist"]
    return _kept(before, after, deep, [*tags, "-IFD0:Artist=who"], asked)


def maker_note(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Byte for byte."""
    if before.suffix in (".bmp", ".gif"):
        return "holds none"
    if deep:
        given = reading.Photo(_picture(deep), exif=exif_with().tobytes())
        before.write_bytes(writing.encode(given, reading.FORMATS[before.suffix]))
    else:
        plain(before, exif=exif_with().tobytes())
    if NOTE not in before.read_bytes():
        return "holds none"
    result = after()
    return "kept" if NOTE in result.read_bytes() else _said()


def xmp(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """A title."""
    return _kept(before, after, deep, ["-XMP-dc:Title=night"], ["-XMP-dc:Title"])


def iptc(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Keywords."""
    if before.suffix in (".png", ".webp", ".avif", ".gif"):
        return "holds none"
    return _kept(before, after, deep, ["-IPTC:Keywords=night"], ["-IPTC:Keywords"])


def profile(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """The colour profile, byte for byte."""
    if before.suffix == ".bmp":
        return "holds none"
    given = reading.Photo(_picture(deep), icc_profile=PROFILE)
    before.write_bytes(writing.encode(given, reading.FORMATS[before.suffix]))
    asked = [str(EXIFTOOL), "-ICC_Profile", "-b", str(after())]
    told = subprocess.run(asked, capture_output=True, check=True).stdout
    return "kept" if told == PROFILE else _said()


def resolution(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Dots an inch."""
    if before.suffix in (".webp", ".avif", ".gif"):
        return "holds none"
    given = reading.Photo(_picture(deep), dpi=(300, 300))
    before.write_bytes(writing.encode(given, reading.FORMATS[before.suffix]))
    asked = ["-XResolution", "-PixelsPerUnitX", "-PixelsPerMeterX"]
    first, second = ask(before, *asked), ask(after(), *asked)
    return "kept" if first and first == second else _said()


def alpha(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Straight, untouched."""
    if before.suffix in (".jpg", ".bmp"):
        return "holds none"
    plane = (np.arange(40 * 60).reshape(40, 60) % 251).astype(np.uint8)
    plane = plane.astype(np.uint16) * 257 if deep else plane
    given = reading.Photo(_picture(deep), plane)
    before.write_bytes(writing.encode(given, reading.FORMATS[before.suffix]))
    if before.suffix == ".gif":  # which holds clear or not
        given.alpha = 255 * (plane > 99).astype(np.uint8)
        before.write_bytes(writing.encode(given, "GIF"))
    first, second = (_alpha_of(path, deep) for path in (before, after()))
    return "kept" if np.array_equal(first, second) else _said()


def _alpha_of(path: Path, deep: bool) -> np.ndarray:
    if deep and path.suffix == ".tif":
        return np.asarray(tifffile.imread(path))[..., 3]
    if deep:
        import imagecodecs

        return np.asarray(imagecodecs.png_decode(path.read_bytes()))[..., 3]
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))[..., 3]


def gray(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """One channel stays one."""
    if before.suffix in (".webp", ".avif"):
        return "holds none"
    plain(before, _picture(deep)[..., :1] if deep else _picture(deep)[..., 0])
    asked = ["-ColorComponents", "-ColorType", "-PhotometricInterpretation", "-BitDepth"]
    if before.suffix == ".gif":  # whose colours stand in a table, gray or not
        with Image.open(after()) as image:
            values = np.asarray(image.convert("RGB"))
        return "kept" if (values == values[..., :1]).all() and not _NOTES else _said()
    told = ask(after(), *asked)
    one = {
        "File:ColorComponents": 1,
        "PNG:ColorType": 0,
        "IFD0:PhotometricInterpretation": 1,
        "File:BitDepth": 8,
    }
    return "kept" if any(told.get(key) == value for key, value in one.items()) else _said()


def bits(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Bits a channel; of BMP exiftool tells those of all three."""
    plain(before, _picture(deep))
    if before.suffix == ".gif":
        after()
        return _said()
    if before.suffix in (".webp", ".avif"):  # of which exiftool tells none
        with Image.open(before) as first, Image.open(after()) as second:
            return "kept" if first.mode == second.mode else _said()
    asked = ("-BitDepth", "-BitsPerSample")
    first, second = ({str(v) for v in ask(path, *asked).values()} for path in (before, after()))
    wanted = {"16", "16 16 16"} if deep else {"8", "8 8 8", "24"}
    return "kept" if first == second and first and first <= wanted else _said()


def frames(before: Path, after: Callable[[], Path], deep: bool) -> str:
    """Animations: frames, how long each is shown, and how often all."""
    if deep or before.suffix in (".jpg", ".tif", ".bmp"):
        return "holds none"
    shown = [Image.fromarray(np.roll(pixels(), 9 * index, axis=1)) for index in range(3)]
    options = {"duration": [50, 100, 200], "loop": 0}
    shown[0].save(before, save_all=True, append_images=shown[1:], **options)
    found = []
    for path in (before, after()):
        with Image.open(path) as image:
            times = []
            for frame in ImageSequence.Iterator(image):
                frame.load()  # some formats tell the time only then
                times.append(frame.info["duration"])
            found.append((image.n_frames, times, image.info.get("loop")))
    return "kept" if found[0] == found[1] and found[0][0] == 3 else _said()


COLUMNS: dict[str, Callable[[Path, Callable[[], Path], bool], str]] = {
    "orientation 1 to 8": orientation,
    "colour profile": profile,
    "EXIF, GPS": exif,
    "MakerNote": maker_note,
    "XMP": xmp,
    "IPTC": iptc,
    "alpha": alpha,
    "bits a channel": bits,
    "gray": gray,
    "resolution": resolution,
    "frames, timing": frames,
}


def rows() -> Iterator[list[str]]:
    """A row a format."""
    enhancer = Enhancer()
    for label, ending in {**FORMATS, **DEEP}.items():
        deep, row = label in DEEP, [label]
        for find in COLUMNS.values():
            with tempfile.TemporaryDirectory() as name:
                before, result = Path(name) / f"a.{ending}", Path(name) / f"b.{ending}"

                def after(before: Path = before, result: Path = result) -> Path:
                    settings = many.Settings(output=result, overwrite=True)
                    outcome = many.run_job(enhancer, many.Job(before, result), settings)
                    _NOTES[:] = outcome.notes
                    return result

                row.append(find(before, after, deep))
        yield row


def text() -> str:
    """The page."""
    if EXIFTOOL is None:
        raise SystemExit("needs exiftool")
    buffer = io.StringIO()
    buffer.write(HEAD)
    buffer.write("| | " + " | ".join(COLUMNS) + " |\n" + "|---" * (len(COLUMNS) + 1) + "|\n")
    for row in rows():
        buffer.write("| " + " | ".join(row) + " |\n")
    buffer.write(TAIL)
    return buffer.getvalue()


HEAD = """# Formats

What comes through `scotopic enhance`, format by format. Written by `python scripts/docs_formats.py`,
which enhances a file for each cell and reads the result with exiftool, Pillow or tifffile; a test
compares this page. "holds none": the format has no place for it. "said": not kept, and the user is
told so in these words.

"""
TAIL = """
- HEIC becomes JPEG with its EXIF and profile (extra `heif`); with 10 or 12 bits a channel it stays so
  in PNG and TIFF (`--format`). AVIF of more than 8 bits is read as 8, and it is said. Camera RAW becomes a 16-bit TIFF (extra
  `raw`) with its EXIF, GPS and MakerNote, where it has them.
- An animation is enhanced frame by frame at one exposure, that of its frame of middle level. Into a
  format that holds no animations goes the first frame, and it is said. Of other files with several
  pictures (TIFF, the preview or gain map within a JPEG) the first is taken, and it is said.
- CMYK becomes sRGB by its own profile if it has one, palette and 1-bit pictures RGB or gray, and it
  is said. 32 bits a channel are refused. Pictures whose profile is linear are enhanced under the
  curve of sRGB, and brought back.
- Thumbnails in EXIF and in Photoshop's resources would show the picture as dark as it was: they are
  dropped. Damaged EXIF is left out, and it is said.
- A JPEG is compressed as it was before (tables, subsampling, progressive or not) unless `--quality`
  says otherwise; a WebP that was lossless is so again.
- `--times` gives results the file times of their sources; `--strip` drops all but the profile.
- What made a picture is in its XMP: `CreatorTool` if there was none, and `DigitalSourceType`
  `algorithmicallyEnhanced`.
"""

if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")

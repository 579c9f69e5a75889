"""What a file says of its picture is what reading it gives."""

import io

import numpy as np
import pytest
from PIL import Image, features
from places import DATA
from sample_files import PROFILE, encoded, exif_with, png_that_claims, saved, smooth_pixels

from scotopic.errors import MissingFileError, TooLargeError, UnreadableError
from scotopic.photo import formats
from scotopic.photo.header import read_header
from scotopic.photo.limits import Limits
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read

IMAGE = Image.fromarray(smooth_pixels())
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8))


def header_of(tmp_path, data, name="a"):
    (tmp_path / name).write_bytes(data)
    return read_header(tmp_path / name)


def large_profile():
    """A profile of more than 64 KiB, with nothing behind its tags."""
    return (70_000).to_bytes(4, "big") + PROFILE[4:].ljust(70_000 - 4, b"\0")


@pytest.mark.parametrize("name", [row.name for row in formats.FORMATS.values() if row.is_written])
def test_format_size_and_loss_of_each_format_are_told(tmp_path, name):
    if name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    header = header_of(tmp_path, encoded(Photo(smooth_pixels()), name))
    assert (header.format, header.size) == (name, (56, 40))
    assert header.is_lossy == formats.FORMATS[name].lossy


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_picture_in_heic_too(tmp_path, orientation):
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    pillow_heif.from_pillow(IMAGE).save(buffer, exif=exif.tobytes())
    header = header_of(tmp_path, buffer.getvalue())
    assert (header.format, header.mode, header.is_lossy) == ("HEIF", "RGB", True)
    assert header.size == read(buffer.getvalue()).pixels.shape[1::-1]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real data beside the project")
def test_camera_raw_is_told(tmp_path):
    pytest.importorskip("rawpy", reason="camera RAW needs rawpy")
    path = DATA / "photos" / "canon_s40.crw"
    header = read_header(path)
    assert (header.format, header.size) == ("RAW", read(path).pixels.shape[1::-1])


def test_the_mode_is_as_stored(tmp_path):
    modes = ["1", "L", "LA", "P", "RGB", "RGBA"]
    found = [header_of(tmp_path, saved(IMAGE.convert(mode), "PNG")).mode for mode in modes]
    assert found == modes
    assert header_of(tmp_path, saved(IMAGE.convert("CMYK"), "JPEG")).mode == "CMYK"


def test_a_damaged_exif_block_turns_nothing(tmp_path):
    exif = exif_with(6).replace(b"II*", b"xx*")
    data = saved(IMAGE, "JPEG", exif=exif)
    assert header_of(tmp_path, data).size == read(data).pixels.shape[1::-1] == (56, 40)


def test_a_lossy_webp_that_names_the_other_compression_in_its_xmp_is_lossy(tmp_path):
    assert header_of(tmp_path, saved(IMAGE, "WEBP", xmp=b"<x>VP8L</x>")).is_lossy


def test_a_lossless_webp_with_a_large_profile_is_lossless(tmp_path):
    data = saved(IMAGE, "WEBP", lossless=True, icc_profile=large_profile())
    assert data.find(b"VP8L") > 2**16
    assert not header_of(tmp_path, data).is_lossy


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_a_lossy_avif_is_lossy(tmp_path):
    assert header_of(tmp_path, saved(IMAGE, "AVIF", quality=50)).is_lossy


@pytest.mark.parametrize(
    ("compression", "is_lossy"),
    [("raw", False), ("tiff_lzw", False), ("tiff_deflate", False), ("jpeg", True)],
)
def test_a_tiff_is_lossy_if_its_compression_is(tmp_path, compression, is_lossy):
    assert header_of(tmp_path, saved(NOISE, "TIFF", compression=compression)).is_lossy == is_lossy


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "GIF"])
@pytest.mark.parametrize("most", [1, 1500])  # Pillow refuses, or warns of, 2240 pixels
def test_limits_of_the_host_do_not_hold(tmp_path, monkeypatch, form, most):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    assert header_of(tmp_path, saved(IMAGE, form)).size == (56, 40)


def test_what_reading_refuses_is_refused_with_the_name_of_the_file(tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        read_header(tmp_path / "nowhere")
    with pytest.raises(UnreadableError, match=r"a\.png: the file is empty"):
        header_of(tmp_path, b"", "a.png")
    with pytest.raises(UnreadableError, match=r"a\.png: not a picture"):
        header_of(tmp_path, b"no picture", "a.png")
    with pytest.raises(TooLargeError, match=r"a\.png: 1600 megapixels"):
        header_of(tmp_path, png_that_claims(40_000, 40_000), "a.png")
    with pytest.raises(TooLargeError, match="over the limit of 0"):
        (tmp_path / "b").write_bytes(saved(IMAGE, "BMP"))
        read_header(tmp_path / "b", Limits(0))

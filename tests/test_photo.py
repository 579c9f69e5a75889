import io
import os
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from scotopic import photo
from scotopic.errors import ScotopicError

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = ("PNG", "TIFF", "BMP")


@pytest.fixture
def pixels():
    coarse = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((56, 40), Image.Resampling.BICUBIC))


def exif_with(orientation, order=b"II"):
    """An EXIF block by hand: orientation, and a note of bytes that no one may touch."""
    name = "little" if order == b"II" else "big"

    def n(value, size):
        return value.to_bytes(size, name)

    note = bytes(range(256))
    entries = n(0x0112, 2) + n(3, 2) + n(1, 4) + n(orientation, 2) + n(0, 2)
    entries += n(0x927C, 2) + n(7, 2) + n(len(note), 4) + n(8 + 2 + 24 + 4, 4)
    return b"Exif\0\0" + order + n(42, 2) + n(8, 4) + n(2, 2) + entries + n(0, 4) + note


def saved(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pixels_come_upright_as_pillow_turns_them(pixels, orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(Image.fromarray(pixels), form, exif=exif, **options)
    taken = photo.read(data)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert np.array_equal(taken.pixels, wanted)
    with Image.open(io.BytesIO(photo.encode(taken, form))) as again:
        assert again.getexif().get(0x0112, 1) == 1
        assert again.size == wanted.shape[1::-1]


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_the_orientation_is_set_and_no_other_byte_changes(order):
    before = exif_with(6, order)
    after = photo.upright_exif(before)
    assert len(after) == len(before)
    assert [i for i in range(len(before)) if before[i] != after[i]] == [
        i for i in range(len(before)) if before[i] != exif_with(1, order)[i]
    ]


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_damaged_exif_is_left_alone(cut):
    block = exif_with(6)[:cut]
    assert len(photo.upright_exif(block)) == len(block)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_a_file_carries_comes_through(pixels, form):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>1</a></x:xmpmeta>'
    given = photo.Photo(pixels, exif=exif_with(1), icc_profile=PROFILE, xmp=xmp, dpi=(300, 300))
    taken = photo.read(photo.encode(given, form))
    assert (taken.icc_profile, taken.xmp) == (PROFILE, xmp)
    assert taken.exif is not None
    if form != "WEBP":
        assert np.allclose(taken.dpi, (300, 300), atol=0.1)
    if form != "TIFF":
        assert bytes(range(256)) in taken.exif


@pytest.mark.parametrize("form", LOSSLESS)
@pytest.mark.parametrize("gray", [True, False])
def test_lossless_formats_keep_every_pixel(pixels, form, gray):
    given = pixels[..., :1] if gray else pixels
    assert np.array_equal(photo.read(photo.encode(photo.Photo(given), form)).pixels, given)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_kept(pixels, form):
    alpha = pixels[..., 0]
    taken = photo.read(photo.encode(photo.Photo(pixels, alpha), form))
    assert np.array_equal(taken.alpha, alpha)


def test_alpha_that_a_format_cannot_hold_is_told(pixels):
    given = photo.Photo(pixels, pixels[..., 0])
    photo.encode(given, "JPEG")
    assert any("transparency dropped" in note for note in given.notes)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_stay_sixteen(form, channels):
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    rng = np.random.default_rng(2)
    given = rng.integers(0, 65536, (20, 30, min(channels, 3)), dtype=np.uint16)
    alpha = rng.integers(0, 65536, (20, 30), dtype=np.uint16) if channels == 4 else None
    taken = photo.read(photo.encode(photo.Photo(given, alpha, icc_profile=PROFILE), form))
    assert taken.pixels.dtype == np.uint16 and np.array_equal(taken.pixels, given)
    assert taken.icc_profile == PROFILE
    assert alpha is None or np.array_equal(taken.alpha, alpha)


def test_sixteen_bits_into_a_jpeg_are_cut_with_a_word():
    given = photo.Photo(np.full((8, 8, 3), 65535, np.uint16))
    taken = photo.read(photo.encode(given, "JPEG"))
    assert taken.pixels.dtype == np.uint8 and taken.pixels.min() >= 254
    assert any("cut to 8" in note for note in given.notes)


@pytest.mark.parametrize("mode, told", [("P", True), ("CMYK", True), ("1", True), ("L", False)])
def test_other_modes_are_converted_with_a_word(pixels, mode, told):
    form = "TIFF" if mode == "CMYK" else "PNG"
    taken = photo.read(saved(Image.fromarray(pixels).convert(mode), form))
    assert taken.pixels.shape[:2] == pixels.shape[:2]
    assert bool(taken.notes) == told


def test_tags_of_a_tiff_come_through(pixels):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x829A: 0.5}
    taken = photo.read(saved(Image.fromarray(pixels), "TIFF", exif=exif.tobytes()))
    for form in ("TIFF", "JPEG"):
        with Image.open(io.BytesIO(photo.encode(taken, form))) as again:
            assert again.getexif()[0x010F] == "Maker"
            assert again.getexif().get_ifd(0x8769)[0x829A] == 0.5
            assert again.size == pixels.shape[1::-1]


def test_png_text_comes_through(pixels):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "dark")
    taken = photo.read(saved(Image.fromarray(pixels), "PNG", pnginfo=text))
    assert photo.read(photo.encode(taken, "PNG")).text == {"Title": "dark"}


def test_credit_adds_and_drops_nothing():
    fresh = photo.credit(None, "scotopic 1 (m)")
    assert b"algorithmicallyEnhanced" in fresh and b"scotopic 1 (m)" in fresh
    before = fresh.replace(b"scotopic 1 (m)", b"Other")
    after = photo.credit(before, "scotopic 2 (m)")
    assert after.count(b"DigitalSourceType=") == 1 and b"scotopic 2" in after
    assert before[:-60].split(b"</rdf:RDF>")[0] in after


@pytest.mark.parametrize(
    "content, word", [(b"", "empty"), (b"some text", "not a picture"), (None, "damaged")]
)
def test_what_is_no_picture_gets_one_line(pixels, content, word):
    if content is None:
        content = saved(Image.fromarray(pixels), "JPEG")[:700]
    with pytest.raises(ScotopicError, match=word) as caught:
        photo.read(content, "x.jpg")
    assert str(caught.value).startswith("x.jpg: ")


def test_a_file_is_put_in_place_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "deep" / "a.jpg"
    photo.write_atomically(b"old", target)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScotopicError, match="No space left"):
        photo.write_atomically(b"new", target)
    assert target.read_bytes() == b"old" and os.listdir(target.parent) == ["a.jpg"]


def test_pillow_images_come_and_go(pixels):
    image = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    image.info["icc_profile"] = PROFILE
    taken = photo.from_image(image)
    again = photo.to_image(taken)
    assert again.mode == "RGBA" and np.array_equal(np.asarray(again), np.asarray(image))
    assert again.info["icc_profile"] == PROFILE


def test_larger_pictures_than_allowed_are_refused_before_they_are_decoded():
    claimed = bytearray(saved(Image.new("L", (8, 8)), "PNG"))
    claimed[16:24] = (40_000).to_bytes(4, "big") * 2
    claimed[29:33] = zlib.crc32(bytes(claimed[12:29])).to_bytes(4, "big")
    with pytest.raises(ScotopicError, match="1600 megapixels, over the limit of 1000; raise it"):
        photo.read(bytes(claimed))
    with pytest.raises(ScotopicError, match="over the limit of 1"):
        photo.read(saved(Image.new("L", (1100, 1000)), "BMP"), max_megapixels=1)
    assert photo.read(saved(Image.new("L", (1000, 1000)), "BMP"), max_megapixels=1)


def test_noise_at_the_highest_quality_is_written():
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    assert photo.read(photo.encode(photo.Photo(noise), "JPEG", 100)).pixels.shape == noise.shape


def test_deep_tiff_of_other_layouts(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    planes = np.random.default_rng(0).integers(0, 65536, (3, 20, 30), dtype=np.uint16)
    options = {"photometric": "rgb", "planarconfig": "separate"}
    tifffile.imwrite(tmp_path / "a.tif", planes, **options)
    assert np.array_equal(photo.read(tmp_path / "a.tif").pixels, np.moveaxis(planes, 0, -1))
    inks = np.zeros((20, 30, 4), np.uint16)
    tifffile.imwrite(tmp_path / "b.tif", inks, photometric="separated")
    with pytest.raises(ScotopicError, match=r"b\.tif: 16-bit TIFF in other colours than RGB"):
        photo.read(tmp_path / "b.tif")

import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageOps
from sample_files import PROFILE, encoded, notes_of, saved, smooth_pixels

from scotopic.errors import MissingPackageError, TooLargeError, UnreadableError
from scotopic.photo import reading, writing
from scotopic.photo.reading import from_image, read


@pytest.fixture
def pixels():
    return smooth_pixels()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pixels_come_upright_as_pillow_turns_them(pixels, orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(Image.fromarray(pixels), form, exif=exif, **options)
    taken = read(data)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert np.array_equal(taken.pixels, wanted)
    with Image.open(io.BytesIO(encoded(taken, form))) as again:
        assert again.getexif().get(0x0112, 1) == 1
        assert again.size == wanted.shape[1::-1]


@pytest.mark.parametrize("mode, told", [("P", True), ("CMYK", True), ("1", True), ("L", False)])
def test_other_modes_are_converted_with_a_word(pixels, mode, told):
    form = "TIFF" if mode == "CMYK" else "PNG"
    taken = read(saved(Image.fromarray(pixels).convert(mode), form))
    assert taken.pixels.shape[:2] == pixels.shape[:2]
    assert bool(taken.notes) == told


@pytest.mark.parametrize(
    "content, word", [(b"", "empty"), (b"some text", "not a picture"), (None, "damaged")]
)
def test_what_is_no_picture_gets_one_line(pixels, content, word):
    if content is None:
        content = saved(Image.fromarray(pixels), "JPEG")[:700]
    with pytest.raises(UnreadableError, match=word) as caught:
        read(content, "x.jpg")
    assert caught.value.path == "x.jpg" and "x.jpg" not in caught.value.message


def test_pillow_images_come_and_go(pixels):
    image = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    image.info["icc_profile"] = PROFILE
    taken = from_image(image)
    again = writing.to_image(taken)
    assert again.mode == "RGBA" and np.array_equal(np.asarray(again), np.asarray(image))
    assert again.info["icc_profile"] == PROFILE


def test_deep_tiff_of_other_layouts(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    planes = np.random.default_rng(0).integers(0, 65536, (3, 20, 30), dtype=np.uint16)
    options = {"photometric": "rgb", "planarconfig": "separate"}
    tifffile.imwrite(tmp_path / "a.tif", planes, **options)
    assert np.array_equal(read(tmp_path / "a.tif").pixels, np.moveaxis(planes, 0, -1))
    inks = np.zeros((20, 30, 4), np.uint16)
    tifffile.imwrite(tmp_path / "b.tif", inks, photometric="separated")
    with pytest.raises(UnreadableError, match=r"b\.tif: 16-bit TIFF in other colours than RGB"):
        read(tmp_path / "b.tif")


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_are_refused_with_a_word(mode):
    if mode == "I":  # floating-point numbers of a TIFF are read
        with pytest.raises(UnreadableError, match="32 bits a channel are not read"):
            read(saved(Image.new(mode, (8, 8)), "TIFF"))
    with pytest.raises(UnreadableError, match="32 bits a channel are not read"):
        from_image(Image.new(mode, (8, 8)))


def test_the_words_of_a_decoder_are_one_line(monkeypatch):
    def complain(*_):
        raise ValueError("first\nsecond\n")

    monkeypatch.setattr(reading, "_decoded", complain)
    with pytest.raises(UnreadableError, match="x: damaged or unsupported: first second$"):
        read(b"1", "x")


def test_a_webp_without_loss_is_known_behind_a_profile(pixels):
    data = saved(Image.fromarray(pixels), "WEBP", lossless=True, icc_profile=PROFILE)
    assert read(data).lossless
    moving = {"save_all": True, "append_images": [Image.fromarray(pixels[::-1])]}
    assert read(saved(Image.fromarray(pixels), "WEBP", lossless=True, **moving)).lossless
    assert not read(saved(Image.fromarray(pixels), "WEBP", icc_profile=PROFILE)).lossless


def test_sixteen_bits_of_gray_of_other_kinds(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    gray = np.random.default_rng(0).integers(0, 9000, (20, 30), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", 65535 - gray, photometric="miniswhite")
    assert np.array_equal(read(tmp_path / "a.tif").pixels[..., 0], gray)
    clear = saved(Image.fromarray(gray), "PNG", transparency=int(gray[3, 4]))
    assert read(clear).alpha[3, 4] == 0


def test_alpha_that_was_multiplied_in_is_taken_out(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    pixels = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    alpha = np.full((20, 30, 1), 32768, np.uint16)
    stored = np.concatenate([(pixels / 65535 * 32768).astype(np.uint16), alpha], axis=-1)
    for kind in ("assocalpha", "unspecified"):
        tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=[kind])
        taken = read(tmp_path / "a.tif")
        assert (taken.alpha is not None) == (kind == "assocalpha")
        wanted = pixels if kind == "assocalpha" else stored[..., :3]
        assert np.abs(taken.pixels.astype(int) - wanted).max() <= 2


def test_the_callers_image_stays_as_it_is(pixels):
    with Image.open(io.BytesIO(saved(Image.fromarray(pixels), "TIFF"))) as image:
        before = dict(image.getexif())
        from_image(image)
        assert dict(image.getexif()) == before


@pytest.mark.parametrize("form", ["GIF", "PNG"])
def test_a_palette_of_grays_is_gray(pixels, form):
    gray = Image.fromarray(pixels[..., 0] // 3).convert("P")
    taken = read(saved(gray, form))
    assert np.array_equal(taken.pixels, pixels[..., :1] // 3)
    again = read(encoded(taken, form))
    assert np.array_equal(again.pixels, taken.pixels)
    assert notes_of(taken, form) == ()


def test_a_shortage_of_memory_is_told_as_that(monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(reading, "_decoded", fail)
    with pytest.raises(TooLargeError, match="x: there is not enough memory to decode it"):
        read(b"1", "x")


def test_a_damaged_pillow_image_is_refused_as_a_damaged_file_is(pixels):
    data = saved(Image.fromarray(pixels), "JPEG")
    with pytest.raises(UnreadableError, match="image: damaged or unsupported"):
        from_image(Image.open(io.BytesIO(data[:700])))


@pytest.mark.parametrize("form", ["PPM", "TGA", "ICO"])
def test_formats_without_a_row_are_read_and_keep_their_name(pixels, form):
    taken = read(
        saved(Image.fromarray(pixels), form, **({} if form != "ICO" else {"sizes": [(56, 40)]}))
    )
    assert taken.format == form and taken.pixels.shape == pixels.shape


def test_an_error_that_gets_a_path_keeps_its_cause_and_where_it_was_raised(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingPackageError, match="a.dng") as caught:
        read(b"II*\0", "a.dng")
    assert isinstance(caught.value.__cause__, ImportError)
    assert "develop_raw" in [entry.name for entry in caught.traceback]

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from sample_files import PROFILE, encoded, exif_with, notes_of, saved, smooth_pixels

from scotopic.errors import InvalidValueError, ScotopicError
from scotopic.photo import formats, writing
from scotopic.photo.codecs import ENCODERS
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read


@pytest.fixture
def pixels():
    return smooth_pixels()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("gray", [True, False])
def test_lossless_formats_keep_every_pixel(pixels, form, gray):
    given = pixels[..., :1] if gray else pixels
    assert np.array_equal(read(encoded(Photo(given), form)).pixels, given)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_kept(pixels, form):
    alpha = pixels[..., 0]
    taken = read(encoded(Photo(pixels, alpha), form))
    assert np.array_equal(taken.alpha, alpha)


def test_alpha_that_a_format_cannot_hold_is_told(pixels):
    assert notes_of(Photo(pixels, pixels[..., 0]), "JPEG") == (
        "transparency not written: JPEG holds none",
    )


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_stay_sixteen(form, channels):
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    rng = np.random.default_rng(2)
    given = rng.integers(0, 65536, (20, 30, min(channels, 3)), dtype=np.uint16)
    alpha = rng.integers(0, 65536, (20, 30), dtype=np.uint16) if channels == 4 else None
    taken = read(encoded(Photo(given, alpha, icc_profile=PROFILE), form))
    assert taken.pixels.dtype == np.uint16 and np.array_equal(taken.pixels, given)
    assert taken.icc_profile == PROFILE
    assert alpha is None or np.array_equal(taken.alpha, alpha)


def test_sixteen_bits_into_a_jpeg_are_cut_with_a_word():
    given = Photo(np.full((8, 8, 3), 65535, np.uint16))
    taken = read(encoded(given, "JPEG"))
    assert taken.pixels.dtype == np.uint8 and taken.pixels.min() >= 254
    assert notes_of(given, "JPEG") == ("16 bits a channel cut to 8: JPEG holds no more",)


@pytest.mark.parametrize("progressive", [True, False])
def test_noise_that_exceeds_pillows_buffer_is_written_without_optimization(progressive):
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    tables = {"qtables": [[1] * 64] * 2, "subsampling": 0, "progressive": progressive}
    data, notes = writing.encode(Photo(noise, jpeg=tables), "JPEG")
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(np.asarray(image).astype(int) - noise).max() < 12
        assert not image.info.get("progressive")
    told = "JPEG not progressive as it was: its noise exceeds the encoder's buffer"
    assert notes == ((told,) if progressive else ())


def test_a_picture_too_wide_for_a_format_is_refused_and_not_tried_in_another_way():
    with pytest.raises(ScotopicError, match="cannot be written as JPEG"):
        writing.encode(Photo(np.zeros((1, 70_000, 3), np.uint8)), "JPEG")


@pytest.mark.parametrize("form", ["HEIF", "RAW", "jpg", "PPM"])
def test_what_is_not_the_name_of_a_written_format_is_refused(pixels, form):
    with pytest.raises(InvalidValueError, match=form):
        writing.encode(Photo(pixels), form)


@pytest.mark.parametrize("form", ENCODERS)
def test_encoding_twice_gives_the_same_and_leaves_the_photo_as_it_is(form):
    def whole():
        alpha = smooth_pixels(channels=1)[..., 0]
        return Photo(
            *(smooth_pixels(), alpha, "PNG", exif_with(1), PROFILE, b"<a/></rdf:RDF>"),
            text={"Title": "dark", "Comment": "by night"},
            dpi=(300, 300),
            photoshop=b"8BIM",
            made_by="scotopic 1 (m)",
            notes=("read somehow",),
        )

    photo = whole()
    assert writing.encode(photo, form) == writing.encode(photo, form)
    for field in dataclasses.fields(Photo):
        assert np.array_equal(getattr(photo, field.name), getattr(whole(), field.name))


def test_a_tiff_by_rows_is_the_tiff_of_the_whole(pixels):
    photo = Photo(pixels, exif=exif_with(1), dpi=(300, 300), xmp=b"<x/>", made_by="scotopic 1 (m)")
    file = io.BytesIO()
    carried = dataclasses.replace(photo, pixels=np.empty(0))
    notes = writing.write_tiff(carried, file, len(pixels), iter([pixels[:7], pixels[7:]]))
    assert (file.getvalue(), notes) == writing.encode(photo, "TIFF")


def test_damaged_exif_is_not_written_into_a_tiff_and_that_is_told(pixels):
    for block in (exif_with(1)[:24], b"nonsense"):
        assert notes_of(Photo(pixels, exif=block), "TIFF") == ("EXIF not written: it is damaged",)


def test_what_a_format_has_no_place_for_is_told(pixels):
    given = Photo(pixels, exif=exif_with(1), icc_profile=PROFILE, xmp=b"<x/>", dpi=(300, 300))
    given.text = {"Title": "dark"}
    assert notes_of(given, "BMP") == (
        "EXIF, colour profile, XMP, text not written: BMP holds none",
    )
    gray = Photo(pixels[..., :1])
    assert notes_of(gray, "WEBP") == ("gray written as RGB: WebP holds no gray",)


def test_a_webp_without_loss_stays_so_unless_a_quality_is_asked_for(pixels):
    taken = read(saved(Image.fromarray(pixels), "WEBP", lossless=True))
    assert np.array_equal(read(encoded(taken, "WEBP")).pixels, pixels)
    assert not np.array_equal(read(encoded(taken, "WEBP", 80)).pixels, pixels)
    lossy = read(saved(Image.fromarray(pixels), "WEBP", quality=80))
    assert not lossy.lossless


def test_xmp_that_only_just_fits_goes_without_the_credit(pixels):
    for size, kept in ((65_400, True), (66_000, False)):
        packet = b"<a/></rdf:RDF>".ljust(size)
        given = Photo(pixels, xmp=packet, made_by="scotopic 1 (m)")
        assert read(encoded(given, "JPEG")).xmp == (packet if kept else None)
        assert bool(notes_of(given, "JPEG")) != kept


def test_a_profile_of_gray_is_not_given_to_colours(pixels):
    profile = PROFILE[:16] + b"GRAY" + PROFILE[20:]
    given = Photo(pixels[..., :1], icc_profile=profile)
    assert read(encoded(given, "WEBP")).icc_profile is None
    assert "colour profile of gray left out, since RGB is written" in notes_of(given, "WEBP")


@pytest.mark.parametrize("name", ["JPEG", "WEBP", "PNG", "TIFF"])
def test_a_quality_that_a_format_has_not_is_noted(name):
    photo = Photo(np.zeros((8, 8, 3), np.uint8))
    notes = writing.encode(photo, name, 50)[1]
    without = writing.encode(photo, name)[1]
    label = formats.FORMATS[name].label
    expected = () if name in ("JPEG", "WEBP") else (f"quality not used: {label} has none",)
    assert notes == (*without, *expected)

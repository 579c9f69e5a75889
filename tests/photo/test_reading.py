import io
import os
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin
from sample_files import PROFILE, exif_with

from scotopic import storage
from scotopic.errors import ScotopicError
from scotopic.photo import limits, reading, writing

LOSSLESS = ("PNG", "TIFF", "BMP")


@pytest.fixture
def pixels():
    coarse = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((56, 40), Image.Resampling.BICUBIC))


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
    taken = reading.read(data)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert np.array_equal(taken.pixels, wanted)
    with Image.open(io.BytesIO(writing.encode(taken, form))) as again:
        assert again.getexif().get(0x0112, 1) == 1
        assert again.size == wanted.shape[1::-1]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_a_file_carries_comes_through(pixels, form):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>1</a></x:xmpmeta>'
    given = reading.Photo(pixels, exif=exif_with(1), icc_profile=PROFILE, xmp=xmp, dpi=(300, 300))
    taken = reading.read(writing.encode(given, form))
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
    assert np.array_equal(reading.read(writing.encode(reading.Photo(given), form)).pixels, given)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_kept(pixels, form):
    alpha = pixels[..., 0]
    taken = reading.read(writing.encode(reading.Photo(pixels, alpha), form))
    assert np.array_equal(taken.alpha, alpha)


def test_alpha_that_a_format_cannot_hold_is_told(pixels):
    given = reading.Photo(pixels, pixels[..., 0])
    writing.encode(given, "JPEG")
    assert any("transparency not written: JPEG" in note for note in given.notes)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_stay_sixteen(form, channels):
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    rng = np.random.default_rng(2)
    given = rng.integers(0, 65536, (20, 30, min(channels, 3)), dtype=np.uint16)
    alpha = rng.integers(0, 65536, (20, 30), dtype=np.uint16) if channels == 4 else None
    taken = reading.read(writing.encode(reading.Photo(given, alpha, icc_profile=PROFILE), form))
    assert taken.pixels.dtype == np.uint16 and np.array_equal(taken.pixels, given)
    assert taken.icc_profile == PROFILE
    assert alpha is None or np.array_equal(taken.alpha, alpha)


def test_sixteen_bits_into_a_jpeg_are_cut_with_a_word():
    given = reading.Photo(np.full((8, 8, 3), 65535, np.uint16))
    taken = reading.read(writing.encode(given, "JPEG"))
    assert taken.pixels.dtype == np.uint8 and taken.pixels.min() >= 254
    assert any("cut to 8" in note for note in given.notes)


@pytest.mark.parametrize("mode, told", [("P", True), ("CMYK", True), ("1", True), ("L", False)])
def test_other_modes_are_converted_with_a_word(pixels, mode, told):
    form = "TIFF" if mode == "CMYK" else "PNG"
    taken = reading.read(saved(Image.fromarray(pixels).convert(mode), form))
    assert taken.pixels.shape[:2] == pixels.shape[:2]
    assert bool(taken.notes) == told


def test_tags_of_a_tiff_come_through(pixels):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x829A: 0.5}
    taken = reading.read(saved(Image.fromarray(pixels), "TIFF", exif=exif.tobytes()))
    for form in ("TIFF", "JPEG"):
        with Image.open(io.BytesIO(writing.encode(taken, form))) as again:
            assert again.getexif()[0x010F] == "Maker"
            assert again.getexif().get_ifd(0x8769)[0x829A] == 0.5
            assert again.size == pixels.shape[1::-1]


def test_png_text_comes_through(pixels):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "dark")
    taken = reading.read(saved(Image.fromarray(pixels), "PNG", pnginfo=text))
    assert reading.read(writing.encode(taken, "PNG")).text == {"Title": "dark"}


@pytest.mark.parametrize(
    "content, word", [(b"", "empty"), (b"some text", "not a picture"), (None, "damaged")]
)
def test_what_is_no_picture_gets_one_line(pixels, content, word):
    if content is None:
        content = saved(Image.fromarray(pixels), "JPEG")[:700]
    with pytest.raises(ScotopicError, match=word) as caught:
        reading.read(content, "x.jpg")
    assert str(caught.value).startswith("x.jpg: ")


def test_a_file_is_put_in_place_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "deep" / "a.jpg"
    storage.write_atomically(b"old", target)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScotopicError, match="No space left"):
        storage.write_atomically(b"new", target)
    assert target.read_bytes() == b"old" and os.listdir(target.parent) == ["a.jpg"]


def test_pillow_images_come_and_go(pixels):
    image = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    image.info["icc_profile"] = PROFILE
    taken = reading.from_image(image)
    again = writing.to_image(taken)
    assert again.mode == "RGBA" and np.array_equal(np.asarray(again), np.asarray(image))
    assert again.info["icc_profile"] == PROFILE


def test_larger_pictures_than_allowed_are_refused_before_they_are_decoded():
    claimed = bytearray(saved(Image.new("L", (8, 8)), "PNG"))
    claimed[16:24] = (40_000).to_bytes(4, "big") * 2
    claimed[29:33] = zlib.crc32(bytes(claimed[12:29])).to_bytes(4, "big")
    with pytest.raises(ScotopicError, match="1600 megapixels, over the limit of 1000; raise it"):
        reading.read(bytes(claimed))
    with pytest.raises(ScotopicError, match="over the limit of 1"):
        reading.read(saved(Image.new("L", (1100, 1000)), "BMP"), max_megapixels=1)
    assert reading.read(saved(Image.new("L", (1000, 1000)), "BMP"), max_megapixels=1)


def test_noise_at_the_highest_quality_is_written():
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    assert (
        reading.read(writing.encode(reading.Photo(noise), "JPEG", 100)).pixels.shape == noise.shape
    )


def test_deep_tiff_of_other_layouts(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    planes = np.random.default_rng(0).integers(0, 65536, (3, 20, 30), dtype=np.uint16)
    options = {"photometric": "rgb", "planarconfig": "separate"}
    tifffile.imwrite(tmp_path / "a.tif", planes, **options)
    assert np.array_equal(reading.read(tmp_path / "a.tif").pixels, np.moveaxis(planes, 0, -1))
    inks = np.zeros((20, 30, 4), np.uint16)
    tifffile.imwrite(tmp_path / "b.tif", inks, photometric="separated")
    with pytest.raises(ScotopicError, match=r"b\.tif: 16-bit TIFF in other colours than RGB"):
        reading.read(tmp_path / "b.tif")


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_are_refused_with_a_word(mode):
    with pytest.raises(ScotopicError, match="32 bits a channel are not read"):
        reading.read(saved(Image.new(mode, (8, 8)), "TIFF"))
    with pytest.raises(ScotopicError, match="32 bits a channel are not read"):
        reading.from_image(Image.new(mode, (8, 8)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
def test_a_comment_comes_through(pixels, form):
    source = saved(Image.fromarray(pixels), "JPEG", comment=b"by night")
    assert reading.read(writing.encode(reading.read(source), form)).text == {"Comment": "by night"}


def test_what_a_format_has_no_place_for_is_told(pixels):
    given = reading.Photo(
        pixels, exif=exif_with(1), icc_profile=PROFILE, xmp=b"<x/>", dpi=(300, 300)
    )
    given.text = {"Title": "dark"}
    writing.encode(given, "BMP")
    assert given.notes == ["EXIF, colour profile, XMP, text not written: BMP holds none"]
    gray = reading.Photo(pixels[..., :1])
    writing.encode(gray, "WEBP")
    assert gray.notes == ["gray written as RGB: WEBP holds no gray"]


@pytest.mark.parametrize("block", [b"Exif\0\0what is this", b"Exif\0\0II*"])
def test_damaged_exif_costs_the_exif_and_not_the_picture(pixels, block):
    taken = reading.read(saved(Image.fromarray(pixels), "JPEG", exif=block))
    assert taken.exif is None and taken.notes == ["EXIF left out: it is damaged"]
    assert reading.read(writing.encode(taken, "JPEG")).pixels.shape == pixels.shape


def test_a_webp_without_loss_stays_so_unless_a_quality_is_asked_for(pixels):
    taken = reading.read(saved(Image.fromarray(pixels), "WEBP", lossless=True))
    assert np.array_equal(reading.read(writing.encode(taken, "WEBP")).pixels, pixels)
    assert not np.array_equal(reading.read(writing.encode(taken, "WEBP", 80)).pixels, pixels)
    lossy = reading.read(saved(Image.fromarray(pixels), "WEBP", quality=80))
    assert not lossy.lossless


def test_a_picture_that_takes_more_memory_than_there_is_is_refused_before_it_is_decoded():
    data = saved(Image.new("RGB", (3000, 2000)), "JPEG")
    needed = limits.bytes_needed(6_000_000, False, "JPEG")
    assert reading.read(data, memory=needed).pixels.shape == (2000, 3000, 3)
    with pytest.raises(ScotopicError, match=r"6 megapixels take about 0.3G of memory; allow that"):
        reading.read(data, memory=needed - 1)
    progressive = saved(Image.new("RGB", (3000, 2000)), "JPEG", progressive=True)
    with pytest.raises(ScotopicError, match="megapixels take about"):
        reading.read(progressive, memory=needed)
    frames = [Image.new("RGB", (300, 200), level) for level in ((9, 9, 9), (8, 8, 8), (7, 7, 7))]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(ScotopicError, match="0.18 megapixels take about"):
        reading.read(moving, memory=limits.bytes_needed(120_000, False, "GIF"))


def test_the_words_of_a_decoder_are_one_line(monkeypatch):
    def complain(*_):
        raise ValueError("first\nsecond\n")

    monkeypatch.setattr(reading, "_decode", complain)
    with pytest.raises(ScotopicError, match="x: damaged or unsupported: first second$"):
        reading.read(b"1", "x")


def test_a_webp_without_loss_is_known_behind_a_profile(pixels):
    data = saved(Image.fromarray(pixels), "WEBP", lossless=True, icc_profile=PROFILE)
    assert reading.read(data).lossless
    moving = {"save_all": True, "append_images": [Image.fromarray(pixels[::-1])]}
    assert reading.read(saved(Image.fromarray(pixels), "WEBP", lossless=True, **moving)).lossless
    assert not reading.read(saved(Image.fromarray(pixels), "WEBP", icc_profile=PROFILE)).lossless


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "PNG", "TIFF"])
@pytest.mark.parametrize("target", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_goes_from_format_to_format(pixels, form, target):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    taken = reading.read(saved(Image.fromarray(pixels), form, exif=exif.tobytes()))
    data = writing.encode(taken, target)
    with Image.open(io.BytesIO(data)) as again:
        assert again.getexif()[0x010F] == "Maker"
    if target == "JPEG":
        assert b"\xff\xe1" in data and b"Exif\0\0" in data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_xmp_turned_is_not_turned_twice(pixels, form):
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    )
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        data = saved(Image.fromarray(pixels), form, pnginfo=info)
    else:
        data = saved(Image.fromarray(pixels), form, xmp=packet)
    once = reading.read(data)
    twice = reading.read(writing.encode(once, form))
    assert once.pixels.shape == twice.pixels.shape == (56, 40, 3)


def test_exif_in_a_text_of_a_png_is_found_and_upright(pixels):
    block = exif_with(6)
    info = PngImagePlugin.PngInfo()
    lines = f"\nexif\n{len(block):8}\n{block.hex()}\n"
    info.add_text("Raw profile type exif", lines)
    taken = reading.read(saved(Image.fromarray(pixels), "PNG", pnginfo=info))
    assert taken.exif == exif_with(1) and taken.text == {}
    assert taken.pixels.shape == (56, 40, 3)
    assert reading.read(writing.encode(taken, "PNG")).pixels.shape == (56, 40, 3)


def test_sixteen_bits_of_gray_of_other_kinds(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    gray = np.random.default_rng(0).integers(0, 9000, (20, 30), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", 65535 - gray, photometric="miniswhite")
    assert np.array_equal(reading.read(tmp_path / "a.tif").pixels[..., 0], gray)
    clear = saved(Image.fromarray(gray), "PNG", transparency=int(gray[3, 4]))
    assert reading.read(clear).alpha[3, 4] == 0


def test_alpha_that_was_multiplied_in_is_taken_out(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    pixels = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    alpha = np.full((20, 30, 1), 32768, np.uint16)
    stored = np.concatenate([(pixels / 65535 * 32768).astype(np.uint16), alpha], axis=-1)
    for kind in ("assocalpha", "unspecified"):
        tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=[kind])
        taken = reading.read(tmp_path / "a.tif")
        assert (taken.alpha is not None) == (kind == "assocalpha")
        wanted = pixels if kind == "assocalpha" else stored[..., :3]
        assert np.abs(taken.pixels.astype(int) - wanted).max() <= 2


def test_nonsense_for_a_resolution_is_left_out(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    plain, sane = np.zeros((9, 9, 3), np.uint8), (15_432, 125)
    options = {"photometric": "rgb", "resolution": (sane, sane), "resolutionunit": 2}
    tifffile.imwrite(tmp_path / "a.tif", plain, **options)
    whole = (tmp_path / "a.tif").read_bytes()
    assert reading.read(whole).dpi == pytest.approx((123.456, 123.456))
    for numbers in ((15_432, 0), (4_000_000_000, 1), (0, 1)):
        data = whole.replace(np.array(sane, "<u4").tobytes(), np.array(numbers, "<u4").tobytes())
        taken = reading.read(data)
        assert taken.dpi is None
        for form in ("TIFF", "PNG", "BMP"):
            assert writing.encode(taken, form)


def test_a_bigtiff_keeps_its_tags(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    tags = [(271, 2, 0, "Maker", True)]
    plain = np.zeros((9, 9, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", plain, photometric="rgb", bigtiff=True, extratags=tags)
    taken = reading.read(tmp_path / "a.tif")
    with Image.open(io.BytesIO(writing.encode(taken, "TIFF"))) as again:
        assert again.getexif()[271] == "Maker"


def test_the_callers_image_stays_as_it_is(pixels):
    with Image.open(io.BytesIO(saved(Image.fromarray(pixels), "TIFF"))) as image:
        before = dict(image.getexif())
        reading.from_image(image)
        assert dict(image.getexif()) == before


def test_more_xmp_than_one_segment_holds_is_kept(pixels):
    more = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + b"<more/>"
    segment = b"\xff\xe1" + (2 + len(more)).to_bytes(2, "big") + more
    plain = saved(Image.fromarray(pixels), "JPEG")
    taken = reading.read(plain[:2] + segment + plain[2:])
    assert segment in writing.encode(taken, "JPEG")
    writing.encode(taken, "PNG")
    assert taken.notes == ["extended XMP not written: PNG holds none"]


def test_xmp_that_only_just_fits_goes_without_the_credit(pixels):
    for size, kept in ((65_400, True), (66_000, False)):
        packet = b"<a/></rdf:RDF>".ljust(size)
        given = reading.Photo(pixels, xmp=packet, made_by="scotopic 1 (m)")
        assert reading.read(writing.encode(given, "JPEG")).xmp == (packet if kept else None)
        assert bool(given.notes) != kept


def test_a_profile_of_gray_is_not_given_to_colours(pixels):
    profile = PROFILE[:16] + b"GRAY" + PROFILE[20:]
    given = reading.Photo(pixels[..., :1], icc_profile=profile)
    assert reading.read(writing.encode(given, "WEBP")).icc_profile is None
    assert "colour profile of gray left out, since RGB is written" in given.notes


@pytest.mark.parametrize("form", ["GIF", "PNG"])
def test_a_palette_of_grays_is_gray(pixels, form):
    gray = Image.fromarray(pixels[..., 0] // 3).convert("P")
    taken = reading.read(saved(gray, form))
    assert np.array_equal(taken.pixels, pixels[..., :1] // 3)
    again = reading.read(writing.encode(taken, form))
    assert np.array_equal(again.pixels, taken.pixels)
    assert not any("colours reduced" in note for note in taken.notes)

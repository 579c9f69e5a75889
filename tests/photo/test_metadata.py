import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from sample_files import PROFILE, encoded, exif_with, notes_of, saved, smooth_pixels

from scotopic.photo.photo import Photo
from scotopic.photo.reading import read


@pytest.fixture
def pixels():
    return smooth_pixels()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_a_file_carries_comes_through(pixels, form):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>1</a></x:xmpmeta>'
    given = Photo(pixels, exif=exif_with(1), icc_profile=PROFILE, xmp=xmp, dpi=(300, 300))
    taken = read(encoded(given, form))
    assert (taken.icc_profile, taken.xmp) == (PROFILE, xmp)
    assert taken.exif is not None
    if form != "WEBP":
        assert np.allclose(taken.dpi, (300, 300), atol=0.1)
    if form != "TIFF":
        assert bytes(range(256)) in taken.exif


def test_tags_of_a_tiff_come_through(pixels):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x829A: 0.5}
    taken = read(saved(Image.fromarray(pixels), "TIFF", exif=exif.tobytes()))
    for form in ("TIFF", "JPEG"):
        with Image.open(io.BytesIO(encoded(taken, form))) as again:
            assert again.getexif()[0x010F] == "Maker"
            assert again.getexif().get_ifd(0x8769)[0x829A] == 0.5
            assert again.size == pixels.shape[1::-1]


def test_png_text_comes_through(pixels):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "dark")
    taken = read(saved(Image.fromarray(pixels), "PNG", pnginfo=text))
    assert read(encoded(taken, "PNG")).text == {"Title": "dark"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
def test_a_comment_comes_through(pixels, form):
    source = saved(Image.fromarray(pixels), "JPEG", comment=b"by night")
    assert read(encoded(read(source), form)).text == {"Comment": "by night"}


@pytest.mark.parametrize("block", [b"Exif\0\0what is this", b"Exif\0\0II*"])
def test_damaged_exif_costs_the_exif_and_not_the_picture(pixels, block):
    taken = read(saved(Image.fromarray(pixels), "JPEG", exif=block))
    assert taken.exif is None and taken.notes == ("EXIF left out: it is damaged",)
    assert read(encoded(taken, "JPEG")).pixels.shape == pixels.shape


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "PNG", "TIFF"])
@pytest.mark.parametrize("target", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_goes_from_format_to_format(pixels, form, target):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    taken = read(saved(Image.fromarray(pixels), form, exif=exif.tobytes()))
    data = encoded(taken, target)
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
    once = read(data)
    twice = read(encoded(once, form))
    assert once.pixels.shape == twice.pixels.shape == (56, 40, 3)


def test_exif_in_a_text_of_a_png_is_found_and_upright(pixels):
    block = exif_with(6)
    info = PngImagePlugin.PngInfo()
    lines = f"\nexif\n{len(block):8}\n{block.hex()}\n"
    info.add_text("Raw profile type exif", lines)
    taken = read(saved(Image.fromarray(pixels), "PNG", pnginfo=info))
    assert taken.exif == exif_with(1) and taken.text == {}
    assert taken.pixels.shape == (56, 40, 3)
    assert read(encoded(taken, "PNG")).pixels.shape == (56, 40, 3)


def test_nonsense_for_a_resolution_is_left_out(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    plain, sane = np.zeros((9, 9, 3), np.uint8), (15_432, 125)
    options = {"photometric": "rgb", "resolution": (sane, sane), "resolutionunit": 2}
    tifffile.imwrite(tmp_path / "a.tif", plain, **options)
    whole = (tmp_path / "a.tif").read_bytes()
    assert read(whole).dpi == pytest.approx((123.456, 123.456))
    for numbers in ((15_432, 0), (4_000_000_000, 1), (0, 1)):
        data = whole.replace(np.array(sane, "<u4").tobytes(), np.array(numbers, "<u4").tobytes())
        taken = read(data)
        assert taken.dpi is None
        for form in ("TIFF", "PNG", "BMP"):
            assert encoded(taken, form)


def test_a_bigtiff_keeps_its_tags(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="16 bits need scotopic[deep]")
    tags = [(271, 2, 0, "Maker", True)]
    plain = np.zeros((9, 9, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", plain, photometric="rgb", bigtiff=True, extratags=tags)
    taken = read(tmp_path / "a.tif")
    with Image.open(io.BytesIO(encoded(taken, "TIFF"))) as again:
        assert again.getexif()[271] == "Maker"


def test_more_xmp_than_one_segment_holds_is_kept(pixels):
    more = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + b"<more/>"
    segment = b"\xff\xe1" + (2 + len(more)).to_bytes(2, "big") + more
    plain = saved(Image.fromarray(pixels), "JPEG")
    taken = read(plain[:2] + segment + plain[2:])
    assert segment in encoded(taken, "JPEG")
    assert notes_of(taken, "PNG") == ("extended XMP not written: PNG holds none",)

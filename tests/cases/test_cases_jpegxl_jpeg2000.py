"""JPEG XL and JPEG 2000, in and out."""

import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from cases_kinds import dark
from PIL import Image, ImageCms
from sample_files import PROFILE, encoded, exif_with, notes_of, saved

import scotopic
from scotopic.photo.boxes import box, boxes
from scotopic.photo.carried import iptc
from scotopic.photo.codecs.jpegxl_header import header_of
from scotopic.photo.header import read_header
from scotopic.photo.limits import Limits
from scotopic.photo.photo import Photo
from scotopic.photo.reading import from_image, read
from scotopic.photo.writing import encode

imagecodecs = pytest.importorskip("imagecodecs", reason="needs scotopic[deep]")
FORMS = ("JPEGXL", "JPEG2000")
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>night</dc:source>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
RESOURCES = iptc.resources_of(b"\x1c\x02\x19\x00\x05night")


def photo_of(channels=3, alpha=False, deep=False, **carried):
    pixels = dark(channels)
    plane = (np.arange(40 * 56).reshape(40, 56) % 251).astype(np.uint8) if alpha else None
    if deep:
        pixels = pixels.astype(np.uint16) * 257
        plane = None if plane is None else plane.astype(np.uint16) * 257
    return Photo(pixels, plane, **carried)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_pixels_come_back_without_loss_if_they_were_without(form, channels, alpha, deep):
    photo = photo_of(channels, alpha, deep, lossless=True)
    taken = read(encoded(photo, form))
    assert taken.format == form and taken.lossless
    assert np.array_equal(taken.pixels, photo.pixels)
    assert alpha == (taken.alpha is not None)
    assert not alpha or np.array_equal(taken.alpha, photo.alpha)
    photo.lossless = False
    lossy = read(encoded(photo, form))
    scale = 257 if deep else 1
    assert not lossy.lossless and lossy.pixels.dtype == photo.pixels.dtype
    assert np.abs(lossy.pixels.astype(float) - photo.pixels).mean() < 2 * scale


@pytest.mark.parametrize("form", FORMS)
def test_metadata_that_the_format_has_a_place_for_is_kept(form):
    carried = {"exif": exif_with(1), "xmp": PACKET, "photoshop": RESOURCES, "dpi": (300, 150)}
    photo = photo_of(**carried)
    taken = read(encoded(photo, form))
    assert taken.exif == photo.exif and b"dc:source" in taken.xmp
    if form == "JPEG2000":
        assert iptc.records_of(taken.photoshop) == iptc.records_of(RESOURCES)
        assert np.allclose(taken.dpi, (300, 150)) and notes_of(photo, form) == ()
    else:
        assert notes_of(photo, form) == ("IPTC, resolution not written: JPEG XL holds none",)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool")
@pytest.mark.parametrize("form", FORMS)
def test_exiftool_reads_the_metadata(form, tmp_path):
    exif = Image.Exif()
    exif[0x013B] = "who"
    photo = photo_of(exif=exif.tobytes(), xmp=PACKET, photoshop=RESOURCES, dpi=(300, 300))
    path = tmp_path / ("a.jxl" if form == "JPEGXL" else "a.jp2")
    path.write_bytes(encoded(photo, form))
    made = scotopic.enhance(path)
    told = subprocess.run(
        ["exiftool", "-json", "-n", made], capture_output=True, check=True, text=True
    ).stdout
    found = json.loads(told)[0]
    assert (found["ImageWidth"], found["ImageHeight"]) == (56, 40)
    assert found["Artist"] == "who" and found["Source"] == "night" and "Warning" not in found
    assert form == "JPEGXL" or (found["Keywords"] == "night" and "DisplayXResolution" not in found)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_exiftool_wrote_into_is_read(form, tmp_path):
    if shutil.which("exiftool") is None:
        pytest.skip("needs exiftool")
    path = tmp_path / ("a.jxl" if form == "JPEGXL" else "a.jp2")
    path.write_bytes(encoded(photo_of(xmp=PACKET), form))
    command = ["exiftool", "-q", "-overwrite_original", "-Artist=who", "-XMP-dc:Title=t", path]
    subprocess.run(command, check=True)
    taken = read(scotopic.enhance(path))
    assert b"who" in taken.exif and b"dc:title" in taken.xmp


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_2000_is_turned_upright_by_its_exif(orientation):
    photo = photo_of(exif=exif_with(orientation), lossless=True)
    taken = read(encoded(photo, "JPEG2000"))
    plain = saved(Image.fromarray(photo.pixels), "PNG", exif=exif_with(orientation)[6:])
    assert np.array_equal(taken.pixels, read(plain).pixels)


def test_a_jpeg_xl_is_not_turned_twice():
    photo = photo_of(exif=exif_with(6), lossless=True)
    taken = read(encoded(photo, "JPEGXL"))  # its codestream says that it is upright
    assert np.array_equal(taken.pixels, photo.pixels)
    assert taken.exif == exif_with(1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("deep", [False, True])
def test_a_jpeg_2000_keeps_its_profile_and_its_numbers(channels, deep):
    wide = wide_profile() if channels == 3 else imagecodecs.cms_profile("gray", gamma=1.8)
    photo = photo_of(channels, deep=deep, icc_profile=wide, lossless=True)
    taken = read(encoded(photo, "JPEG2000"))
    assert taken.icc_profile == wide and np.array_equal(taken.pixels, photo.pixels)


def wide_profile():
    return imagecodecs.cms_profile(
        "rgb",
        whitepoint=(0.3127, 0.3290),
        primaries=(0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
        gamma=2.2,
    )


@pytest.mark.parametrize("deep", [False, True])
def test_colours_of_a_jpeg_xl_are_converted_to_srgb_with_a_word(deep):
    photo = photo_of(deep=deep, icc_profile=wide_profile(), lossless=True)
    taken = read(encoded(photo, "JPEGXL"))
    own = ImageCms.ImageCmsProfile(io.BytesIO(wide_profile()))
    srgb = ImageCms.ImageCmsProfile(io.BytesIO(PROFILE))
    wanted = ImageCms.profileToProfile(Image.fromarray(dark()), own, srgb)
    scale = 257 if deep else 1
    assert np.abs(taken.pixels / scale - np.asarray(wanted)).max() <= 4  # of 8 bits, near black
    notes = notes_of(photo, "JPEGXL")
    assert notes == ("colours converted to sRGB: JPEG XL is written without a profile",)
    assert notes_of(photo_of(icc_profile=PROFILE, deep=deep), "JPEGXL") == ()


@pytest.mark.parametrize("form", FORMS)
def test_other_formats_become_and_come_from_them(form):
    data = saved(Image.fromarray(dark()), "PNG")
    suffix = "jxl" if form == "JPEGXL" else "jp2"
    made = scotopic.enhance(data, format=suffix)
    assert read(made).format == form
    back = read(scotopic.enhance(made, strength=0, format="png"))
    assert back.pixels.shape == dark().shape


@pytest.mark.parametrize("form", FORMS)
def test_a_large_picture_is_refused_before_it_is_decoded(form):
    data = encoded(Photo(np.zeros((1200, 1100, 3), np.uint8)), form)
    with pytest.raises(scotopic.ScotopicError, match="1.32 megapixels, over the limit of 1"):
        read(data, limits=Limits(1))
    with pytest.raises(scotopic.ScotopicError, match="take about"):
        read(data, limits=Limits(memory=2**26))


@pytest.mark.parametrize("form", FORMS)
def test_damaged_files_get_one_line(form):
    data = encoded(photo_of(), form)
    for cut in (14, 40, len(data) // 2):
        with pytest.raises(scotopic.ScotopicError):
            read(data[:cut])


SIZES = [(1, 1), (8, 8), (56, 40), (256, 256), (300, 100), (257, 1000), (5000, 3), (1280, 720)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bits", [8, 10, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_header_of_a_jpeg_xl_tells_what_is_decoded(size, bits, channels):
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.zeros((size[1], size[0], channels), kind)
    pixels = pixels[..., 0] if channels == 1 else pixels
    made = imagecodecs.jpegxl_encode(
        pixels, bitspersample=bits, lossless=bits != 10, usecontainer=False
    )
    header = header_of(made[made.find(b"\xff\x0a") :])
    assert (header.size, header.bits, header.is_float) == (size, bits, False)
    assert header.is_xyb == (bits == 10)


def test_linear_light_in_a_jpeg_xl_gets_the_curve_of_srgb():
    levels = dark() / 255
    light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    taken = read(bytes(imagecodecs.jpegxl_encode(light.astype(np.float32), lossless=True)))
    assert np.abs(taken.pixels / 65535 - levels).max() < 1e-3
    assert [note for note in taken.notes if "linear" in note]


def test_the_frames_of_a_jpeg_xl_are_told():
    frames = np.stack([dark(), dark()[::-1]])
    data = bytes(imagecodecs.jpegxl_encode(frames, lossless=True, photometric="rgb"))
    taken = read(data)
    assert np.array_equal(taken.pixels, dark())
    assert "an animated JPEG XL: the first frame is taken" in taken.notes


def test_the_header_of_a_file_is_read_without_decoding(tmp_path):
    for form, name in zip(FORMS, ("a.jxl", "a.jp2"), strict=True):
        for lossless in (False, True):
            (tmp_path / name).write_bytes(encoded(photo_of(lossless=lossless), form))
            header = read_header(tmp_path / name)
            assert (header.format, header.size, header.is_lossy) == (form, (56, 40), not lossless)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("deep", [False, True])
def test_nothing_is_lost_at_a_quality_of_100(form, deep):
    photo = photo_of(alpha=True, deep=deep)
    data, notes = encode(photo, form, 100)
    taken = read(data)
    assert notes == () and taken.lossless
    assert np.array_equal(taken.pixels, photo.pixels) and np.array_equal(taken.alpha, photo.alpha)


def test_a_damaged_box_of_a_jpeg_xl_costs_only_what_is_in_it():
    data = encoded(photo_of(exif=exif_with(1)), "JPEGXL")
    start = next(first - 8 for _, first, _ in boxes(data, 0, len(data), b"jxlc"))
    taken = read(data[:start] + box(b"brob", b"xml " + b"no brotli") + data[start:])
    assert taken.exif == exif_with(1) and taken.xmp is None
    assert "metadata left out: it is damaged" in taken.notes


def test_an_image_of_a_jpeg_2000_has_the_profile_of_its_file():
    profile = wide_profile()
    with Image.open(io.BytesIO(encoded(photo_of(icc_profile=profile), "JPEG2000"))) as image:
        before = dict(image.info)
        assert from_image(image).icc_profile == profile
        assert image.info == before, "the image is the caller's"

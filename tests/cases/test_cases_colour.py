"""Colour told by numbers: kept where a format has a place for it, else converted and told."""

import io

import numpy as np
import pytest
from cases.second_programs import needs_exiftool, told_by_exiftool
from cases_kinds import chunk
from PIL import Image, ImageCms
from sample_files import PROFILE, saved, smooth_pixels

import scotopic
from scotopic.enhancer import Enhancer
from scotopic.jobs.many import run_job
from scotopic.jobs.settings import Job, Settings
from scotopic.photo import writing
from scotopic.photo.reading import read

P3_XY = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB_XY = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
AS_PROFILE = "colour told by numbers written as a colour profile"
CODES = {(12, 13): "P3", (9, 16): "PQ", (9, 18): "HLG", (12, 16): "P3 in PQ", (1, 13): "sRGB"}


def chrm(numbers=P3_XY):
    return chunk(b"cHRM", np.array(numbers, ">u4").tobytes())


def gama(gamma=45455):
    return chunk(b"gAMA", int(gamma).to_bytes(4, "big"))


def cicp(primaries, transfer):
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def dark(deep=False):
    pixels = smooth_pixels() // 4
    return pixels.astype(np.uint16) * 257 if deep else pixels


def png(*chunks, pixels=None, **options):
    pixels = dark() if pixels is None else pixels
    if pixels.dtype == np.uint16:
        imagecodecs = pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
        data = imagecodecs.png_encode(pixels)
    else:
        data = saved(Image.fromarray(pixels), "PNG", **options)
    return data[:33] + b"".join(chunks) + data[33:]


def avif(codes, pixels=None, **options):
    """An AVIF with other codes than Pillow writes."""
    data = saved(Image.fromarray(dark() if pixels is None else pixels), "AVIF", **options)
    given = b"".join(code.to_bytes(2, "big") for code in codes)
    assert data.count(b"nclx\0\1\0\x0d")
    return data.replace(b"nclx\0\1\0\x0d", b"nclx" + given)


def heic(codes, pixels=None, **options):
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    buffer, pixels = io.BytesIO(), dark() if pixels is None else pixels
    mode = "RGB;16" if pixels.dtype == np.uint16 else "RGB"
    height, width = pixels.shape[:2]
    file = pillow_heif.from_bytes(mode, (width, height), pixels.tobytes())
    names = dict(zip(("color_primaries", "transfer_characteristics"), codes, strict=True))
    file.save(buffer, quality=95, **names, **options)
    return buffer.getvalue()


def job(folder, data, source, target):
    (folder / source).write_bytes(data)
    return run_job(Enhancer(), Job(folder / source, folder / target), Settings())


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(
    "chunks",
    [
        (cicp(9, 16),),
        (cicp(12, 13),),
        (chrm(), gama()),
        (gama(100_000),),
        (chrm(SRGB_XY), gama(), chunk(b"sRGB", b"\0")),
        (chunk(b"mDCV", bytes(24)), cicp(9, 18)),
    ],
    ids=["PQ", "P3", "chromaticities", "linear", "sRGB", "HLG"],
)
def test_a_png_keeps_its_numbers(tmp_path, chunks, deep):
    job(tmp_path, png(*chunks, pixels=dark(deep)), "a.png", "b.png")
    result = (tmp_path / "b.png").read_bytes()
    for each in chunks:
        assert each in result[: result.index(b"IDAT")]
    assert read(result).pixels.mean() > 1.1 * dark(deep).mean()


def test_an_animated_png_keeps_its_numbers(tmp_path):
    frames = {"save_all": True, "append_images": [Image.fromarray(dark()[::-1])], "duration": 50}
    job(tmp_path, png(cicp(12, 13), **frames), "a.png", "b.png")
    result = (tmp_path / "b.png").read_bytes()
    assert cicp(12, 13) in result[: result.index(b"IDAT")] and b"fcTL" in result


@needs_exiftool
@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("animated", [False, True])
def test_an_avif_keeps_its_numbers(tmp_path, codes, animated):
    frames = {"save_all": True, "append_images": [Image.fromarray(dark()[::-1])], "duration": 50}
    job(tmp_path, avif(codes, **(frames if animated else {})), "a.avif", "b.avif")
    asked = ("ColorPrimaries", "TransferCharacteristics", "MatrixCoefficients", "FrameCount")
    first, second = (told_by_exiftool(tmp_path / name, *asked) for name in ("a.avif", "b.avif"))
    assert first == second and len(first) >= 3
    given = b"nclx" + b"".join(code.to_bytes(2, "big") for code in codes)
    result = (tmp_path / "b.avif").read_bytes()
    assert result.count(b"nclx") == result.count(given) == (2 if animated else 1)


@needs_exiftool
@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("source", ["heic", "avif"])
def test_numbers_become_those_of_a_png(tmp_path, codes, source):
    data = heic(codes) if source == "heic" else avif(codes)
    job(tmp_path, data, f"a.{source}", "b.png")
    assert cicp(*codes) in (tmp_path / "b.png").read_bytes()
    told = told_by_exiftool(tmp_path / "b.png", "PNG-cICP:all")
    source_told = told_by_exiftool(
        tmp_path / f"a.{source}", "ColorPrimaries", "TransferCharacteristics"
    )
    for name, value in source_told.items():
        assert told[f"PNG-cICP:{name.split(':')[1]}"] == value


def in_srgb(image):
    """The pixels of an image under the profile of sRGB, by its own."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    wanted = ImageCms.ImageCmsProfile(io.BytesIO(PROFILE))
    return np.asarray(ImageCms.profileToProfile(image, profile, wanted), int)


P3_TO_SRGB = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])


def srgb(light):
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def light(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


SAMPLE = np.array([[[90, 70, 60], [120, 130, 110], [200, 190, 195], [20, 30, 25]]], np.uint8)


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("kind", ["codes", "chromaticities"])
def test_elsewhere_they_become_a_profile_of_the_same_colours(form, kind):
    pixels = np.repeat(np.repeat(SAMPLE, 16, 0), 16, 1)
    chunks = (cicp(12, 13),) if kind == "codes" else (chrm(),)
    data, notes = writing.encode(
        read(png(*chunks, pixels=pixels)), form, 95 if form != "TIFF" else None
    )
    assert notes == (AS_PROFILE,)
    with Image.open(io.BytesIO(data)) as image:
        found = in_srgb(image.convert("RGB"))[8, 8::16]
    wanted = 255 * srgb(light(SAMPLE[0] / 255) @ P3_TO_SRGB.T)
    assert np.abs(found - wanted).max() < 4


PQ_OF_NITS = {1: 0.1500, 10: 0.3014, 100: 0.5081, 203: 0.5807, 1000: 0.7518}


@pytest.mark.parametrize("source", ["png", "heic", "avif"])
def test_pq_becomes_what_an_ordinary_screen_shows_and_that_is_told(source):
    """Up to half of white the light is kept; brighter lights stay in order below 1."""
    values = np.array(list(PQ_OF_NITS.values()))
    levels = np.rint(255 * values).astype(np.uint8)
    pixels = np.repeat(np.repeat(levels[None, :, None], 32, 0), 32, 1).repeat(3, -1)
    make = {"png": lambda: png(cicp(9, 16), pixels=pixels)}
    make["heic"], make["avif"] = lambda: heic((9, 16), pixels), lambda: avif((9, 16), pixels)
    data, notes = writing.encode(read(make[source]()), "JPEG", 95)
    assert "PQ converted to the curve of sRGB: bright lights are compressed" in notes
    with Image.open(io.BytesIO(data)) as image:
        found = in_srgb(image)[16, 16::32].mean(-1) / 255
    nits = np.array(list(PQ_OF_NITS))
    assert np.allclose(found[:2], srgb(nits[:2] / 203), atol=0.03)
    assert (np.diff(found) > 0.05).all() and 0.75 < found[3] < found[4] < 0.97


def test_hlg_looks_as_it_does_on_a_screen_that_does_not_know_it():
    levels = np.array([[30, 80, 130, 190]], np.uint8)
    pixels = np.repeat(np.repeat(levels[..., None], 32, 0), 32, 1).repeat(3, -1)
    data, notes = writing.encode(read(png(cicp(1, 18), pixels=pixels)), "JPEG", 95)
    assert notes == ("HLG converted to the curve of sRGB: bright lights are compressed",)
    with Image.open(io.BytesIO(data)) as image:
        found = np.asarray(image, int)[16, 16::32, 0]
    assert (np.abs(found - levels[0]) < 32).all()


@pytest.mark.parametrize("codes", [(9, 16), (9, 18), (1, 8)])
def test_dark_pictures_under_other_curves_get_brighter_as_usual_ones_do(tmp_path, codes):
    """Seen by the light that the values stand for."""
    from scotopic.photo.carried import colour, curves

    curve = colour.of_codes(*codes).curve()
    usual = smooth_pixels().astype(np.uint16) * 40
    other = curves.decoded(usual, np.uint16, curve)
    first = job(tmp_path, png(pixels=usual), "a.png", "b.png")
    second = job(tmp_path, png(cicp(*codes), pixels=other), "c.png", "d.png")
    assert second.report.gain == pytest.approx(first.report.gain, rel=0.02)
    assert f"the colours are {curve.name}: enhanced under the curve" in second.notes[0]
    wanted = read((tmp_path / "b.png").read_bytes()).pixels.astype(int)
    found = curves.encoded(read((tmp_path / "d.png").read_bytes()).pixels, curve).astype(int)
    assert np.abs(found - wanted).max() < 0.01 * 65535


@pytest.mark.parametrize(
    "chunks", [(), (cicp(1, 13),), (chrm(SRGB_XY), gama()), (chunk(b"sRGB", b"\0"), chrm())]
)
def test_the_usual_colours_need_no_profile(chunks):
    data, notes = writing.encode(read(png(*chunks)), "JPEG")
    with Image.open(io.BytesIO(data)) as image:
        assert "icc_profile" not in image.info
    assert notes == ()


def test_a_profile_counts_for_more_than_chromaticities_and_less_than_codes():
    for chunks, is_kept in (((chrm(),), True), ((cicp(12, 13),), False)):
        data, _ = writing.encode(read(png(*chunks, icc_profile=PROFILE)), "JPEG")
        with Image.open(io.BytesIO(data)) as image:
            assert (image.info["icc_profile"] == PROFILE) == is_kept


def test_gray_gets_a_profile_of_gray_where_its_curve_needs_one():
    pixels = dark()[..., 0]
    for chunks, has_profile in (((gama(100_000),), True), ((cicp(9, 16),), False)):
        data, _ = writing.encode(read(png(*chunks, pixels=pixels)), "JPEG")
        with Image.open(io.BytesIO(data)) as image:
            assert image.mode == "L"
            assert (image.info.get("icc_profile", b"")[16:20] == b"GRAY") == has_profile
            if has_profile:
                ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))


@pytest.mark.parametrize(
    "chunks",
    [
        (chrm((0,) * 8),),
        (chrm((31270, 0, *P3_XY[2:])),),
        (chrm((2**31,) * 8),),
        (gama(0), chunk(b"cICP", b"\1")),
        (gama(1),),
        (cicp(250, 251),),
        (chrm((31270, 32900, 30000, 30000) * 2),),
    ],
)
@pytest.mark.parametrize("form", ["png", "jpg"])
def test_numbers_that_make_no_sense_cost_no_picture(tmp_path, chunks, form):
    assert job(tmp_path, png(*chunks), "a.png", f"b.{form}").status == "enhanced"


def test_how_bright_the_lights_were_is_left_out_with_a_word(tmp_path):
    light_level = chunk(b"cLLI", bytes(8))
    done = job(tmp_path, png(cicp(9, 16), light_level), "a.png", "b.png")
    assert "content light level left out: it is another one now" in done.notes
    assert b"cLLI" not in (tmp_path / "b.png").read_bytes()


def test_an_image_of_pillow_gets_a_profile():
    for data in (png(chrm()), avif((12, 13))):
        result = scotopic.enhance(Image.open(io.BytesIO(data)))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(result.info["icc_profile"]))
        assert profile.profile.red_primary[1][0] == pytest.approx(0.68, abs=0.02)


def test_chromaticities_of_a_tiff_stay(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="writes the sample")
    xy = tuple(np.stack([P3_XY[2:], [100_000] * 6], 1).ravel().tolist())
    tags = [(319, 5, 6, xy, True), (318, 5, 2, (3127, 10_000, 3290, 10_000), True)]
    tifffile.imwrite(tmp_path / "a.tif", dark(), photometric="rgb", extratags=tags)
    job(tmp_path, (tmp_path / "a.tif").read_bytes(), "a.tif", "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.pages[0].tags[319].value == xy and 318 in file.pages[0].tags

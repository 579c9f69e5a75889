"""TIFF of floating-point and signed numbers."""

import io

import numpy as np
import pytest
from cases_kinds import dark, tiff
from PIL import Image, ImageCms
from sample_files import saved

import scotopic
from scotopic import machine
from scotopic.photo.header import read_header
from scotopic.photo.limits import Limits
from scotopic.photo.reading import read

tifffile = pytest.importorskip("tifffile", reason="needs scotopic[deep]")
imagecodecs = pytest.importorskip("imagecodecs", reason="needs scotopic[deep]")
LEVELS = dark() / 255


def curve(light):
    """The encoding of sRGB, IEC 61966-2-1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_floating_point_numbers_to_one_are_levels(kind, gray, order):
    given = LEVELS[..., 0] if gray else LEVELS
    taken = read(tiff(given.astype(kind), byteorder=order))
    wanted = given[..., None] if gray else given
    assert taken.pixels.dtype == np.uint16
    assert np.abs(taken.pixels / 65535 - wanted).max() < (1e-3 if kind == np.float16 else 1e-5)
    assert "1 is white" in taken.notes[0]


def test_numbers_above_one_without_a_profile_are_linear_light():
    light = LEVELS.astype(np.float32) ** 2 * 900
    taken = read(tiff(light))
    assert np.abs(taken.pixels / 65535 - curve(light / light.max())).max() < 1e-3
    assert "linear light" in taken.notes[0] and "is white" in taken.notes[0]


def test_a_small_overshoot_is_cut_and_levels_stay_levels():
    given = (LEVELS + 0.9).astype(np.float32)
    given = np.where(given > 1.05, 1.05, given)
    taken = read(tiff(given))
    assert np.abs(taken.pixels / 65535 - np.minimum(given, 1)).max() < 1e-4
    assert "those above it are cut" in taken.notes[0]


def test_numbers_with_a_profile_keep_its_encoding():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    given = (3 * LEVELS / LEVELS.max()).astype(np.float32)
    taken = read(tiff(given, iccprofile=profile))
    assert np.abs(taken.pixels / 65535 - given / 3).max() < 1e-4
    assert taken.icc_profile == profile


def test_what_is_below_zero_or_no_number_is_black_and_said():
    given = LEVELS.astype(np.float32)
    given[0, 0], given[1, 1], given[2, 2] = -0.5, np.nan, -np.inf
    taken = read(tiff(given))
    assert [taken.pixels[at, at].max() for at in (0, 1, 2)] == [0, 0, 0]
    assert "are black" in taken.notes[0]


def test_alpha_beside_floating_point_numbers_is_kept():
    opacity = np.linspace(0, 1, 40 * 56).reshape(40, 56, 1)
    given = np.concatenate([LEVELS, opacity], axis=-1).astype(np.float32)
    taken = read(tiff(given, extrasamples=["unassalpha"]))
    assert np.abs(taken.alpha / 65535 - opacity[..., 0]).max() < 1e-4


@pytest.mark.parametrize("kind", [np.int8, np.int16])
@pytest.mark.parametrize("gray", [False, True])
def test_signed_numbers_are_read_and_said_to_be(kind, gray):
    most = np.iinfo(kind).max
    given = np.rint((LEVELS[..., 0] if gray else LEVELS) * most).astype(kind)
    taken = read(tiff(given))
    wanted = (given[..., None] if gray else given) / most
    assert np.abs(taken.pixels / 65535 - wanted).max() < 1e-4
    assert f"{most} is white" in taken.notes[0]
    assert "below 0" in read(tiff(given - kind(9))).notes[0]


def test_the_result_is_a_tiff_of_sixteen_bits_with_the_metadata():
    exif = (315, 2, 0, "who", True)
    data = tiff(LEVELS.astype(np.float32), extratags=[exif], resolution=(300, 300))
    with tifffile.TiffFile(io.BytesIO(scotopic.enhance(data))) as file:
        page = file.pages.first
        assert page.dtype == np.uint16 and page.photometric == 2
        assert page.tags[315].value == "who" and page.resolution == (300, 300)


def test_whole_numbers_of_32_bits_are_refused_with_the_truth():
    with pytest.raises(scotopic.ScotopicError, match="32 bits a channel are not read"):
        read(saved(Image.new("I", (8, 8)), "TIFF"))


def test_a_bigtiff_of_floating_point_numbers_is_read():
    taken = read(tiff(LEVELS.astype(np.float32), bigtiff=True))
    assert np.abs(taken.pixels / 65535 - LEVELS).max() < 1e-5


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_more_numbers_than_the_size_tells_are_refused(kind):
    volume = np.zeros((50, 20, 20, 3), kind)
    data = tiff(volume, volumetric=True, tile=(16, 16, 16))
    with pytest.raises(scotopic.ScotopicError, match="two sizes"):
        read(data)


def test_the_memory_for_them_is_asked_of_the_header_too(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(np.zeros((1500, 1500, 3), np.float32)))
    limits = Limits(memory=machine.PROCESS_BYTES + 50 * 1500**2)
    for call in (read, read_header):
        with pytest.raises(scotopic.ScotopicError, match="memory"):
            call(tmp_path / "a.tif", limits=limits)

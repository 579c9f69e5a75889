"""The shipped weights on real pictures; skipped where these are missing."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image
from places import COMMAND, DATA, ROOT

from scotopic.enhancer import Enhancer
from scotopic.evaluation import pairing, scoring, statistics
from scotopic.measures import likeness
from scotopic.photo import reading
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.wish import Wish

PHOTOS = DATA / "photos"
EVAL15 = DATA / "lol_v1_256" / "eval15"
RESULTS = ROOT / "benchmarks" / "results"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real pictures are not here")


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer()


@pytest.fixture(scope="module")
def pairs():
    return pairing.pair_folders(inputs=EVAL15 / "low", references=EVAL15 / "high")[0]


@pytest.mark.slow
def test_a_moon_keeps_its_black_sky(enhancer):
    sky = reading.read(PHOTOS / "moon_16mp.jpg").pixels
    result, report = enhancer.enhance_array(sky)
    assert report.automatic.limited_by == "night"
    assert np.median(result) == 0 and np.mean(result[:500, :500]) < 1


def test_a_night_view_keeps_its_night(enhancer):
    view = reading.read(PHOTOS / "casino_night_4mp.jpg").pixels
    result, report = enhancer.enhance_array(view)
    assert 1 < report.gain < 12
    assert exposure_of(thumbnail(view)) < exposure_of(thumbnail(result)) < 0.3


def test_sixteen_bits_go_in_and_come_out(tmp_path):
    target = tmp_path / "weld.png"
    subprocess.run([COMMAND, "enhance", PHOTOS / "weld_16bit.png", "-o", target], check=True)
    source, result = reading.read(PHOTOS / "weld_16bit.png"), reading.read(target)
    assert result.pixels.dtype == np.uint16 and result.pixels.shape == source.pixels.shape
    assert np.unique(result.pixels & 255).size == 256
    assert result.icc_profile == source.icc_profile


@pytest.mark.slow
def test_heic_and_raw_are_read_upright(tmp_path):
    pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    pytest.importorskip("rawpy", reason="camera RAW needs rawpy")
    sources = [PHOTOS / "church_phone_p3.heic", PHOTOS / "canon_s40.crw"]
    subprocess.run([COMMAND, "enhance", *sources, "-o", tmp_path / "out"], check=True)
    church = reading.read(tmp_path / "out" / "church_phone_p3.jpg")
    assert church.pixels.shape == (4032, 3024, 3) and b"Display P3" in church.icc_profile
    with Image.open(tmp_path / "out" / "church_phone_p3.jpg") as image:
        assert image.getexif().get(0x0112, 1) == 1 and image.getexif().get_ifd(0x8825)
    raw = reading.read(tmp_path / "out" / "canon_s40.tif")
    assert raw.pixels.dtype == np.uint16 and raw.pixels.shape[0] < raw.pixels.shape[1]


@pytest.mark.slow
def test_tiles_of_a_real_photo_are_the_whole(enhancer):
    pixels = reading.read(PHOTOS / "night_shop_12mp.jpg").pixels[600:1700, 1000:2600]
    tiled, report = Enhancer(memory=2**20).enhance_array(pixels, Wish(ev=2))
    whole, one = enhancer.enhance_array(pixels, Wish(ev=2))
    assert (report.tiles > 4, one.tiles) == (True, 1)
    assert np.abs(tiled.astype(int) - whole).max() <= 1


@pytest.mark.parametrize("level", [0.2, 0.35, 0.5])
def test_the_level_asked_for_is_reached(enhancer, pairs, level):
    wish = Wish(exposure=level)
    results = [enhancer.enhance_array(reading.read(p.input).pixels, wish)[0] for p in pairs]
    near = [abs(exposure_of(thumbnail(result)) / level - 1) < 0.15 for result in results]
    assert sum(near) >= 13


def test_well_lit_pictures_are_changed_little(enhancer, pairs):
    references = [reading.read(pair.reference).pixels for pair in pairs]
    values = [likeness.psnr(enhancer.enhance_array(x)[0], x) for x in references]
    assert np.mean(values) >= 27


@pytest.mark.slow
def test_the_scores_on_record_are_those_of_the_shipped_weights(enhancer, pairs):
    newest = max(RESULTS.glob("*-quality.json"))
    wanted = json.loads(newest.read_text())["standard"]["LOL test"]["automatic"]
    given = statistics.means(list(scoring.score_model(enhancer, pairs)))
    assert given["psnr"] == pytest.approx(wanted["psnr"], abs=0.02)
    assert given["ssim"] == pytest.approx(wanted["ssim"], abs=0.001)

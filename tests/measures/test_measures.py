import json
import sys
from pathlib import Path

import numpy as np
import pytest
from places import DATA
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from scotopic.datasets.pictures import read_image
from scotopic.errors import InvalidValueError, MissingPackageError
from scotopic.measures import likeness
from scotopic.measures.niqe import niqe

GOLDEN = Path(__file__).parent / "golden"
EVAL15 = DATA / "lol_v1_256" / "eval15"
CASES = ([0, 176, 192, 0.02], [1, 256, 256, 0.1], [2, 400, 608, 0.3])
NIQE_CASES = ([3, 208, 288, 0.02], [4, 400, 608, 0.1])
"""Arguments of `drawn_pair`; the scripts in golden/ compute reference values for them."""


def drawn_pair(seed, height, width, noise):
    """A picture of squares, and the same darker and noisier."""
    rng = np.random.default_rng(seed)
    first = np.kron(rng.random((height // 16, width // 16, 3)), np.ones((16, 16, 1)))
    first = np.clip(first + rng.normal(0, 0.05, first.shape), 0, 1)
    second = np.clip(first**1.2 + rng.normal(0, noise, first.shape), 0, 1)
    return np.rint(first * 255).astype(np.uint8), np.rint(second * 255).astype(np.uint8)


@pytest.mark.parametrize("entry", json.loads((GOLDEN / "ms_ssim.json").read_text()))
def test_ms_ssim_is_tensorflows(entry):
    assert likeness.ms_ssim(*drawn_pair(*entry["case"])) == pytest.approx(entry["value"], abs=2e-6)


def test_ms_ssim_of_equal_pictures_is_one_and_small_ones_are_refused():
    picture, _ = drawn_pair(*CASES[0])
    assert likeness.ms_ssim(picture, picture) == pytest.approx(1)
    with pytest.raises(InvalidValueError, match="176x176"):
        likeness.ms_ssim(picture[:175], picture[:175])


def test_mae_is_the_mean_of_the_differences():
    first, second = (np.array([[[0, 51, 255]]], np.uint8), np.array([[[51, 51, 0]]], np.uint8))
    assert likeness.mae(first, second) == pytest.approx((0.2 + 0 + 1) / 3)


def test_loe_counts_pairs_of_pixels_in_another_order():
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (9, 7, 3)).astype(np.uint8)
    result = rng.integers(0, 256, (9, 7, 3)).astype(np.uint8)
    before, after = picture.max(-1).ravel().astype(int), result.max(-1).ravel().astype(int)
    differ = [
        (before[i] >= before[j]) != (after[i] >= after[j])
        for i in range(before.size)
        for j in range(before.size)
    ]
    assert likeness.loe(result, picture) == pytest.approx(np.mean(differ))
    assert 0.3 < likeness.loe(result, picture) < 0.7


def test_loe_forgives_brightness():
    picture, _ = drawn_pair(*CASES[0])
    assert likeness.loe((picture / 255) ** 0.4, picture) == 0


def test_clipped_counts_highlights_and_shadows():
    picture = np.full((2, 5, 3), 9, np.uint8)
    picture[0, 0] = (255, 3, 3)
    picture[1, :2] = 0
    assert likeness.clipped(picture) == pytest.approx((0.1, 0.2))


def test_colourfulness_of_gray_is_nothing_and_of_two_colours_as_by_hand():
    gray = np.repeat(np.random.default_rng(0).random((4, 4, 1)), 3, axis=-1)
    assert likeness.colourfulness(gray) == pytest.approx(0, abs=1e-9)
    halves = np.zeros((2, 2, 3), np.uint8)
    halves[0, :, 0], halves[1, :, 1] = 255, 255
    # red - green is +-255, its mean 0; (red + green) / 2 - blue is 127.5 everywhere.
    assert likeness.colourfulness(halves) == pytest.approx(255 + 0.3 * 127.5)


@pytest.mark.parametrize("entry", json.loads((GOLDEN / "ciede2000.json").read_text()))
def test_ciede2000_is_colour_sciences(entry):
    given = likeness.ciede2000(*drawn_pair(*entry["case"]))
    assert given == pytest.approx(entry["value"], abs=2e-3), (
        "the two round sRGB's matrix differently"
    )


def test_ciede2000_without_scikit_image_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.color", None)
    with pytest.raises(MissingPackageError, match="pip install scikit-image"):
        likeness.ciede2000(*drawn_pair(*CASES[0]))


@pytest.mark.parametrize("sigma", [0.002, 0.02, 0.06])
def test_the_noise_level_is_that_of_the_noise(sigma):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:200, 0:300] / 300
    clean = 0.2 + 0.3 * np.stack([rows, columns, (rows > 0.3) * 1.0], -1)
    weights = np.array([0.299, 0.587, 0.114])
    noisy = np.clip(clean + rng.normal(0, sigma, clean.shape) / np.linalg.norm(weights), 0, 1)
    assert likeness.noise_level(clean) < 1e-9
    assert likeness.noise_level(noisy) == pytest.approx(sigma, rel=0.05)


def test_gt_mean_ssim_is_ssim_after_the_scaling():
    first, second = drawn_pair(*CASES[0])
    matched = likeness.match_mean(first // 3, second)
    assert likeness.gt_mean_ssim(first // 3, second) == likeness.ssim(matched, second / 255)


def of_scikit_image(result, reference):
    options = {"channel_axis": -1, "data_range": 255, "gaussian_weights": True, "sigma": 1.5}
    return (
        peak_signal_noise_ratio(reference, result),
        structural_similarity(result, reference, use_sample_covariance=False, **options),
    )


@pytest.mark.skipif(not EVAL15.is_dir(), reason="needs the real data beside the project")
def test_psnr_and_ssim_of_real_pictures_are_those_of_scikit_image():
    dark = sorted((EVAL15 / "low").iterdir())
    assert len(dark) == 15
    for path in dark:
        result, reference = read_image(path), read_image(EVAL15 / "high" / path.name)
        psnr, ssim = of_scikit_image(result, reference)
        assert abs(likeness.psnr(result, reference) - psnr) < 1e-9
        assert abs(likeness.ssim(result, reference) - ssim) < 1e-6


@pytest.mark.parametrize("entry", json.loads((GOLDEN / "niqe.json").read_text()))
def test_niqe_is_scikit_videos(entry):
    assert niqe(drawn_pair(*entry["case"])[0]) == pytest.approx(entry["value"], rel=2e-3)


def test_niqe_tells_noise_from_a_photograph_and_refuses_small_pictures():
    photograph = data.astronaut()
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert niqe(photograph) < 10 < 40 < niqe(noise)
    with pytest.raises(InvalidValueError, match="194x194"):
        niqe(photograph[:193])

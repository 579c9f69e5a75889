import json
from pathlib import Path

import numpy as np
import pytest

from scotopic import metrics
from scotopic.errors import ScotopicError

GOLDEN = Path(__file__).parent / "golden"
CASES = ([0, 176, 192, 0.02], [1, 256, 256, 0.1], [2, 400, 608, 0.3])


def drawn_pair(seed, height, width, noise):
    """A picture of squares, and the same darker and noisier."""
    rng = np.random.default_rng(seed)
    first = np.kron(rng.random((height // 16, width // 16, 3)), np.ones((16, 16, 1)))
    first = np.clip(first + rng.normal(0, 0.05, first.shape), 0, 1)
    second = np.clip(first**1.2 + rng.normal(0, noise, first.shape), 0, 1)
    return np.rint(first * 255).astype(np.uint8), np.rint(second * 255).astype(np.uint8)


@pytest.mark.parametrize("entry", json.loads((GOLDEN / "ms_ssim.json").read_text()))
def test_ms_ssim_is_tensorflows(entry):
    assert metrics.ms_ssim(*drawn_pair(*entry["case"])) == pytest.approx(entry["value"], abs=2e-6)


def test_ms_ssim_of_equal_pictures_is_one_and_small_ones_are_refused():
    picture, _ = drawn_pair(*CASES[0])
    assert metrics.ms_ssim(picture, picture) == pytest.approx(1)
    with pytest.raises(ScotopicError, match="176x176"):
        metrics.ms_ssim(picture[:175], picture[:175])


def test_mae_is_the_mean_of_the_differences():
    first, second = (np.array([[[0, 51, 255]]], np.uint8), np.array([[[51, 51, 0]]], np.uint8))
    assert metrics.mae(first, second) == pytest.approx((0.2 + 0 + 1) / 3)


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
    assert metrics.loe(result, picture) == pytest.approx(np.mean(differ))
    assert 0.3 < metrics.loe(result, picture) < 0.7


def test_loe_forgives_brightness():
    picture, _ = drawn_pair(*CASES[0])
    assert metrics.loe((picture / 255) ** 0.4, picture) == 0


def test_clipped_counts_highlights_and_shadows():
    picture = np.full((2, 5, 3), 9, np.uint8)
    picture[0, 0] = (255, 3, 3)
    picture[1, :2] = 0
    assert metrics.clipped(picture) == pytest.approx((0.1, 0.2))


def test_colourfulness_of_gray_is_nothing_and_of_two_colours_as_by_hand():
    gray = np.repeat(np.random.default_rng(0).random((4, 4, 1)), 3, axis=-1)
    assert metrics.colourfulness(gray) == pytest.approx(0, abs=1e-9)
    halves = np.zeros((2, 2, 3), np.uint8)
    halves[0, :, 0], halves[1, :, 1] = 255, 255
    # red - green is +-255, its mean 0; (red + green) / 2 - blue is 127.5 everywhere.
    assert metrics.colourfulness(halves) == pytest.approx(255 + 0.3 * 127.5)

import numpy as np
import pytest

from scotopic.pixels.evidence import evidence
from scotopic.pixels.exposure import COLOR_KEPT, expose, exposure_of, gain_for
from scotopic.pixels.noise import _median, noise_in_the_dark
from scotopic.pixels.thumbnail import thumbnail


def scene(seed=0, level=0.2):
    return (np.random.default_rng(seed).random((96, 128, 3)) * level).astype(np.float32)


@pytest.mark.parametrize("gain", [0.05, 3.0, 40.0])
def test_gray_follows_the_curve(gain):
    x = np.linspace(0, 1, 11)[:, None, None]
    assert expose(x, gain) == pytest.approx(gain * x / (1 + (gain - 1) * x))
    assert expose(np.repeat(x, 3, -1), gain) == pytest.approx(np.repeat(expose(x, gain), 3, -1))


def test_inverse_and_composition_hold_for_colours():
    colours = np.random.default_rng(4).random((40, 40, 3))
    assert expose(expose(colours, 5.0), 0.2) == pytest.approx(colours, abs=1e-9)
    assert expose(expose(colours, 4.0), 3.0) == pytest.approx(expose(colours, 12.0), abs=1e-9)


def test_colours_keep_most_of_their_ratios():
    lamp = np.array([[[0.9, 0.6, 0.2]]])
    exposed = expose(lamp, 4.0)[0, 0]
    each = 4 * lamp[0, 0] / (1 + 3 * lamp[0, 0])
    assert exposed[0] == pytest.approx(each[0])
    assert (lamp[0, 0, 1:] < exposed[1:]).all() and (exposed[1:] < each[1:]).all()
    assert np.argsort(exposed).tolist() == [2, 1, 0] and exposed.max() <= 1


def test_the_flow_that_the_curve_is():
    """One small step of the differential equation in the module's text."""
    x, step = np.array([[[0.5, 0.3, 0.1]]]), 1e-4
    rate = x * (1 - COLOR_KEPT * 0.5 - (1 - COLOR_KEPT) * x)
    assert (expose(x, np.exp(step)) - x) / step == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize("level", [0.2, 0.35, 0.5])
def test_solver_reaches_the_level(level):
    thumb = thumbnail(scene())
    assert exposure_of(thumb, gain_for(thumb, level)) == pytest.approx(level, abs=1e-6)


def test_a_picture_that_no_gain_changes_has_gain_one():
    assert gain_for(np.zeros((64, 64, 3)), 0.4) == 1
    assert gain_for(np.ones((64, 64, 3)), 0.4) == 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (64, 64, 3), (37, 501, 3)])
def test_thumbnail_keeps_the_mean(shape):
    picture = np.random.default_rng(1).random(shape)
    assert thumbnail(picture).mean() == pytest.approx(picture.mean(), abs=1e-5)


def test_noise_is_estimated_and_limits_the_gain():
    picture = np.clip(0.05 + np.random.default_rng(2).normal(0, 0.01, (256, 256, 1)), 0, 1)
    assert noise_in_the_dark(np.repeat(picture, 3, -1)) == pytest.approx(0.01, rel=0.3)


@pytest.mark.parametrize("count", [1, 2, 9, 10, 1001])
def test_the_median_is_that_of_numpy(count):
    values = np.random.default_rng(count).integers(0, 40, count).astype(np.float32) / 7
    assert _median(values) == np.median(values)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_evidence_is_nothing_in_black_and_whole_from_a_quarter_level_on(kind):
    scale = 1 if kind == np.float32 else np.iinfo(kind).max
    picture = np.zeros((40, 50, 3), kind)
    picture[16:32, 16:32] = scale * 2 / 255
    picture[35:, 48:] = scale / 255 if kind != np.uint16 else 257
    weights = evidence(picture)
    assert weights.shape == (3, 4) and weights[0].max() == 0
    assert weights[1, 1] == 1 and weights[1, 2] == 0 and weights[2, 3] == 1

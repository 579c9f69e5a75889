import numpy as np
import pytest

from scotopic.pixels.evidence import evidence
from scotopic.pixels.exposure import expose, exposure_of, gain_for
from scotopic.pixels.noise import noise_in_the_dark
from scotopic.pixels.restraint import highlight_limit, night_limit, restrain
from scotopic.pixels.thumbnail import thumbnail


def scene(seed=0, level=0.2):
    return (np.random.default_rng(seed).random((96, 128, 3)) * level).astype(np.float32)


def test_convention_curve_inverse_and_composition():
    x = np.linspace(0, 1, 11)
    assert expose(x, 4.0)[[0, -1]] == pytest.approx([0, 1])
    assert expose(expose(x, 4.0), 0.25) == pytest.approx(x)
    assert expose(expose(x, 4.0), 3.0) == pytest.approx(expose(x, 12.0))


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


def test_automatic_exposure_never_darkens():
    bright = np.full((64, 64, 3), 0.7, np.float32)
    decision = restrain(bright, thumbnail(bright), 0.3)
    assert (decision.gain, decision.limited_by) == (1.0, "brightness")


def test_a_moon_in_a_black_sky_keeps_its_sky():
    picture = np.full((64, 64, 3), 0.0005, np.float32)
    picture[28:36, 28:36] = 0.4
    limit = night_limit(picture)
    assert expose(picture, limit)[30, 30, 0] == pytest.approx(0.6, abs=0.06)
    assert expose(picture, limit)[0, 0, 0] < 1 / 255
    assert restrain(picture, picture, 0.4).limited_by == "night"


def test_noise_is_estimated_and_limits_the_gain():
    picture = np.clip(0.05 + np.random.default_rng(2).normal(0, 0.01, (256, 256, 1)), 0, 1)
    assert noise_in_the_dark(np.repeat(picture, 3, -1)) == pytest.approx(0.01, rel=0.3)


def test_highlight_limit_flattens_the_stated_share():
    thumb = np.random.default_rng(3).random((64, 64, 3)) * 0.9
    flat = (expose(thumb, highlight_limit(thumb)).max(-1) > 0.95).mean()
    assert flat == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_evidence_is_nothing_in_black_and_whole_from_a_quarter_level_on(kind):
    scale = 1 if kind == np.float32 else np.iinfo(kind).max
    picture = np.zeros((40, 50, 3), kind)
    picture[16:32, 16:32] = scale * 2 / 255
    picture[35:, 48:] = scale / 255 if kind != np.uint16 else 257
    weights = evidence(picture)
    assert weights.shape == (3, 4) and weights[0].max() == 0
    assert weights[1, 1] == 1 and weights[1, 2] == 0 and weights[2, 3] == 1

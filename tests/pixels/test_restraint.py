import numpy as np
import pytest

from scotopic.commands import telling
from scotopic.pixels.exposure import expose
from scotopic.pixels.guide import Guide
from scotopic.pixels.restraint import (
    FLAT_LEVEL,
    highlight_limit,
    noise_limit,
    restrain,
    signal_share,
    soft_minimum,
)
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.units import gray

CELLS = 32


def restrained(picture, log_gain):
    predicted = np.full((CELLS, CELLS), float(log_gain))
    return restrain(picture, Guide.of(picture), thumbnail(picture), predicted)


def flat(level, side=96):
    return np.full((side, side, 3), level, np.float32)


def test_nothing_becomes_darker():
    decision, logs = restrained(flat(0.7), -0.5)
    assert logs == pytest.approx(0) and decision.limited_by == "brightness"
    assert decision.limited["brightness"] == 1 and decision.predicted_exposure < 0.7


def test_every_rule_has_words_for_messages():
    assert restrained(flat(0.1), 1)[0].limited.keys() == telling._LIMITS.keys()


def test_black_is_not_lifted():
    decision, logs = restrained(flat(0), 3)
    assert logs.max() == 0 and decision.limited_by == "signal"


def test_the_gain_falls_smoothly_into_the_dark():
    ramp = np.repeat(np.linspace(0, 0.1, 384)[None, :, None], 384, axis=0).repeat(3, -1)
    _, logs = restrained(ramp.astype(np.float32), 2)
    levels = expose(ramp[0, 6::12], np.exp(logs[10])[:, None])[:, 0]
    assert (np.diff(levels) > 0).all() and levels[0] < 0.01
    assert np.abs(np.diff(logs[10])).max() < 1.5


def test_highlights_reach_the_flat_level_and_no_more():
    brightness = np.array([0.2, 0.5, 0.9, 0.97, 1.0])
    reached = expose(brightness[:, None, None], np.exp(highlight_limit(brightness))[:, None, None])
    assert reached[:3].ravel() == pytest.approx(FLAT_LEVEL)
    assert highlight_limit(brightness)[3:] == pytest.approx(0)


def test_a_window_holds_the_gain_down_where_it_is_and_not_elsewhere():
    room = flat(0.05, 320)
    room[:160, 160:] = 0.85
    decision, logs = restrained(room, 2.5)
    assert logs[4, 28] < 1.3 and logs[28, 4] > 2
    assert decision.limited_by == "highlights"
    assert decision.limited["highlights"] == pytest.approx(0.25, abs=0.05)


def test_noise_limits_the_gain():
    rng = np.random.default_rng(2)
    noisy = np.clip(0.1 + rng.normal(0, 0.03, (256, 256, 1)), 0, 1).repeat(3, -1)
    clean, loud = (restrained(x.astype(np.float32), 3.5)[1] for x in (flat(0.1, 256), noisy))
    assert loud.max() < np.log(noise_limit(0.02)) < 3.2 < clean.max()


def test_signal_share_follows_the_noise():
    levels = np.array([0.0, 0.01, 0.05, 0.5])
    shares = signal_share(levels, 0.0)
    assert (np.diff(shares) > 0).all() and shares[0] < 1e-3 and shares[-1] > 0.999
    assert (signal_share(levels, 0.02) < shares).all()


def test_a_moon_in_a_black_sky_keeps_its_sky():
    picture = flat(0.0005, 64)
    picture[28:36, 28:36] = 0.4
    decision, logs = restrained(picture, 4)
    assert logs[0, 0] < 0.5 and decision.limited_by in ("signal", "night")
    moon = expose(picture, np.exp(logs[15, 15]))[30, 30, 0]
    assert 0.5 < moon < 0.8


def test_lamps_do_not_keep_the_subject_of_a_night_dark():
    night = flat(0.001, 320)
    night[100:200, 100:200] = 0.06
    lamp = night.copy()
    lamp[250:300, 250:300] = 1
    (_, without), (_, beside) = (restrained(x, 2) for x in (night, lamp))
    # What is dark is judged by the brightest, so that a lit building's surroundings stay dark:
    # at a seventeenth of a lamp's level a subject loses a sixth of its ln g of 2, half a stop.
    assert without[15, 15] - 0.34 < beside[15, 15] < without[15, 15]


def lit_ramp(dark):
    """A sky that is empty for the most part, a ramp of low levels, and lit windows."""
    picture = flat(0.002, 320)
    picture[240:, :] = np.linspace(0.002, dark, 320, dtype=np.float32)[None, :, None]
    picture[200:220, 100:220] = 0.7
    return picture


def test_what_is_empty_in_a_night_stays_dark():
    night = lit_ramp(0.1)
    decision, logs = restrained(night, 2)
    by_day = 2 + np.log(signal_share(night[300, 5::10, 0], 0.0))
    assert decision.limited["night"] > 0.2
    row = logs[29]
    assert (np.diff(row) > -1e-3).all(), "the gain rises with the level"
    empty, lit = row[night[300, 5::10, 0] < 0.01], row[-3:]
    assert empty.max() < 0.6 * by_day[night[300, 5::10, 0] < 0.01].max()
    assert lit.min() > 1.5


def test_a_dark_picture_without_a_light_is_no_night():
    underexposed = lit_ramp(0.1) * np.float32(0.3)
    decision, _ = restrained(underexposed, 2)
    assert decision.limited["night"] == 0


def test_soft_minimum_never_exceeds_either():
    a, b = np.meshgrid(np.linspace(-1, 4, 11), np.linspace(-1, 4, 11))
    held = soft_minimum(a, b)
    assert (held <= np.minimum(a, b)).all()
    assert (np.minimum(a, b) - held).max() < 0.18


def test_the_exposure_predicted_is_mean_gray_in_coloured_pictures_too():
    red = flat(0.1) * np.array([3, 1, 0.5], np.float32)
    decision, _ = restrained(red, np.log(2))
    assert decision.predicted_exposure == pytest.approx(gray(expose(red, 2.0)).mean(), abs=1e-4)

import numpy as np
import pytest

from scotopic.pixels.contrast import LIFTED, NIGHT, with_contrast
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.gain_map import STEEPEST, GainMap
from scotopic.pixels.guide import Guide
from scotopic.pixels.restraint import Night
from scotopic.pixels.thumbnail import reduced


def room(seed=0, level=0.12):
    """A dark picture of soft shapes, (64, 64, 3)."""
    coarse = np.random.default_rng(seed).uniform(0.2, 1.8, (8, 8, 1)).astype(np.float32)
    shapes = np.kron(coarse, np.ones((16, 16, 3), np.float32))
    return np.clip(level * reduced(shapes, 64, 64), 0, 1)


def flat_map(gain, slope=-0.3, count=32):
    offset = np.full((count, count), np.log(gain) + slope * 2, np.float32)
    return GainMap(np.full((count, count), slope, np.float32), offset)


def spread_of(picture):
    return float(np.std(np.log(picture / (1 - picture))))


def test_a_lifted_picture_keeps_its_level_and_gains_contrast():
    thumb, gains = room(), flat_map(6.0)
    more = with_contrast(gains, Guide.of(thumb), thumb)
    before, after = gains.exposed(thumb), more.exposed(thumb)
    assert abs(exposure_of(after) - exposure_of(before)) < 1e-3
    assert 1.05 < spread_of(after) / spread_of(before) < 1 + LIFTED


@pytest.mark.parametrize("gain", [0.5, 1.0])
def test_what_is_not_lifted_keeps_its_map(gain):
    thumb = np.full((64, 64, 3), 0.5, np.float32)
    gains = GainMap.uniform(gain)
    assert with_contrast(gains, Guide.of(thumb), thumb) is gains


def test_the_dark_of_a_night_becomes_darker_beside_its_lights():
    thumb = np.full((64, 64, 3), 0.004, np.float32)
    thumb[28:36, 20:44] = 0.7
    thumb[36:40, 20:44] = 0.02
    assert Night.of(thumb).share == 1
    gains = flat_map(1.4, -0.2)
    more = with_contrast(gains, Guide.of(thumb), thumb)
    dark = np.s_[37:39, 24:40]
    assert more.exposed(thumb)[dark].mean() < 0.9 * gains.exposed(thumb)[dark].mean()
    assert NIGHT > LIFTED


@pytest.mark.parametrize("slope", [-0.7, -0.2, 0.2, STEEPEST])
def test_no_cell_is_steeper_than_allowed_and_all_rise_with_the_picture(slope):
    thumb = room(3)
    more = with_contrast(flat_map(8.0, slope), Guide.of(thumb), thumb)
    assert more.slope.max() <= STEEPEST + 1e-6
    assert more.slope.min() >= slope - 1e-6 > -1


def test_a_lamp_stays_as_bright_as_it_was():
    thumb = room(1)
    thumb[20:40, 20:40] = 0.92
    gains = flat_map(3.0)
    more = with_contrast(gains, Guide.of(thumb), thumb)
    lamp = np.s_[25:35, 25:35]
    assert more.exposed(thumb)[lamp].mean() < gains.exposed(thumb)[lamp].mean() + 0.01
    around = np.s_[12:17, 22:38]
    assert more.exposed(thumb)[around].mean() < gains.exposed(thumb)[around].mean()


def test_a_picture_of_one_level_keeps_it():
    thumb = np.full((64, 64, 3), 0.1, np.float32)
    gains = flat_map(5.0)
    more = with_contrast(gains, Guide.of(thumb), thumb)
    assert np.abs(more.exposed(thumb) - gains.exposed(thumb)).max() < 1e-4


def test_what_is_not_seen_counts_for_nothing():
    thumb, hidden = room(), np.ones((64, 64), np.float32)
    hidden[:, :32] = 0
    other = thumb.copy()
    other[:, :32] = 0.9
    gains, guide = flat_map(6.0), Guide.of(thumb)
    first, second = (with_contrast(gains, guide, one, hidden) for one in (thumb, other))
    assert np.abs(first.offset - second.offset).max() < 1e-5

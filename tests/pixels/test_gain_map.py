import numpy as np
import pytest

from scotopic.pixels import interpolation
from scotopic.pixels.exposure import brightest, expose, exposure_of, logit
from scotopic.pixels.gain_map import GainMap, guide_of, guided
from scotopic.pixels.thumbnail import reduced

CELLS = 32


def gray_picture(level):
    return np.repeat(level[..., None], 3, axis=-1).astype(np.float32)


def exposed(picture, log_gain):
    gains = guided(log_gain, guide_of(reduced(picture, CELLS, CELLS)))
    return gains.exposed(picture)[..., 0]


def test_interpolation_is_linear_between_centres_and_constant_beyond():
    weights = interpolation.weights(2, slice(-2, 10), 4)
    assert weights.sum(axis=1) == pytest.approx(np.ones(12))
    wanted = [0, 0, 0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4, 4, 4]
    assert weights @ np.array([0.0, 4.0]) == pytest.approx(wanted)
    cells = np.array([[0.0], [4.0]], np.float32)
    assert interpolation.between(cells, slice(-2, 10), 4)[:, 0] == pytest.approx(wanted)


def test_a_part_has_the_gains_of_the_whole():
    rng = np.random.default_rng(0)
    picture = rng.random((50, 70, 3)).astype(np.float32)
    gains = GainMap(*rng.uniform(-0.4, 0.4, (2, 7, 9)).astype(np.float32))
    part = gains.log_gain(
        picture[20:40, 30:70], gains.weights((50, 70), slice(20, 40), slice(30, 70))
    )
    whole = gains.log_gain(picture)
    assert part == pytest.approx(whole[20:40, 30:70], abs=1e-6)


def test_one_gain_everywhere_stays_so():
    picture = np.random.default_rng(1).random((40, 60, 3)).astype(np.float32)
    gains = guided(np.full((CELLS, CELLS), 1.5), guide_of(reduced(picture, CELLS, CELLS)))
    assert gains.log_gain(picture) == pytest.approx(1.5, abs=1e-5)
    assert GainMap.uniform(4.0).log_gain(picture) == pytest.approx(np.log(4))


def test_a_level_is_reached_with_the_map_kept():
    thumb = np.random.default_rng(3).random((64, 64, 3)).astype(np.float32) * 0.2
    gains = GainMap(*np.random.default_rng(4).uniform(-0.3, 1, (2, 5, 5)).astype(np.float32))
    reached = gains.reaching(thumb, 0.4)
    assert exposure_of(reached.exposed(thumb)) == pytest.approx(0.4, abs=1e-4)
    assert np.ptp(reached.offset - gains.offset) < 1e-6


def test_balance_and_shift():
    gains = GainMap(np.full((1, 1), 0.2, np.float32), np.full((1, 1), 1.0, np.float32))
    even = gains.balanced(0, 0.7)
    assert (even.slope.item(), even.offset.item()) == pytest.approx((0, 0.7))
    assert gains.balanced(1, 0.7).offset.item() == pytest.approx(1)
    assert gains.shifted(0.5).offset.item() == pytest.approx(1.5)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_smooth_ramp_stays_one(direction):
    """A map that takes seven tenths of the ramp's contrast never turns it around."""
    ramp = np.tile(np.linspace(0.02, 0.95, 450)[::direction], (300, 1))
    levels = reduced(gray_picture(ramp), CELLS, CELLS)[..., 0]
    wanted = 0.7 * (logit(0.35) - logit(levels))
    steps = direction * np.diff(exposed(gray_picture(ramp), wanted), axis=1)
    assert steps.min() > 0


@pytest.mark.parametrize("place", [225, 231])
@pytest.mark.parametrize("dark, bright, ends", [(0.05, 0.8, (3, 0)), (0.02, 0.5, (3, 0.5))])
def test_beside_a_step_levels_stray_by_an_eighth_at_most(place, dark, bright, ends):
    picture = np.full((300, 450), dark)
    picture[:, place:] = bright
    picture = gray_picture(picture)
    levels = brightest(reduced(picture, CELLS, CELLS))[..., 0]
    share = (logit(levels) - logit(dark)) / (logit(bright) - logit(dark))
    row = exposed(picture, ends[0] + (ends[1] - ends[0]) * share)[150]
    left, right = row[:place] / row[3], row[place:] / row[-3]
    assert left.min() > 0.86 and left.max() < 1.001
    assert right.max() < 1.10 and right.min() > 0.999


def test_patches_leave_no_edges():
    """A flat picture under a map of random cells has no step larger than a slow slope."""
    log_gain = np.random.default_rng(2).uniform(0, 3, (CELLS, CELLS))
    result = exposed(np.full((320, 320, 3), 0.1, np.float32), log_gain)
    for axis in (0, 1):
        assert np.abs(np.diff(result, axis=axis)).max() < 0.01


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (7, 5, 1)])
@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_pictures_of_one_level_stay_so(shape, level):
    picture = np.full(shape, level, np.float32)
    result = exposed(picture, np.full((CELLS, CELLS), 2.0))
    assert result == pytest.approx(result.flat[0], abs=1e-6)
    assert result.flat[0] == pytest.approx(expose(picture, np.e**2).flat[0], abs=1e-5)

import numpy as np
import pytest

from scotopic.pixels.shadows import SHADOW_LEVEL, with_calm_shadows


def picture(seed=0, shape=(1, 3, 150, 40)):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def calm_planes(planes, gain):
    return with_calm_shadows(planes, gain, axis=1)


def saturation(planes):
    bright = planes.max(axis=1)
    return (bright - planes.min(axis=1)) / bright


@pytest.mark.parametrize("gain", [0.2, 1.0])
def test_a_gain_that_brings_nothing_up_changes_nothing(gain):
    planes = picture()
    assert calm_planes(planes, gain) is planes


def test_gray_stays_exactly_gray():
    gray = np.repeat(picture(shape=(1, 1, 90, 30)), 3, axis=1)
    assert np.array_equal(calm_planes(gray, 20.0), gray)


@pytest.mark.parametrize("times, kept", [(1, 0.5), (2, 0.8), (5, 25 / 26)])
def test_saturation_falls_towards_black_as_stated(times, kept):
    colour = np.array([1.0, 0.5, 0.25], np.float32) * np.float32(times * SHADOW_LEVEL)
    calm = calm_planes(colour.reshape(1, 3, 1, 1), 1e9)
    assert saturation(calm) == pytest.approx(0.75 * kept, rel=1e-5)


def test_brightness_hue_and_the_order_of_channels_stay():
    planes = picture(3) * 0.2
    calm = calm_planes(planes, 8.0)
    assert np.array_equal(calm.max(axis=1), planes.max(axis=1))
    assert np.array_equal(calm.argsort(axis=1), planes.argsort(axis=1))
    place = [(x - x.min(axis=1)) / np.ptp(x, axis=1) for x in (planes, calm)]
    assert np.abs(place[0] - place[1]).max() < 1e-3, "the middle channel, which is the hue"


def test_more_gain_means_less_colour():
    planes = picture(4) * 0.1
    found = [saturation(calm_planes(planes, gain)) for gain in (1.5, 4.0, 50.0)]
    assert (found[0] > found[1]).all() and (found[1] > found[2]).all()


def test_a_part_of_a_picture_becomes_what_it_becomes_in_the_whole():
    planes = picture(5)
    whole, part = (calm_planes(x, 6.0) for x in (planes, planes[:, :, 37:101, 5:30]))
    assert np.array_equal(part, whole[:, :, 37:101, 5:30])


def test_pixels_and_planes_are_treated_alike():
    planes = picture(6) * 0.3
    pixels = np.moveaxis(planes[0], 0, -1)
    assert np.array_equal(
        np.moveaxis(with_calm_shadows(pixels, 6.0), -1, 0), calm_planes(planes, 6.0)[0]
    )

"""Gray in is gray out, in every network that ships."""

from functools import cache

import numpy as np
import pytest

from scotopic.enhancer import Enhancer
from scotopic.networks.registry import registry
from scotopic.wish import Wish

WISHES = (Wish(), Wish(ev=3), Wish(ev=-3), Wish(exposure=0.5), Wish(strength=0.5), Wish(balance=0))
enhancer = cache(Enhancer)


def gradient(most):
    return np.tile(np.linspace(0, most, 160), (64, 1))


def noise(most):
    return np.random.default_rng(0).uniform(0, most, (64, 160))


def steps(most):
    return most * np.kron(np.eye(4, 10), np.ones((16, 16)))


@pytest.mark.parametrize("model", registry())
@pytest.mark.parametrize("shape", [gradient, noise, steps])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_gray_picture_stays_gray_at_any_gain(model, shape, kind):
    scale = 1 if kind == np.float32 else np.iinfo(kind).max
    for most, wish in zip((0.02, 0.1, 0.4, 1, 0.1, 0.1), WISHES, strict=True):
        pixels = np.repeat((shape(most) * scale).astype(kind)[..., None], 3, axis=-1)
        made, _ = enhancer(model).enhance_array(pixels, wish)
        assert np.ptp(made, axis=-1).max() == 0
        alone, _ = enhancer(model).enhance_array(pixels[..., 0], wish)
        assert np.abs(made[..., 0].astype(float) - alone).max() <= scale / 255


@pytest.mark.parametrize("model", registry())
def test_a_gray_picture_in_tiles_stays_gray(model):
    pixels = np.repeat(noise(0.1)[..., None], 3, axis=-1).astype(np.float32)
    pixels = np.tile(pixels, (12, 5, 1))
    small = enhancer(model).with_memory(2**20)
    made, report = small.enhance_array(pixels, Wish(ev=2))
    assert report.tiles > 1 and np.ptp(made, axis=-1).max() == 0


@pytest.mark.parametrize("model", registry())
def test_a_picture_with_one_coloured_pixel_keeps_colours(model):
    pixels = np.full((64, 64, 3), 20, np.uint8)
    pixels[30:34, 30:34] = (90, 20, 20)
    made, _ = enhancer(model).enhance_array(pixels)
    red, green = made[31, 31, :2].astype(int)
    assert red > green + 20

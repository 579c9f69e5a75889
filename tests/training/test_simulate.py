import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="training needs keras")

from scotopic.pixels.exposure import brightest, expose
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.units import gray
from scotopic.training import simulate
from scotopic.training.simulate import SIMULATED_SIDE, Camera


def smooth(seed=0, size=(300, 340)):
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC))


def gray_photograph():
    return np.repeat(smooth()[..., :1], 3, axis=-1)


@pytest.fixture(scope="module")
def drawn():
    return [simulate.simulate(smooth(3), np.random.default_rng(seed)) for seed in range(16)]


def without_noise(target, gains):
    """The dark picture before the camera, and what the map exposes it to."""
    dark = simulate.darkened(target.astype(np.float32) / 255, gains).astype(np.float32)
    return dark, expose(dark, np.exp(gains.log_gain(dark)))


def test_srgb_curve_goes_there_and_back():
    values = np.linspace(0, 1, 1001)
    assert np.abs(simulate.to_encoded(simulate.to_linear(values)) - values).max() < 1e-12
    assert abs(simulate.to_linear(np.array(0.5)) - 0.21404114048) < 1e-9


def test_the_map_exposes_the_dark_picture_without_noise_to_the_target(drawn):
    varied = 0
    for _, target, gains in drawn:
        dark, exposed = without_noise(target, gains)
        assert np.abs(exposed * 255 - target).max() < 0.5
        varied += np.ptp(gains.log_gain(dark)) > 0.5
    assert varied > 4, "not one gain for the whole picture in all of them"


@pytest.mark.parametrize("slope", [-0.6, 0.0, 0.35])
@pytest.mark.parametrize("offset", [0.0, 3.0, 4.8])
def test_a_map_is_inverted_at_black_at_white_and_at_the_largest_gain(slope, offset):
    levels = np.arange(256).reshape(1, 256, 1)
    target = np.concatenate([levels * [1, 1, 1], levels * [1, 0.5, 0]]).astype(np.uint8)
    gains = GainMap(*np.full((2, 1, 1), [[[slope]], [[offset]]], np.float32))
    _, exposed = without_noise(target, gains)
    assert np.abs(255 * exposed - target).max() < 0.5


def test_a_simulated_dark_picture_is_the_darkened_target_and_noise(drawn):
    for dark, target, gains in drawn:
        assert dark.shape == target.shape == (SIMULATED_SIDE, SIMULATED_SIDE, 3)
        assert dark.dtype == target.dtype == np.uint8
        clean, _ = without_noise(target, gains)
        assert abs(dark.mean() / 255 - clean.mean()) < 0.04
        assert np.abs(dark / 255 - clean).mean() > 5e-4
    levels = [dark.mean() / target.mean() for dark, target, _ in drawn]
    assert max(levels) > 4 * min(levels)


def test_a_simulation_depends_on_its_seed_alone(drawn):
    again = simulate.simulate(smooth(3), np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(again[:2], drawn[0][:2], strict=True))
    assert not np.array_equal(drawn[0][1], drawn[1][1])
    photographs = {"a": smooth(1), "b": smooth(2)}
    first, second, other = (simulate.simulated_set(photographs, 3, s) for s in (5, 5, 6))
    assert first.names == ["a-0", "b-0", "a-1"] and not first.teaches_exposure
    assert first.digest() == second.digest() != other.digest()
    assert np.array_equal(first.gain_maps[2].slope, second.gain_maps[2].slope)
    assert not np.array_equal(first.high[0], first.high[2]), "the same photograph, differently"


def test_a_gray_photograph_stays_gray_in_light_without_colour():
    neutral = 0
    for seed in range(12):
        _, target, gains = simulate.simulate(gray_photograph(), np.random.default_rng(seed))
        if np.ptp(target, axis=-1).max() == 0:
            neutral += 1
            dark, _ = without_noise(target, gains)
            assert np.ptp(dark, axis=-1).max() < 1e-6
    assert 2 <= neutral <= 10, "about half of the lights have a colour"


def test_a_camera_adds_nothing_to_the_mean_and_more_noise_in_the_light():
    camera = Camera(2e-3, 1e-3, grain=1.0, mosaic=False, balance=np.ones(3))
    light = np.repeat([[0.01, 0.3]], 100, axis=0).repeat(100, axis=1)[..., None] * np.ones(3)
    seen = camera.photograph(light, np.random.default_rng(0)) - light
    dim, lit = seen[:, :95], seen[:, 105:]
    assert abs(seen.mean()) < 1e-3
    assert dim.std() == pytest.approx(np.sqrt(4e-6 + 1e-3 * 0.01), rel=0.05)
    assert lit.std() == pytest.approx(np.sqrt(4e-6 + 1e-3 * 0.3), rel=0.05)


@pytest.mark.parametrize(
    ("grain", "mosaic", "blur", "least"),
    [
        (1.0, False, 0.0, -0.05),
        (1.0, False, 0.5, 0.1),
        (1.0, True, 0.0, 0.2),
        (0.5, True, 0.0, 0.5),
    ],
)
def test_grain_is_as_coarse_as_asked_for_and_fits_any_shape(grain, mosaic, blur, least):
    camera = Camera(0.01, 0.0, grain, mosaic, np.array([2.0, 1.0, 1.5]), blur)
    noise = camera.photograph(np.zeros((60, 90, 3)), np.random.default_rng(0))
    assert noise.shape == (60, 90, 3)
    neighbours = (noise[1:] * noise[:-1]).mean() / noise.var()
    assert least < neighbours < (1 if grain < 1 or mosaic or blur else 0.05)


def test_the_white_balance_amplifies_the_noise_of_its_channel():
    camera = Camera(0.01, 0.0, grain=1.0, mosaic=False, balance=np.array([2.0, 1.0, 1.5]))
    noise = camera.photograph(np.zeros((128, 128, 3)), np.random.default_rng(0)).std((0, 1))
    assert noise[0] / noise[1] == pytest.approx(2, rel=0.1)
    assert noise[2] / noise[1] == pytest.approx(1.5, rel=0.1)


def test_a_mosaic_changes_the_noise_and_leaves_the_detail_as_it_is():
    detail = np.random.default_rng(0).uniform(0.1, 0.9, (32, 32, 3)).astype(np.float32)
    silent = Camera(0.0, 0.0, grain=1.0, mosaic=True, balance=np.array([2.0, 1.0, 1.5]))
    assert silent.photograph(detail, np.random.default_rng(1)) == pytest.approx(detail, abs=1e-6)


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_demosaicing_keeps_a_constant_colour(place):
    raw = np.full((7, 6, 3), [0.2, 0.5, 0.8])
    assert simulate.demosaiced(raw, *place) == pytest.approx(raw)


def test_demosaicing_is_what_is_known_of_bayers_pattern():
    raw = np.random.default_rng(0).random((6, 6, 3))
    result = simulate.demosaiced(raw, 0, 0)
    red, green, blue = raw[..., 0], raw[..., 1], raw[..., 2]
    assert result[2, 2] == pytest.approx(
        [
            red[2, 2],
            np.mean([green[1, 2], green[3, 2], green[2, 1], green[2, 3]]),
            np.mean([blue[1, 1], blue[1, 3], blue[3, 1], blue[3, 3]]),
        ]
    )
    assert result[2, 3] == pytest.approx(
        [np.mean([red[2, 2], red[2, 4]]), green[2, 3], np.mean([blue[1, 3], blue[3, 3]])]
    )
    assert result[3, 3, 2] == blue[3, 3]


def test_a_blur_keeps_the_mean_and_spreads_a_point():
    point = np.zeros((41, 41, 1))
    point[20, 20] = 1
    spread = simulate.blurred(point, 2.0)[..., 0]
    assert spread.sum() == pytest.approx(1) and spread[20, 20] == spread.max()
    places = np.arange(41) - 20
    assert (spread.sum(0) * places**2).sum() == pytest.approx(4, rel=0.1)
    assert simulate.blurred(np.full((5, 5, 3), 0.3), 1.5) == pytest.approx(0.3)


@pytest.fixture
def photograph():
    return smooth(5).astype(np.float32) / 255


def test_underexposed_photographs_are_never_brighter(photograph):
    photograph[:40] = 1
    levels = []
    for seed in range(30):
        dark = simulate.underexposed(photograph, np.random.default_rng(seed))
        assert (dark <= photograph).all() and dark.min() >= 0
        levels.append(gray(dark).mean() / gray(photograph).mean())
    assert min(levels) < 0.35 and max(levels) > 0.9


def test_what_is_white_stays_white_for_longer():
    row = np.linspace(0, 1, 101, dtype=np.float32)
    photograph = np.repeat(row, 3).reshape(1, 101, 3)
    kept = 0
    for seed in range(30):
        dark = simulate.underexposed(photograph, np.random.default_rng(seed))[0, :, 0]
        assert (np.diff(dark) >= 0).all(), "what was brighter stays brighter"
        light, before = (simulate.to_linear(x[[50, 100]]) for x in (dark, row))
        stops = np.log2(before / light)
        assert stops[1] < stops[0] or stops[0] < 0.01
        kept += dark[100] > 0.999 and stops[0] > 1
    assert kept > 3


def test_an_underexposed_set_is_small_and_its_references_are_the_photographs():
    made = simulate.underexposed_set({"a": smooth(1), "b": smooth(2)}, 3, 0)
    assert made.names == ["a-0", "b-0", "a-1"] and made.gain_maps is None
    assert made.high[0].shape == (160, 160, 3)
    assert np.array_equal(made.high[0], made.high[2])
    assert not np.array_equal(made.low[0], made.low[2])
    assert abs(made.high[0].mean() - smooth(1).mean()) < 1
    assert all((low <= high).all() for low, high in zip(made.low, made.high, strict=True))
    assert brightest(made.low[0] / 255).shape == (160, 160, 1)

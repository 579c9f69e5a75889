import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from network_checks import FORMATS

from scotopic.measures import likeness
from scotopic.pixels.exposure import expose, logit
from scotopic.training import losses
from scotopic.training.tasks import in_format, no_gradient


def value(loss, target, result, data_format="channels_last"):
    """The value of a loss or metric for arrays with channels last."""
    target, result = (
        keras.ops.convert_to_tensor(in_format(x.astype(np.float32), data_format))
        for x in (target, result)
    )
    with no_gradient():
        return keras.ops.convert_to_numpy(loss(target, result))


@pytest.fixture
def pictures():
    """Smooth pictures, and the same with noise and another colour."""
    rng = np.random.default_rng(2)
    target = np.kron(rng.random((2, 4, 5, 3)), np.ones((1, 8, 8, 1)))
    result = target * [0.9, 1.0, 0.8] + rng.normal(0, 0.05, target.shape)
    return target, np.clip(result, 0, 1)


def test_the_training_metric_is_psnr_of_the_right_range():
    rng = np.random.default_rng(0)
    target, result = rng.random((2, 3, 20, 24, 3), dtype=np.float32)
    given = value(losses.psnr, target, result)
    wanted = [likeness.psnr(a, b) for a, b in zip(result, target, strict=True)]
    assert np.allclose(given, wanted, atol=1e-4)
    assert np.allclose(given, 10 * np.log10(6), atol=0.5), "uniform noise: mean square 1/6"
    assert np.allclose(value(losses.psnr, target, result, "channels_first"), given, atol=1e-4)


@pytest.mark.parametrize("data_format", FORMATS)
def test_ssim_is_the_measure(pictures, data_format):
    target, result = pictures
    wanted = np.mean([likeness.ssim(a, b) for a, b in zip(target, result, strict=True)])
    assert 0.3 < wanted < 0.95

    def ssim(a, b):
        return losses.ssim(a, b, data_format=data_format)

    assert abs(value(ssim, target, result, data_format) - wanted) < 1e-4


def test_charbonnier_by_hand():
    target, result = np.array([0.0, 1.0]), np.array([0.0, 0.5])
    wanted = (1e-3 + np.sqrt(0.25 + 1e-6)) / 2
    given = losses.charbonnier(*map(keras.ops.convert_to_tensor, (target, result)))
    assert abs(float(given) - wanted) < 1e-7


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_loss_of_two_bands_is_what_it_says(pictures, data_format):
    target, result = pictures
    error = result - target
    low = error.reshape(2, 4, 8, 5, 8, 3).mean(axis=(2, 4))
    high = error - np.kron(low, np.ones((1, 8, 8, 1)))
    wanted = np.abs(low).mean() + 1.5 * np.sqrt(high**2 + 9e-6).mean()
    windows = [np.prod(likeness._likeness(a, b), axis=0) for a, b in zip(*pictures, strict=True)]
    wanted += 0.1 * (1 - np.mean([similarity[::2, ::2].mean() for similarity in windows]))
    loss = losses.BandLoss(data_format)
    assert value(loss, target, result, data_format) == pytest.approx(wanted, abs=1e-5)
    again = losses.BandLoss.from_config(loss.get_config())
    assert value(again, target, result, data_format) == pytest.approx(wanted, abs=1e-5)


def slope(loss, target, result, direction):
    """How fast a loss rises when the result moves in a direction, by differences."""
    step = 1e-3
    ends = [value(loss, target, result + sign * step * direction) for sign in (1, -1)]
    return float(ends[0] - ends[1]) / (2 * step)


def test_noise_counts_in_the_loss_of_two_bands_where_the_level_is_wrong():
    rng = np.random.default_rng(0)
    target = np.full((1, 64, 64, 3), 0.4)
    noise = rng.choice([-1.0, 1.0], target.shape)
    noise -= np.kron(noise.reshape(1, 8, 8, 8, 8, 3).mean((2, 4)), np.ones((1, 8, 8, 1)))
    noisy = target + 0.03 * noise

    def all_alike(a, b):
        return keras.ops.mean(keras.ops.abs(a - b))

    slopes = {}
    for name, loss in (("bands", losses.BandLoss()), ("one", all_alike)):
        right, wrong = (slope(loss, target, noisy + offset, noise) for offset in (0.0, 0.2))
        slopes[name] = wrong / right
    assert slopes["bands"] > 0.9, "the gradient towards less noise stays"
    assert abs(slopes["one"]) < 0.05, "while it vanishes in that of the whole error"


def levels_of(dark, bright):
    """The target of a gain network: z of the dark picture, and the reference's levels."""
    return np.stack([logit(dark), bright], axis=-1)


@pytest.fixture
def cells():
    rng = np.random.default_rng(3)
    return rng.uniform(0.02, 0.3, (2, 32, 32)), rng.uniform(0.2, 0.9, (2, 32, 32))


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_loss_of_the_gain_is_what_it_says(cells, data_format):
    dark, bright = cells
    log_gain = np.random.default_rng(4).normal(1, 0.5, (2, 32, 32, 1))
    gain = np.exp(log_gain[..., 0])
    given = gain * dark / (1 + (gain - 1) * dark)
    wanted = np.abs(np.log(given + 0.04) - np.log(bright + 0.04)).mean((1, 2))
    means = [np.log(x.mean((1, 2)) + 1e-3) for x in (given, bright)]
    wanted += 0.5 * np.abs(means[0] - means[1])
    for axis in (1, 2):
        wanted += 0.03 * np.abs(np.diff(log_gain[..., 0], axis=axis)).mean((1, 2))
    target = levels_of(dark, bright)
    loss = losses.GainLoss(data_format)
    assert value(loss, target, log_gain, data_format) == pytest.approx(wanted.mean(), abs=1e-5)
    again = losses.GainLoss.from_config(loss.get_config())
    assert value(again, target, log_gain, data_format) == pytest.approx(wanted.mean(), abs=1e-5)
    error = value(losses.level_error, target, log_gain, data_format)
    assert error == pytest.approx(np.abs(given - bright).mean((1, 2)), abs=1e-5)


def test_the_gain_that_leads_to_the_reference_costs_least():
    dark = np.random.default_rng(3).uniform(0.02, 0.3, (1, 32, 32))
    bright = expose(dark[..., None], 6.0)[..., 0]
    costs = [
        float(value(losses.GainLoss(), levels_of(dark, bright), np.full((1, 32, 32, 1), np.log(g))))
        for g in (4.0, 6.0, 9.0)
    ]
    assert costs[1] < 1e-4 < min(costs[0], costs[2]) / 100


def test_a_wrong_gain_costs_little_in_the_dark():
    halves = np.full((1, 32, 32), 0.3)
    halves[:, 16:] = 0.002
    costs = []
    for half in (slice(16, None), slice(16)):
        wrong = np.zeros((1, 32, 32, 1))
        wrong[:, half] = np.log(2)
        costs.append(float(value(losses.GainLoss(), levels_of(halves, halves), wrong)))
    assert costs[0] < costs[1] / 5

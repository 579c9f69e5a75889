import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.measures import likeness
from scotopic.training import losses, presets
from scotopic.training.tasks import no_gradient

CONTEXT = np.zeros((1, 16), np.float32)
GAIN = np.array([[4.0]], np.float32)


def randomised(preset="exposure_unet_tiny", data_format="channels_last"):
    network = presets.build_network(preset, data_format)
    rng = np.random.default_rng(0)
    for weight in network.weights:
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        weight.assign(rng.normal(0, fan_in**-0.5, weight.shape))
    return network


def local(network, picture):
    with no_gradient():
        return keras.ops.convert_to_numpy(
            network.local_branch(*map(keras.ops.convert_to_tensor, (picture, GAIN, CONTEXT)))
        )


def test_a_fresh_network_is_the_exposing_curve():
    picture = np.random.default_rng(1).random((1, 16, 24, 3), dtype=np.float32)
    wanted = 4 * picture / (1 + 3 * picture)
    result = local(presets.build_network("exposure_unet_tiny"), picture)
    assert np.abs(result - wanted).max() < 1e-6


def test_both_data_formats_give_the_same_picture():
    picture = np.random.default_rng(1).random((1, 16, 24, 3), dtype=np.float32)
    last, first = (randomised(data_format=f) for f in ("channels_last", "channels_first"))
    result = np.moveaxis(local(first, np.moveaxis(picture, -1, 1)), 1, -1)
    assert np.abs(result - local(last, picture)).max() < 1e-4


def test_the_receptive_radius_holds_and_is_reached():
    network = randomised()
    radius, multiple = network.local_branch.receptive_radius(), network.local_branch.size_multiple
    side = 2 * radius + 6 * multiple
    centre = side // 2 // multiple * multiple
    picture = np.full((1, side, side, 3), 0.2, np.float32)
    farthest = 0
    for offset in range(multiple):
        changed = picture.copy()
        changed[0, centre + offset, centre] = 0.9
        difference = np.abs(local(network, changed) - local(network, picture))[0].max(-1)
        rows = np.flatnonzero(difference.max(1))
        first = rows // multiple * multiple
        beyond = np.maximum(first - centre - offset, centre + offset - first - multiple + 1)
        farthest = max(farthest, *beyond)
    assert radius - multiple < farthest <= radius


def test_context_reaches_the_picture():
    network = randomised()
    picture = np.random.default_rng(1).random((1, 16, 16, 3), dtype=np.float32)
    inputs = [keras.ops.convert_to_tensor(x) for x in (picture, GAIN, CONTEXT + 1)]
    with no_gradient():
        other = keras.ops.convert_to_numpy(network.local_branch(*inputs))
    assert np.abs(other - local(network, picture)).max() > 1e-3


def test_network_comes_back_from_its_config():
    network = randomised()
    again = type(network).from_config(network.get_config())
    again.set_weights(network.get_weights())
    picture = np.random.default_rng(1).random((1, 16, 16, 3), dtype=np.float32)
    assert np.array_equal(local(again, picture), local(network, picture))


def test_ssim_loss_is_the_metric():
    rng = np.random.default_rng(2)
    first = rng.random((2, 32, 40, 3)).astype(np.float32)
    second = np.clip(first + rng.normal(0, 0.1, first.shape), 0, 1).astype(np.float32)
    with no_gradient():
        value = float(losses.ssim(*map(keras.ops.convert_to_tensor, (first, second))))
    wanted = np.mean([likeness.ssim(a, b) for a, b in zip(first, second, strict=True)])
    assert abs(value - wanted) < 1e-4


def test_charbonnier_by_hand():
    target, result = np.array([0.0, 1.0]), np.array([0.0, 0.5])
    wanted = (1e-3 + np.sqrt(0.25 + 1e-6)) / 2
    value = losses.charbonnier(*map(keras.ops.convert_to_tensor, (target, result)))
    assert abs(float(value) - wanted) < 1e-7


def test_exposure_loss_forgives_by_ratio():
    loss = losses.ExposureLoss()
    pairs = [(0.1, 0.2), (0.4, 0.8)]
    first, second = (
        float(loss(np.array([[a]], np.float32), keras.ops.convert_to_tensor([[b]])))
        for a, b in pairs
    )
    assert abs(first - second) < 1e-4 and abs(first - np.log(2) ** 2 / 2) < 1e-4


def test_exposure_loss_teaches_nothing_where_there_is_nothing_to_learn():
    loss = losses.ExposureLoss()
    wanted, given = np.array([[0.0], [0.2]], np.float32), np.array([[0.9], [0.4]], np.float32)
    both = float(loss(wanted, keras.ops.convert_to_tensor(given)))
    assert abs(both - np.log(2) ** 2 / 4) < 1e-4

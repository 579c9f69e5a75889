import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from network_checks import FORMATS, applied, random_weights

from scotopic.training import presets
from scotopic.training.light_unet import LightUNet

SMALL = {"context_widths": (4, 4, 4, 4), "context_size": 6}


def inputs(height=16, width=24, seed=1):
    rng = np.random.default_rng(seed)
    exposed = rng.random((1, height, width, 4), dtype=np.float32)
    return {"exposed": exposed, "thumbnail": rng.random((1, 64, 64, 3), dtype=np.float32)}


@pytest.fixture(scope="module")
def network():
    return random_weights(presets.build_network("tiny"))


@pytest.mark.parametrize("preset", ["standard", "fast", "tiny"])
@pytest.mark.parametrize("data_format", FORMATS)
def test_a_fresh_network_gives_the_exposed_picture_back(preset, data_format):
    given = inputs(32, 48)
    result = applied(presets.build_network(preset, data_format), given)
    assert np.array_equal(result, given["exposed"][..., :3])


def test_both_data_formats_give_the_same_picture(network):
    first = presets.build_network("tiny", "channels_first")
    first.set_weights(network.get_weights())
    result = applied(network, inputs())
    assert np.abs(result - applied(first, inputs())).max() < 1e-4
    assert np.abs(result - inputs()["exposed"][..., :3]).max() > 0.1


@pytest.mark.parametrize("key", ["exposed", "thumbnail"])
def test_the_picture_its_gain_and_the_thumbnail_reach_the_result(network, key):
    before = applied(network, inputs())
    for channel in range(inputs()[key].shape[-1]):
        changed = inputs()
        changed[key][..., channel] *= 0.5
        assert np.abs(applied(network, changed) - before).max() > 1e-3, channel


def test_every_level_reaches_the_result():
    network = random_weights(LightUNet((4, 4, 4), (1, 1, 1), **SMALL))
    before = applied(network, inputs())
    for up in reversed(network.ups):
        up.kernel.assign(0 * up.kernel)
        after = applied(network, inputs())
        assert np.abs(after - before).max() > 1e-3, "of what lies below"
        before = after
    changed = inputs()
    changed["exposed"] *= 0.5
    detail = applied(network, changed)[..., :3] - changed["exposed"][..., :3]
    assert np.abs(detail - (before - inputs()["exposed"][..., :3])).max() > 1e-3, "the skip alone"


def test_a_picture_is_enhanced_alone_as_in_a_batch(network):
    first, second = inputs(seed=1), inputs(seed=2)
    both = {key: np.concatenate([first[key], second[key]]) for key in first}
    assert np.abs(applied(network, both)[1:] - applied(network, second)).max() < 1e-5


def test_a_network_comes_back_from_its_config(network):
    again = LightUNet.from_config(network.get_config())
    again.set_weights(network.get_weights())
    assert again.name == network.name and again.settings == network.settings
    assert np.array_equal(applied(again, inputs()), applied(network, inputs()))


def reaching_far(widths, blocks, last):
    """A network whose kernels take the corners of their windows alone, all alike.

    Nothing then cancels out, or fades on the way, however far it comes.
    """
    network = LightUNet(widths, blocks, last, **SMALL)
    for weight in network.weights:
        value = np.zeros(weight.shape, np.float32)
        if weight.path.endswith("kernel"):
            value[..., :, :] = 1 / weight.shape[-2]
        if value.ndim == 4:
            value[1:-1] = 0
            value[:, 1:-1] = 0
        weight.assign(value)
    return network


@pytest.mark.parametrize(
    ("widths", "blocks", "last", "radius"),
    [
        ((4,), (0,), (), 3),
        ((4,), (1,), (), 7),
        ((4, 4), (0, 0), (), 5),
        ((4, 4), (0, 1), (), 13),
        ((4, 4), (1, 0), (), 13),
        ((4, 4), (2, 1), (), 29),
        ((4, 4, 4), (0, 0, 1), (), 25),
        ((4, 4, 4), (1, 0, 2), (), 45),
        ((4, 4, 4), (0, 0, 0), (1,), 9),
        ((4, 4, 4), (0, 0, 1), (1, 1), 33),
    ],
)
def test_the_receptive_radius_is_exact(widths, blocks, last, radius):
    network = reaching_far(widths, blocks, last)
    assert network.receptive_radius() == radius
    side = network.size_multiple
    start = -(-(radius + 1) // side) * side
    block = slice(start, start + side)
    thumb = np.full((1, 64, 64, 3), 0.5, np.float32)
    seen = {}
    for distance in (radius, radius + 1):
        for row in (start - distance, start + side - 1 + distance):
            picture = np.full((1, 2 * start + side, 3 * side, 4), 0.25, np.float32)
            before = applied(network, {"exposed": picture, "thumbnail": thumb})
            picture[:, row] += 0.5
            after = applied(network, {"exposed": picture, "thumbnail": thumb})
            changed = np.abs(after - before)[0, block].max() > 0
            seen.setdefault(distance, []).append(changed)
    assert any(seen[radius]) and not any(seen[radius + 1])


@pytest.mark.parametrize(("preset", "multiple"), [("standard", 16), ("fast", 16), ("tiny", 4)])
def test_sides_are_multiples_of_the_scale_of_the_lowest_level(preset, multiple):
    assert presets.build_network(preset).size_multiple == multiple

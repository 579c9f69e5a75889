import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from network_checks import FORMATS, applied, random_weights

from scotopic.training import presets
from scotopic.training.gain_network import GainNetwork
from scotopic.training.pairs import MAP_SIDE
from scotopic.training.thumbnail_branch import ThumbnailBranch, described

SMALL = {"widths": (4, 4, 4, 4, 8), "hidden": 6}


def thumbnails(count=1, seed=1):
    return np.random.default_rng(seed).random((count, 64, 64, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def network():
    return random_weights(GainNetwork(**SMALL))


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_fresh_network_changes_nothing(data_format):
    result = applied(presets.build_network("gain", data_format), thumbnails(2))
    assert result.shape == (2, MAP_SIDE, MAP_SIDE, 1)
    assert not result.any(), "ln of a gain of 1"


def test_both_data_formats_give_the_same_map(network):
    first = GainNetwork(**SMALL, data_format="channels_first")
    first.set_weights(network.get_weights())
    result = applied(network, thumbnails())
    assert result.shape == (1, MAP_SIDE, MAP_SIDE, 1) and result.std() > 0.01
    assert np.abs(result - applied(first, thumbnails())).max() < 1e-4


def test_every_cell_sees_the_whole_thumbnail(network):
    before = applied(network, thumbnails())
    for corner in ((0, 0), (0, 63), (63, 0), (63, 63)):
        changed = thumbnails()
        changed[0, corner[0], corner[1]] = 1 - changed[0, corner[0], corner[1]]
        assert (applied(network, changed) != before).mean() > 0.99


def test_the_dense_layers_reach_every_cell():
    network = random_weights(GainNetwork(**SMALL))
    before = applied(network, thumbnails())
    network.whole.bias.assign(network.whole.bias + 1)
    assert np.abs(applied(network, thumbnails()) - before).min() > 1e-6


def test_a_picture_is_seen_alone_as_in_a_batch(network):
    both = applied(network, thumbnails(2))
    assert np.abs(both[1:] - applied(network, thumbnails(2)[1:])).max() < 1e-5


def test_a_network_comes_back_from_its_config(network):
    again = GainNetwork.from_config(network.get_config())
    again.set_weights(network.get_weights())
    assert again.name == network.name and again.settings == network.settings
    assert np.array_equal(applied(again, thumbnails()), applied(network, thumbnails()))


def test_a_thumbnail_is_described_by_its_relations_and_its_level():
    thumb = thumbnails()
    bright, dark = (
        keras.ops.convert_to_numpy(described(keras.ops.convert_to_tensor(x), "channels_last"))
        for x in (thumb, thumb / 64)
    )
    assert np.abs(bright[..., :3].mean() - 1) < 0.05
    assert np.abs(dark[..., :3] / bright[..., :3] - 1).max() < 0.2, "the relations stay"
    assert np.abs(bright[..., 3] - dark[..., 3] - np.log(64)).mean() < 0.2, "the level does not"


def test_the_branch_of_the_context_is_the_same_in_both_formats_and_from_its_config():
    branch = ThumbnailBranch((4, 4, 8), 5)
    branch.build((None, 64, 64, 3))
    random_weights(branch)
    wanted = applied(branch, thumbnails(2))
    assert wanted.shape == (2, 5) == branch.compute_output_shape((2, 64, 64, 3))
    config = branch.get_config()
    again = ThumbnailBranch.from_config({**config, "data_format": "channels_first"})
    again.build((None, 3, 64, 64))
    again.set_weights(branch.get_weights())
    given = np.ascontiguousarray(np.moveaxis(thumbnails(2), -1, 1))
    assert np.abs(keras.ops.convert_to_numpy(again(given)) - wanted).max() < 1e-4

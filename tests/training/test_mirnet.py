import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.training import mirnet_attention, mirnet_resizing
from scotopic.training.mirnet import Design, MIRNet
from scotopic.training.mirnet_blocks import MultiScaleResidualBlock, RecursiveResidualGroup
from scotopic.training.tasks import no_gradient

FORMATS = ("channels_last", "channels_first")
SMALL = {"channels": 8, "groups": 1, "blocks": 1}
LAYERS = {
    "ChannelPooling": lambda **kind: mirnet_attention.ChannelPooling(8, **kind),
    "SpatialAttention": lambda **kind: mirnet_attention.SpatialAttention(8, **kind),
    "ChannelAttention": lambda **kind: mirnet_attention.ChannelAttention(8, **kind),
    "DualAttentionUnit": lambda **kind: mirnet_attention.DualAttentionUnit(8, **kind),
    "BlurDownsample": lambda **kind: mirnet_resizing.BlurDownsample(8, **kind),
    "ResidualDownsample": lambda **kind: mirnet_resizing.ResidualDownsample(8, **kind),
    "ResidualUpsample": lambda **kind: mirnet_resizing.ResidualUpsample(8, **kind),
    "MultiScaleResidualBlock": lambda **kind: MultiScaleResidualBlock(8, **kind),
    "RecursiveResidualGroup": lambda **kind: RecursiveResidualGroup(8, blocks=1, **kind),
}


def random_weights(layer, seed=0):
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        weight.assign(rng.normal(0, fan_in**-0.5, weight.shape))
    return layer


def apply(layer, features):
    with no_gradient():
        return keras.ops.convert_to_numpy(layer(features))


def maps(*shape, seed=1):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def first(array):
    return np.moveaxis(array, -1, 1)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_the_same_in_both_formats_and_from_its_config(name):
    features = maps(2, 8, 12, 8)
    layer = LAYERS[name]()
    layer(features)
    random_weights(layer)
    wanted = apply(layer, features)
    assert tuple(layer.compute_output_shape(features.shape)) == wanted.shape
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    again(features)
    random_weights(again)
    assert np.array_equal(apply(again, features), wanted)
    other = LAYERS[name](data_format="channels_first")
    other(first(features))
    random_weights(other)
    assert np.abs(apply(other, first(features)) - first(wanted)).max() < 1e-4


def test_stream_weights_sum_to_one_for_every_channel():
    fusion = mirnet_attention.SelectiveKernelFeatureFusion(8, streams=3)
    streams = [maps(2, 6, 4, 8, seed=seed) for seed in range(3)]
    fusion(streams)
    random_weights(fusion)
    with no_gradient():
        weights = keras.ops.convert_to_numpy(fusion.stream_weights(streams))
    assert weights.shape == (3, 2, 1, 1, 8) and weights.std() > 0.01
    assert weights.sum(axis=0) == pytest.approx(1, abs=1e-6)


def test_spatial_attention_sees_five_by_five():
    layer = mirnet_attention.SpatialAttention(4)
    features = maps(1, 15, 15, 4)
    layer(features)
    random_weights(layer)
    changed = features.copy()
    changed[0, 7, 7] += 1
    moved = np.abs(apply(layer, changed) - apply(layer, features))[0].max(-1) > 0
    rows, columns = (np.flatnonzero(moved.any(axis=axis)) for axis in (1, 0))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 9, 5, 9)


def test_downsampling_keeps_a_constant_and_removes_a_checkerboard():
    layer = mirnet_resizing.BlurDownsample(2)
    board = np.indices((8, 8)).sum(0)[None, ..., None] % 2 * np.ones(2, np.float32)
    assert apply(layer, np.full((1, 8, 8, 2), 0.3, np.float32)) == pytest.approx(0.3)
    assert apply(layer, board.astype(np.float32)) == pytest.approx(0.5)


@pytest.fixture(scope="module")
def built_block():
    block = MultiScaleResidualBlock(8, share_columns=False)
    block(maps(1, 8, 8, 8))
    return block


@pytest.fixture
def block(built_block):
    """A block with random weights, built once for all tests, since that takes longest."""
    return random_weights(built_block)


@pytest.mark.parametrize("stream", range(3))
def test_every_streams_second_unit_is_used(block, stream):
    features = maps(1, 8, 8, 8)
    before = apply(block, features)
    unit = block.units[stream][1]
    unit.join.kernel.assign(np.zeros(unit.join.kernel.shape))
    assert np.abs(apply(block, features) - before).max() > 1e-4


@pytest.mark.parametrize("source", range(3))
@pytest.mark.parametrize("target", range(3))
def test_streams_exchange_in_every_direction(block, monkeypatch, source, target):
    features = maps(1, 8, 8, 8)
    seen = []
    fuse = block.fusions[target].call
    monkeypatch.setattr(
        block.fusions[target], "call", lambda streams: seen.append(streams) or fuse(streams)
    )
    with no_gradient():
        block(features)
        block.units[source][0].join.kernel.assign(0.5 * block.units[source][0].join.kernel)
        block(features)
    before, after = (keras.ops.convert_to_numpy(streams[source]) for streams in seen)
    assert before.shape[-1] == 8 * 2**target and np.abs(before - after).max() > 1e-5


@pytest.fixture(scope="module", params=[1, 2])
def both_formats(request):
    """The same network in both data formats."""
    design = Design(**SMALL, stem=request.param)
    return [random_weights(MIRNet(design, data_format)) for data_format in FORMATS]


@pytest.mark.parametrize("size", [(13, 22), (1, 1), (16, 16)])
def test_any_size_comes_back_in_both_formats(both_formats, size):
    picture = np.random.default_rng(2).random((1, *size, 3), dtype=np.float32)
    last, turned = (
        apply(network, given)
        for network, given in zip(both_formats, (picture, first(picture)), strict=True)
    )
    assert last.shape == picture.shape
    assert np.abs(first(last) - turned).max() < 1e-4 * np.abs(last).max()


@pytest.fixture(scope="module")
def network():
    return random_weights(MIRNet(Design(**SMALL)))


def test_a_network_comes_back_from_its_config(network):
    config = network.get_config()
    assert config["channels"] == 8 and config["data_format"] == "channels_last"
    again = MIRNet.from_config({**config, "data_format": "channels_first"})
    assert again.design == network.design and again.name == network.name
    assert again.data_format == "channels_first"


def test_shared_columns_share_and_others_do_not(network):
    own = MIRNet(Design(**SMALL, share_columns=False))
    block = network.groups[0].blocks[0]
    assert block.units[0][0] is block.units[0][1] and block.last_fusion is block.fusions[0]
    slopes = {id(unit.activate) for row in block.units for unit in row}
    assert len(slopes) == 1
    block = own.groups[0].blocks[0]
    assert block.units[0][0] is not block.units[0][1]
    assert own.count_params() > network.count_params()


def test_the_weights_are_stable_by_name(network, tmp_path):
    other = MIRNet(Design(**SMALL))
    names = [weight.path for weight in network.weights]
    assert len(set(names)) == len(names)
    assert names == [weight.path for weight in other.weights]
    assert "group0/block0/unit2_0/spatial/attention/kernel" in names
    network.save_weights(tmp_path / "a.weights.h5")
    other.load_weights(tmp_path / "a.weights.h5")
    picture = np.random.default_rng(2).random((1, 8, 8, 3), dtype=np.float32)
    assert np.array_equal(apply(other, picture), apply(network, picture))

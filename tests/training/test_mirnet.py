import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.training import mirnet_attention, mirnet_resizing
from scotopic.training.mirnet import MIRNet, MultiScaleResidualBlock, RecursiveResidualGroup
from scotopic.training.tasks import no_gradient

FORMATS = ("channels_last", "channels_first")
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


@pytest.mark.parametrize("stream", range(3))
def test_every_streams_second_unit_is_used(stream):
    block = MultiScaleResidualBlock(8, share_columns=False)
    features = maps(1, 8, 8, 8)
    block(features)
    random_weights(block)
    before = apply(block, features)
    unit = block.units[stream][1]
    unit.join.kernel.assign(np.zeros(unit.join.kernel.shape))
    assert np.abs(apply(block, features) - before).max() > 1e-4


@pytest.mark.parametrize("source", range(3))
@pytest.mark.parametrize("target", range(3))
def test_streams_exchange_in_every_direction(source, target):
    block = MultiScaleResidualBlock(8, share_columns=False)
    features = maps(1, 8, 8, 8)
    block(features)
    random_weights(block)
    seen = []
    fuse = block.fusions[target].call
    block.fusions[target].call = lambda streams: seen.append(streams) or fuse(streams)
    with no_gradient():
        block(features)
        block.units[source][0].join.kernel.assign(0.5 * block.units[source][0].join.kernel)
        block(features)
    before, after = (keras.ops.convert_to_numpy(streams[source]) for streams in seen)
    assert before.shape[-1] == 8 * 2**target and np.abs(before - after).max() > 1e-5


@pytest.mark.parametrize("stem", [1, 2])
@pytest.mark.parametrize("size", [(37, 50), (1, 1), (16, 16)])
def test_any_size_comes_back_in_both_formats(size, stem):
    networks = [
        random_weights(MIRNet(8, 1, 1, stem=stem, data_format=data_format))
        for data_format in FORMATS
    ]
    picture = np.random.default_rng(2).random((1, *size, 3), dtype=np.float32)
    last, turned = apply(networks[0], picture), apply(networks[1], first(picture))
    assert last.shape == picture.shape
    assert np.abs(first(last) - turned).max() < 1e-4 * np.abs(last).max()


def test_shared_columns_share_and_others_do_not():
    shared, own = (MIRNet(8, 1, 1, share_columns=share) for share in (True, False))
    block = shared.groups[0].blocks[0]
    assert block.units[0][0] is block.units[0][1] and block.last_fusion is block.fusions[0]
    slopes = {id(unit.activate) for row in block.units for unit in row}
    assert len(slopes) == 1
    block = own.groups[0].blocks[0]
    assert block.units[0][0] is not block.units[0][1]
    assert own.count_params() > shared.count_params()


def test_the_weights_are_stable_by_name(tmp_path):
    network = random_weights(MIRNet(8, 1, 1))
    names = [weight.path for weight in network.weights]
    assert len(set(names)) == len(names)
    assert names == [weight.path for weight in MIRNet(8, 1, 1).weights]
    assert "group0/block0/unit2_0/spatial/attention/kernel" in names
    network.save_weights(tmp_path / "a.weights.h5")
    other = MIRNet(8, 1, 1)
    other.load_weights(tmp_path / "a.weights.h5")
    picture = np.random.default_rng(2).random((1, 8, 8, 3), dtype=np.float32)
    assert np.array_equal(apply(other, picture), apply(network, picture))

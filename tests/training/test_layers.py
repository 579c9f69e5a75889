import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from network_checks import FORMATS, random_weights

from scotopic.pixels import units
from scotopic.training import layers
from scotopic.training.tasks import no_gradient


def to_format(array, data_format):
    return array if data_format == "channels_last" else np.moveaxis(array, -1, 1)


def as_last(tensor, data_format):
    with no_gradient():
        array = keras.ops.convert_to_numpy(tensor)
    return array if data_format == "channels_last" else np.moveaxis(array, 1, -1)


@pytest.fixture
def maps():
    return np.random.default_rng(0).random((2, 8, 12, 6), dtype=np.float32)


@pytest.mark.parametrize("data_format", FORMATS)
def test_shuffle_undoes_unshuffle(maps, data_format):
    given = to_format(maps, data_format)
    there = layers.PixelUnshuffle(2, data_format=data_format)(given)
    back = layers.PixelShuffle(2, data_format=data_format)(there)
    assert np.array_equal(keras.ops.convert_to_numpy(back), given)


def test_unshuffle_is_the_same_in_both_formats_and_keeps_blocks_together(maps):
    last, first = (
        as_last(layers.PixelUnshuffle(2, data_format=f)(to_format(maps, f)), f) for f in FORMATS
    )
    assert np.array_equal(last, first)
    assert set(last[0, 0, 0]) == set(maps[0, :2, :2].ravel())


@pytest.mark.parametrize("data_format", FORMATS)
def test_gray_is_that_of_the_reference(data_format):
    picture = np.random.default_rng(1).random((2, 5, 7, 3), dtype=np.float32)
    given = keras.ops.convert_to_tensor(to_format(picture, data_format))
    levels = as_last(layers.gray(given, data_format), data_format)
    assert levels.shape == (2, 5, 7, 1)
    assert np.abs(levels[..., 0] - units.gray(picture)).max() < 1e-6


@pytest.mark.parametrize("data_format", FORMATS)
def test_vectors_are_added_to_every_place(maps, data_format):
    vectors = np.arange(12, dtype=np.float32).reshape(2, 6)
    given = to_format(maps, data_format) + layers.per_channel(vectors, data_format)
    assert np.array_equal(as_last(given, data_format), maps + vectors[:, None, None])


@pytest.mark.parametrize("data_format", FORMATS)
def test_enlarging_repeats_each_value(maps, data_format):
    layer = layers.Enlarge(data_format=data_format)
    given = to_format(maps, data_format)
    result = layer(given)
    assert np.array_equal(as_last(result, data_format), maps.repeat(2, axis=1).repeat(2, axis=2))
    assert layer.compute_output_shape(given.shape) == tuple(result.shape)
    unknown = to_format(np.empty((1, 0, 0, 3)), data_format).shape
    unknown = tuple(None if side == 0 else side for side in unknown)
    wanted = tuple(side for side in layer.compute_output_shape(unknown) if side is not None)
    assert wanted == (1, 3), "a side of any length stays one"
    again = layers.Enlarge.from_config(layer.get_config())
    assert again.data_format == data_format


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_residual_block_is_two_convolutions_and_what_it_was_given(maps, data_format):
    block = layers.ResidualBlock(6, data_format=data_format)
    given = to_format(maps, data_format)
    block.build(given.shape)
    random_weights(block)
    inner = block.conv2(keras.ops.maximum(block.conv1(given), 0))
    wanted = maps + as_last(inner, data_format)
    with no_gradient():
        result = as_last(block(given), data_format)
    assert np.abs(result - wanted).max() < 1e-5 < 0.1 < np.abs(result - maps).max()
    assert block.compute_output_shape(given.shape) == given.shape
    again = layers.ResidualBlock.from_config(block.get_config())
    again.build(given.shape)
    again.set_weights(block.get_weights())
    assert np.array_equal(as_last(again(given), data_format), result)


def test_a_residual_block_is_the_same_in_both_formats(maps):
    blocks = [layers.ResidualBlock(6, data_format=f) for f in FORMATS]
    results = []
    for block in blocks:
        given = to_format(maps, block.data_format)
        block.build(given.shape)
        block.set_weights(blocks[0].get_weights() if block is blocks[1] else block.get_weights())
        results.append(as_last(block(given), block.data_format))
    assert np.abs(results[0] - results[1]).max() < 1e-5

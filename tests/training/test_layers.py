import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.pixels import exposure, units
from scotopic.training import layers

FORMATS = ("channels_last", "channels_first")


def to_format(array, data_format):
    return array if data_format == "channels_last" else np.moveaxis(array, -1, 1)


def as_last(tensor, data_format):
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
def test_expose_and_gray_are_those_of_the_reference(data_format):
    picture = np.random.default_rng(1).random((2, 5, 7, 3), dtype=np.float32)
    gain = np.array([[3.0], [0.5]], np.float32)
    given = to_format(picture, data_format)
    given, gain = (keras.ops.convert_to_tensor(x) for x in (given, gain))
    exposed = as_last(layers.expose(given, gain), data_format)
    for index in range(2):
        wanted = exposure.expose(picture[index], (3.0, 0.5)[index])
        assert np.abs(exposed[index] - wanted).max() < 1e-6
    levels = as_last(layers.gray(given, data_format), data_format)
    assert np.abs(levels[..., 0] - units.gray(picture)).max() < 1e-6


@pytest.mark.parametrize("data_format", FORMATS)
def test_block_is_conditioned_and_reloads(maps, data_format):
    block = layers.ConditionedBlock(6, data_format=data_format)
    given = to_format(maps, data_format)
    contexts = [np.full((2, 5), value, np.float32) for value in (0, 1)]
    block(given, contexts[0])
    for weight in block.weights:
        weight.assign(np.random.default_rng(2).normal(0, 0.3, weight.shape))
    first, second = (keras.ops.convert_to_numpy(block(given, c)) for c in contexts)
    assert first.shape == given.shape
    assert np.abs(first - second).max() > 1e-3
    again = layers.ConditionedBlock.from_config(block.get_config())
    again(given, contexts[0])
    again.set_weights(block.get_weights())
    assert np.array_equal(keras.ops.convert_to_numpy(again(given, contexts[0])), first)

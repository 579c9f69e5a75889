import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.measures import likeness
from scotopic.training import losses, presets, tasks
from scotopic.training.pairs import PairSet


def test_the_training_metric_is_psnr_of_the_right_range():
    rng = np.random.default_rng(0)
    target, result = rng.random((2, 3, 20, 24, 3), dtype=np.float32)
    given = keras.ops.convert_to_numpy(losses.psnr(target, result))
    wanted = [likeness.psnr(a, b) for a, b in zip(result, target, strict=True)]
    assert np.allclose(given, wanted, atol=1e-4)
    assert np.allclose(given, 10 * np.log10(6), atol=0.5), "uniform noise: mean square 1/6"


def test_mixing_up_keeps_pairs_together():
    low = np.random.default_rng(0).random((8, 4, 4, 3), dtype=np.float32)
    mixed, targets = tasks.mix_up(low, 2 * low, 0.6, np.random.default_rng(1))
    assert np.allclose(targets, 2 * mixed) and mixed.dtype == np.float32
    assert not np.allclose(mixed, low)
    assert np.abs(mixed.mean() - low.mean()) < 0.2


@pytest.mark.parametrize("recipe", ["default", "tutorial"])
def test_a_batch_for_mirnet_depends_on_the_seed_alone(recipe):
    rng = np.random.default_rng(0)
    low = [rng.integers(0, 60, (140, 150, 3), dtype=np.uint8) for _ in range(3)]
    pairs = PairSet("made", ["a", "b", "c"], low, [4 * picture for picture in low])
    chosen = presets.find_recipe(recipe, "mirnet_small")
    draw = [tasks.PictureTask().batch([pairs], [1.0], chosen, (0, step)) for step in (1, 1, 2)]
    picture, target = draw[0]
    assert picture.shape == target.shape == (chosen.batch_size, 128, 128, 3)
    assert np.allclose(target, 4 * picture, atol=1e-6), "the two are cut and mixed alike"
    assert np.array_equal(picture, draw[1][0]) and not np.array_equal(picture, draw[2][0])


def test_the_tutorials_recipe_is_what_it_says():
    recipe = presets.find_recipe("tutorial", "mirnet_tutorial")
    assert (recipe.batch_size, recipe.crop, recipe.steps_per_epoch) == (4, 128, 75)
    optimizer = presets.optimizer(recipe)
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(keras.ops.convert_to_numpy(optimizer.learning_rate)) == pytest.approx(1e-4)

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from network_checks import FORMATS, random_weights
from small_data import pair_set

from scotopic.measures import likeness
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.shadows import with_calm_shadows
from scotopic.training import batches, presets, tasks
from scotopic.training.pairs import PairSet
from scotopic.training.samples import level_pair
from scotopic.training.training_data import TrainingData


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


def with_known_gain(size=(48, 64)):
    """One pair, and the gain that leads from one to the other."""
    made = pair_set(1, gain=0.1, size=size)
    return PairSet("made", made.names, made.low, made.high, gain_maps=[GainMap.uniform(10)])


def exposed_to_8_bits(pairs, gains):
    """What a network that corrects nothing makes of the first pair's dark picture."""
    gain = gains.mean_gain(pairs.thumbnails[0])
    calm = with_calm_shadows(pairs.low[0] / np.float32(255), gain)
    return np.rint(255 * gains.exposed(calm)).astype(np.uint8)


def test_each_network_has_its_task():
    kinds = {"tiny": tasks.CorrectionTask, "gain": tasks.GainTask}
    for preset, kind in kinds.items():
        assert type(tasks.task_of(presets.build_network(preset))) is kind
    assert type(tasks.task_of(keras.Sequential())) is tasks.PictureTask


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("size", [(48, 64), (35, 41)])
def test_correction_is_scored_on_the_exposed_picture(data_format, size):
    pairs = with_known_gain(size)
    scores = tasks.validate(presets.build_network("tiny", data_format), pairs)
    exposed = exposed_to_8_bits(pairs, pairs.gain_maps[0])
    assert scores == {
        "psnr": pytest.approx(likeness.psnr(exposed, pairs.high[0]), abs=0.05),
        "ssim": pytest.approx(likeness.ssim(exposed, pairs.high[0]), abs=1e-3),
        "gt_mean_psnr": pytest.approx(likeness.gt_mean_psnr(exposed, pairs.high[0]), abs=0.05),
    }
    assert scores["psnr"] > 30, "a fresh network leaves the exposed picture as it is"


def test_correction_is_scored_by_the_map_that_leads_to_the_reference():
    known = with_known_gain()
    low = known.low[0].copy()
    low[:, :32] //= 4
    pairs = PairSet("made", known.names, [low], known.high)
    gains, log_gain = pairs.map_of(0)
    logs = gains.log_gain(low / np.float32(255))
    assert np.abs(logs - log_gain).max() > 0.5
    exposed = exposed_to_8_bits(pairs, gains)
    wanted = likeness.psnr(exposed, pairs.high[0])
    scores = tasks.validate(presets.build_network("tiny"), pairs)
    assert scores["psnr"] == pytest.approx(wanted, abs=0.02)


def test_a_whole_picture_is_corrected_alike_in_both_formats():
    pairs, results = with_known_gain((35, 41)), []
    for data_format in FORMATS:
        network = random_weights(presets.build_network("tiny", data_format))
        with tasks.no_gradient():
            args = (pairs.low[0], pairs.thumbnails[0], GainMap.uniform(10))
            results.append(tasks.correct_picture(network, *args))
    assert results[0].shape == (35, 41, 3) and results[0].dtype == np.uint8
    assert np.abs(results[0].astype(int) - results[1]).max() <= 1
    assert not np.array_equal(results[0], pairs.high[0])


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_gain_map_is_scored_by_the_levels_that_it_leads_to(data_format):
    pairs = with_known_gain()
    network = presets.build_network("gain", data_format)
    (guide, wanted) = np.moveaxis(level_pair(pairs.low[0], pairs.high[0])[1], -1, 0)
    for log_gain in (0.0, np.log(10)):
        network.head.bias.assign(np.array([log_gain], np.float32))
        scores = tasks.validate(network, pairs)
        exposed = 1 / (1 + np.exp(-(guide + log_gain)))
        assert scores["level_error"] == pytest.approx(np.abs(exposed - wanted).mean(), abs=1e-4)
        error = abs(np.log(exposed.mean() / wanted.mean()))
        assert scores["exposure_error"] == pytest.approx(error, abs=1e-4)
    assert scores["level_error"] < 0.02 and scores["exposure_error"] < 0.05


@pytest.mark.parametrize("preset", ["tiny", "gain", "mirnet_small"])
@pytest.mark.parametrize("data_format", FORMATS)
def test_a_batch_of_a_run_is_in_its_format_and_depends_on_the_step(preset, data_format):
    recipe = presets.find_recipe("smoke", preset)
    data = TrainingData([pair_set(2, size=(80, 96))], [1.0], [])
    task = tasks.task_of(presets.build_network(preset))
    made = batches.CropBatches(task, data, recipe, 3, 9, data_format)
    inputs, target = made[4]
    whole = inputs if isinstance(inputs, dict) else {"given": inputs}
    shapes = {"exposed": (64, 64, 4), "thumbnail": (64, 64, 3), "given": (64, 64, 3)}
    for key, array in whole.items():
        height, width, channels = shapes[key]
        last = data_format == "channels_last"
        wanted = (height, width, channels) if last else (channels, height, width)
        assert array.shape == (recipe.batch_size, *wanted) and array.dtype == np.float32
    assert len(target) == recipe.batch_size
    same, other = (keras.tree.flatten(made[step]) for step in (4, 5))
    first = keras.tree.flatten((inputs, target))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    followed = next(batches.batches(made, 4))
    assert all(
        np.array_equal(a, b) for a, b in zip(first, keras.tree.flatten(followed), strict=True)
    )

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs keras")
torch = pytest.importorskip("torch", reason="these samples are cut by torch")

from small_data import pair_set

from scotopic.pixels.gain_map import GainMap
from scotopic.training.device_samples import DeviceSamples
from scotopic.training.pairs import PairSet
from scotopic.training.presets import Recipe
from scotopic.training.samples import Augmentation
from scotopic.training.tasks import CorrectionTask, in_format


def sets():
    """Pairs of one size whose maps are computed, and of another whose maps are known."""
    first, second = pair_set(3), pair_set(2, size=(90, 70))
    rng = np.random.default_rng(0)
    slope, offset = rng.uniform(-0.5, 0.3, (3, 4)), rng.uniform(0, 2, (3, 4))
    maps = [GainMap(slope.astype("f"), offset.astype("f")), GainMap.uniform(3.0)]
    known = PairSet("known", second.names, second.low, second.high, gain_maps=maps)
    return [first, known]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_step_has_the_samples_that_it_has_without_a_device(data_format):
    drawn_from, shares = sets(), [0.6, 0.4]
    recipe = Recipe(batch_size=60, crop=40, augmentation=Augmentation(identity=0.3))
    samples = DeviceSamples(drawn_from, shares, recipe, 7, "cpu", data_format)
    for step in (0, 5):
        given, target = samples.cut(*map(torch.from_numpy, samples.drawn(step)))
        inputs, wanted = CorrectionTask().batch(drawn_from, shares, recipe, (7, step))
        assert np.array_equal(target, in_format(wanted, data_format))
        assert np.array_equal(given["thumbnail"], in_format(inputs["thumbnail"], data_format))
        assert (
            np.abs(given["exposed"].numpy() - in_format(inputs["exposed"], data_format)).max()
            < 1e-5
        )
        assert target.dtype == torch.float32 and given["exposed"].is_contiguous()


def test_steps_differ():
    samples = DeviceSamples(sets(), [0.5, 0.5], Recipe(batch_size=4, crop=8), 7, "cpu")
    first, again, other = (samples.drawn(step)[0] for step in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)

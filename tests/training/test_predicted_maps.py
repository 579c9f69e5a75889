import json

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from network_checks import random_weights
from small_data import pair_set

from scotopic.errors import InvalidValueError, MissingFileError
from scotopic.pixels import contrast
from scotopic.pixels.exposure import exposure_of, gain_for
from scotopic.pixels.thumbnail import thumbnail
from scotopic.training import checkpoints, presets
from scotopic.training.predicted_maps import load_gain_network, use_predicted_maps


@pytest.fixture
def run(tmp_path):
    """A folder that is made a run of a preset without training."""

    def finished(preset):
        network = presets.build_network(preset)
        record = {"preset": preset, "data": {"training": []}}
        (tmp_path / checkpoints.RECORD).write_text(json.dumps(record))
        checkpoints.save_weights(random_weights(network), tmp_path / checkpoints.WEIGHTS)
        return tmp_path, network

    return finished


def test_the_network_of_a_run_is_loaded(run):
    folder, wanted = run("gain")
    for data_format in ("channels_last", "channels_first"):
        given = load_gain_network(folder, data_format)
        assert given.data_format == data_format
        for one, other in zip(given.weights, wanted.weights, strict=True):
            assert np.array_equal(*map(keras.ops.convert_to_numpy, (one, other)))


def test_a_run_of_another_network_is_refused(run, tmp_path):
    with pytest.raises(MissingFileError, match="no finished run"):
        load_gain_network(tmp_path)
    with pytest.raises(InvalidValueError, match="not a run of a network that predicts gain maps"):
        load_gain_network(run("tiny")[0])


def test_predicted_maps_reach_the_level_of_the_reference():
    pairs, random = pair_set(2), random_weights(presets.build_network("gain"))
    random.head.kernel.assign(0.2 * random.head.kernel)
    before = [pairs.map_of(index)[0] for index in range(2)]
    use_predicted_maps(pairs, random)
    for index, thumb in enumerate(pairs.thumbnails):
        gains, log_gain = pairs.map_of(index)
        level = exposure_of(thumbnail(pairs.high[index]))
        assert exposure_of(thumb, np.exp(gains.log_gain(thumb))) == pytest.approx(level, abs=1e-4)
        assert log_gain == pytest.approx(np.log(gain_for(thumb, level)), abs=1e-6)
        assert np.ptp(gains.offset) > 0.1 < np.abs(gains.offset - before[index].offset).max()


def test_a_map_predicted_flat_is_the_one_gain(monkeypatch):
    monkeypatch.setattr(contrast, "LIFTED", 0.0)
    monkeypatch.setattr(contrast, "NIGHT", 0.0)
    pairs, network = pair_set(1), presets.build_network("gain")
    network.head.bias.assign(np.array([1.0], np.float32))
    use_predicted_maps(pairs, network)
    gains, log_gain = pairs.map_of(0)
    assert np.abs(gains.log_gain(pairs.thumbnails[0]) - log_gain).max() < 1e-4

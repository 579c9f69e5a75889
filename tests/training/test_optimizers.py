import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs keras")

import keras
from keras import ops

from scotopic.training import presets
from scotopic.training.optimizers import ConvolutionMuon


def step(optimizer, value, gradient):
    variable = keras.Variable(value)
    optimizer.build([variable])
    optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
    return keras.ops.convert_to_numpy(variable.value) - value


def drawn(*shape):
    return np.random.default_rng(sum(shape)).normal(0, 1, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(24, 8), (8, 24)])
def test_a_matrix_takes_the_step_of_keras_own_muon(shape):
    start, gradient = np.zeros(shape, np.float32), drawn(*shape)
    options = {"learning_rate": 0.01, "weight_decay": None}
    wanted = step(keras.optimizers.Muon(**options), start, gradient)
    given = step(ConvolutionMuon(**options), start, gradient)
    assert np.abs(wanted).max() > 1e-3
    assert given == pytest.approx(wanted, abs=1e-5)


def test_a_kernel_takes_a_step_that_is_orthogonal_and_of_adams_size():
    change = step(
        ConvolutionMuon(1.0, weight_decay=None), np.zeros((3, 3, 16, 8)), drawn(3, 3, 16, 8)
    )
    values = np.linalg.svd(change.reshape(-1, 8), compute_uv=False)
    assert values.max() / values.min() < 2
    assert np.sqrt((change**2).mean()) == pytest.approx(0.2, rel=0.2)


@pytest.mark.parametrize("options", [{}, {"exclude_layers": ["."]}])
def test_vectors_and_excluded_layers_take_the_step_of_adam(options):
    gradient = drawn(5) if not options else drawn(5, 4)
    change = step(ConvolutionMuon(0.01, **options), np.zeros_like(gradient), gradient)
    assert change == pytest.approx(-0.01 * np.sign(gradient), rel=1e-3)


@pytest.mark.parametrize(("steps", "wanted"), [(None, 0.99), (10_000, 0.999), (500, 0.99), (1, 0)])
def test_the_average_outlives_the_start_of_a_short_run(steps, wanted):
    assert presets.optimizer(presets.Recipe(), steps).ema_momentum == pytest.approx(wanted)

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")
torch = pytest.importorskip("torch", reason="these steps are taken by torch")

from small_data import pair_set
from torch.utils._python_dispatch import TorchDispatchMode

from scotopic.training import presets, steps
from scotopic.training.device_samples import DeviceSamples
from scotopic.training.loop import compiled
from scotopic.training.recorded_steps import RecordedSteps
from scotopic.training.training_data import TrainingData

RECIPE = presets.Recipe(batch_size=2, crop=32)
DATA = TrainingData([pair_set()], [1.0], [])

if keras.backend.backend() != "torch":
    pytest.skip("these steps are taken by torch", allow_module_level=True)


def network():
    keras.utils.set_random_seed(0)
    return compiled(presets.build_network("tiny", "channels_last"), RECIPE, 1000)


def recorded(trained):
    """Steps whose operations are started one by one, since no graph is recorded on a CPU."""
    samples = DeviceSamples(DATA.sets, DATA.shares, RECIPE, 5, "cpu", "channels_last")
    return RecordedSteps(trained, samples, record=False)


def values_of(trained):
    """Weights, the state of the optimizer, and averaged weights."""
    variables = [*trained.trainable_variables, *trained.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def test_recorded_steps_are_those_of_keras():
    results, states = [], []
    for make in (lambda one: steps.KerasSteps(one, DATA, RECIPE, 5), recorded):
        trained = network()
        taker = make(trained)
        first = values_of(trained)
        told = [taker(batch) for batch in taker.batches(3, 6)]
        results.append([(one["loss"], one["psnr"]) for one in told])
        states.append(values_of(trained))
        changed = [np.abs(a - b).max() > 0 for a, b in zip(first, states[-1], strict=True)]
        assert sum(changed) > 0.9 * len(changed)
    assert np.array(results[0]) == pytest.approx(np.array(results[1]), rel=1e-5)
    for wanted, given in zip(*states, strict=True):
        assert given == pytest.approx(wanted, abs=1e-5)


class Copies(TorchDispatchMode):
    """Notes the operations that copy from the host to a device, or read a number back."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if any(name in str(operation) for name in ("lift_fresh", "_local_scalar_dense")):
            self.seen.append(str(operation))
        return operation(*args, **(kwargs or {}))


def test_a_step_to_record_copies_nothing_from_the_host_and_reads_nothing_back():
    taker = recorded(network())
    taker(next(taker.batches(0, 1)))
    with Copies() as copies:
        taker._step()
    assert not copies.seen
    with Copies() as copies:
        torch.tensor(1.0).item()
    assert len(copies.seen) == 2, "the test sees what it looks for"


def test_without_a_graphics_processor_keras_trains():
    if presets.on_graphics_processor():
        pytest.skip("there is a graphics processor")
    assert isinstance(steps.steps_of(network(), DATA, RECIPE, 0), steps.KerasSteps)

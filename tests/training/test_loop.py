import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import small_data
from click.testing import CliRunner
from PIL import Image

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.commands.train import train as train_command_line
from scotopic.errors import InvalidValueError, MissingFileError, TargetExistsError
from scotopic.pixels.exposure import expose
from scotopic.training import checkpoints, loop, presets, schedule, tasks
from scotopic.training.pairs import PairSet
from scotopic.training.training_data import TrainingData

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small_data.make(tmp_path_factory.mktemp("data"))


def numbers(backend, data):
    environment = {**os.environ, **small_data.QUICK_XLA, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["KERAS_BACKEND"] = backend
    command = [sys.executable, TESTS / "backend_numbers.py", data]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def numbers_of_torch(data):
    return numbers("torch", data)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_backends_agree(data, request, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    given = numbers(backend, data)
    for key, value in request.getfixturevalue("numbers_of_torch").items():
        assert np.abs(np.array(value) - np.array(given[key])).max() < 1e-4, key


def train_command(data, run, *more):
    command = [sys.executable, "-m", "scotopic", "train", "--preset", "tiny"]
    command += ["--recipe", "smoke", "--data", data, "--epochs", "6", "-o", run, *more]
    return [str(part) for part in command]


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_weights(data, tmp_path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    whole, broken = train_command(data, alone), train_command(data, killed)
    subprocess.run(whole, check=True, capture_output=True)
    with subprocess.Popen(broken, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while not (killed / checkpoints.CHECKPOINT).exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
    assert not (killed / checkpoints.WEIGHTS).exists(), "the run ended before it was killed"
    refused = subprocess.run(broken, capture_output=True, check=False)
    assert refused.returncode == 1 and b"--resume" in refused.stderr
    subprocess.run([*broken, "--resume"], check=True, capture_output=True)
    with (
        np.load(alone / checkpoints.WEIGHTS) as first,
        np.load(killed / checkpoints.WEIGHTS) as second,
    ):
        assert sorted(first) == sorted(second)
        assert all(np.array_equal(first[key], second[key]) for key in first)
    logs = [
        [json.loads(line)["loss"] for line in (run / checkpoints.LOG).read_text().splitlines()]
        for run in (alone, killed)
    ]
    assert logs[0] == logs[1] and len(logs[0]) == 6


STEPS_TOLD = """
import sys
from pathlib import Path
from scotopic.training import loop, presets, schedule, training_data
data, run, told = map(Path, sys.argv[1:])
recipe = presets.find_recipe("smoke", "mirnet_small")
presets.NETWORKS["mirnet_small"]["settings"] = {"channels": 8, "groups": 1, "blocks": 1, "stem": 2}
prepared = training_data.load_training_data([data], recipe, 0)
with told.open("a") as file:
    def report(entry):
        print(entry["step"], file=file, flush=True)
    whole = loop.Run("mirnet_small", recipe, schedule.Budget(steps=30), prepared)
    loop.train(whole, run, resume=True, report=report)
"""


@pytest.mark.slow
def test_three_kills_at_random_moments_lose_at_most_a_checkpoint_interval(data, tmp_path):
    run, told = tmp_path / "run", tmp_path / "steps"
    command = [sys.executable, "-c", STEPS_TOLD, data, run, told]
    environment = {**os.environ, "KERAS_BACKEND": "torch"}

    def steps():
        return [int(line) for line in told.read_text().splitlines()] if told.exists() else []

    rng, interval = np.random.default_rng(), 5
    for part in range(3):
        enough = len(steps()) + int(rng.integers(1, 9))
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 120
            while len(steps()) < enough and time.monotonic() < deadline:
                time.sleep(0.002)
            process.kill()
        resumed, reached = steps(), max(steps())
        assert part == 0 or resumed[0] - resumed[1] < interval
        assert reached < 30, f"part {part} ended before it was killed"
        assert not (run / checkpoints.WEIGHTS).exists()
        told.write_text(f"{reached}\n")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    reached, first, *_ = steps()
    assert reached - first < interval and steps()[-1] == 30
    log = [json.loads(line)["step"] for line in (run / checkpoints.LOG).read_text().splitlines()]
    assert log == [5, 10, 15, 20, 25, 30]


def made(names, seed):
    """Pairs whose reference is brighter and has more colour than the dark picture."""
    rng = np.random.default_rng(seed)
    low, high = [], []
    for _ in names:
        coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        smooth = Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC)
        reference = np.asarray(smooth) / 255 * np.array([0.45, 0.35, 0.25])
        pale = (reference + reference.mean(-1, keepdims=True)) / 2
        high.append(np.rint(reference * 255).astype(np.uint8))
        low.append(np.rint(expose(pale, 0.2) * 255).astype(np.uint8))
    return PairSet("made", list(names), low, high)


@pytest.fixture(scope="module")
def in_memory():
    return TrainingData([made("abcd", 0)], [1.0], [made("ef", 1)])


def a_run(data, steps, **changed):
    recipe = presets.Recipe(batch_size=4, crop=48, simulated=0, steps_per_epoch=steps)
    options = {"preset": "tiny", "budget": schedule.Budget(steps=steps), **changed}
    return loop.Run(recipe=recipe, data=data, **options)


def test_training_improves_on_held_out_pictures(in_memory, tmp_path):
    run = a_run(in_memory, 24)
    untrained = tasks.validate(presets.build_network(run.preset), in_memory.validation[0])
    network = loop.train(run, tmp_path)
    trained = tasks.validate(network, in_memory.validation[0])
    assert trained["psnr"] > untrained["psnr"] + 1
    (entry,) = map(json.loads, (tmp_path / checkpoints.LOG).read_text().splitlines())
    assert entry["validation"]["made"] == pytest.approx(trained, rel=1e-6)
    again = presets.build_network(run.preset, network.data_format)
    checkpoints.load_weights(again, tmp_path / checkpoints.WEIGHTS)
    assert tasks.validate(again, in_memory.validation[0]) == trained


def test_training_predicts_the_gain_better_on_held_out_pictures(in_memory, tmp_path):
    recipe = dataclasses.replace(
        presets.find_recipe("smoke", "gain"), learning_rate=3e-3, steps_per_epoch=12
    )
    run = loop.Run("gain", recipe, schedule.Budget(steps=24), in_memory)
    loop.train(run, tmp_path)
    entries = [json.loads(line) for line in (tmp_path / checkpoints.LOG).read_text().splitlines()]
    untrained = tasks.validate(presets.build_network("gain"), in_memory.validation[0])
    errors = [entry["validation"]["made"]["level_error"] for entry in entries]
    assert errors[1] < 0.6 * untrained["level_error"]
    assert [entry["step"] for entry in entries] == [12, 24]
    assert 0 < entries[1]["level_error"] < 0.5, "the metric of the training is logged too"
    assert (tmp_path / "curves.png").exists()


@pytest.mark.parametrize("preset", ["tiny", "gain"])
def test_a_run_that_stops_between_epochs_goes_on_as_if_it_had_not(in_memory, tmp_path, preset):
    recipe = dataclasses.replace(presets.find_recipe("smoke", preset), crop=48, steps_per_epoch=2)
    run = loop.Run(preset, recipe, schedule.Budget(steps=3), in_memory)

    def stop(entry):
        if entry["step"] == 3:
            raise KeyboardInterrupt

    alone = loop.train(run, tmp_path / "alone")
    with pytest.raises(KeyboardInterrupt):
        loop.train(run, tmp_path / "stopped", report=stop)
    stopped = loop.train(run, tmp_path / "stopped", resume=True)
    for one, other in zip(alone.variables, stopped.variables, strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))
    logs = [
        [
            json.loads(line)["validation"]
            for line in (folder / checkpoints.LOG).read_text().splitlines()
        ]
        for folder in (tmp_path / "alone", tmp_path / "stopped")
    ]
    assert logs[0] == logs[1] and len(logs[0]) == 2


def test_a_run_leaves_its_record_and_no_temporary_files(in_memory, tmp_path):
    steps = []
    loop.train(a_run(in_memory, 2, seed=3), tmp_path, report=steps.append)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint.npz",
        "curves.png",
        "log.jsonl",
        "record.json",
        "weights.npz",
    ]
    record = checkpoints.finished_run(tmp_path)
    assert record["seed"] == 3 and record["data"]["training"][0]["pairs"] == 4
    assert record["data"]["validation"][0]["names"] == ["e", "f"]
    assert [entry["step"] for entry in steps] == [1, 2, 2]


def test_a_run_that_is_stopped_keeps_its_events(in_memory, tmp_path, monkeypatch):
    closed = []

    class Writer:
        def __init__(self, *_, **__):
            pass

        def close(self):
            closed.append(True)

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "event_writer", lambda: Writer)
    with pytest.raises(KeyboardInterrupt):
        loop.train(a_run(in_memory, 2), tmp_path, tensorboard=True, report=stop)
    assert closed == [True]


def test_a_run_starts_from_the_weights_of_another(in_memory, tmp_path):
    first = loop.train(a_run(in_memory, 1), tmp_path / "first")
    start = checkpoints.load_weights(
        presets.build_network(first.name), tmp_path / "first" / checkpoints.WEIGHTS
    )
    run = a_run(in_memory, 1, seed=9, start=tmp_path / "first")
    second = loop.train(run, tmp_path / "second")
    # The learning rate of the first step is 0, so that the weights stay.
    for one, other in zip(start.variables, second.variables, strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)), (
            one.path
        )
    record = checkpoints.finished_run(tmp_path / "second")
    assert record["start"] == checkpoints.finished_run(tmp_path / "first")
    with pytest.raises(InvalidValueError, match="a run of tiny, not of other"):
        checkpoints.load_start(keras.Sequential(name="other"), tmp_path / "first")
    with pytest.raises(MissingFileError, match="no finished run"):
        checkpoints.load_start(first, tmp_path)


def test_a_folder_with_a_run_is_only_used_to_resume_the_same_run(in_memory, tmp_path):
    run = a_run(in_memory, 1)
    loop.train(run, tmp_path)
    with pytest.raises(TargetExistsError, match="holds a run already"):
        loop.train(run, tmp_path)
    with pytest.raises(InvalidValueError, match="cannot resume, since these changed: seed"):
        loop.train(a_run(in_memory, 1, seed=1), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--epochs", "1", "--minutes", "1"], 2, "give either --epochs or --minutes"),
        ([], 2, "give either --epochs or --minutes"),
        (["--epochs", "1", "--preset", "x"], 2, "no preset 'x'; the presets are standard,"),
        (["--epochs", "1", "--recipe", "x"], 2, "its recipes are default, large, refine, smoke"),
        (["--epochs", "1"], 1, "nowhere: no folder our485 or train"),
    ],
)
def test_a_wrong_call_and_a_missing_folder_have_different_exit_codes(
    tmp_path, options, code, message
):
    command = ["--data", str(tmp_path / "nowhere"), "-o", str(tmp_path / "run"), *options]
    done = CliRunner().invoke(train_command_line, command)
    assert done.exit_code == code and message in done.stderr
    assert not (tmp_path / "run").exists()


def test_learning_rate_warms_up_and_ends_at_zero():
    recipe = presets.Recipe(learning_rate=1.0, warm_up=0.1)
    rates = [schedule.learning_rate(recipe, used) for used in (0, 0.05, 0.1, 0.55, 1)]
    assert np.allclose(rates, [0, 0.5, 1, 0.5, 0])


def test_a_plateau_halves_the_learning_rate_as_keras_does():
    recipe = presets.find_recipe("tutorial", "mirnet_small")
    scores = [10, 11, 12, 11, 11, 11, 11, 12, 11, 11, 13, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12]
    ours = [schedule.learning_rate(recipe, 0, scores[: n + 1]) for n in range(len(scores))]
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=presets.optimizer(recipe))
    callback = keras.callbacks.ReduceLROnPlateau("psnr", factor=0.5, patience=5, mode="max")
    callback.set_model(model)
    callback.on_train_begin()
    theirs = []
    for epoch, score in enumerate(scores):
        callback.on_epoch_end(epoch, {"psnr": score})
        theirs.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
    assert np.allclose(ours, theirs) and theirs[-1] == pytest.approx(1e-4 / 8)


def test_a_budget_of_minutes_reckons_with_a_step_a_second():
    assert schedule.Budget(minutes=2).expected_steps == 120
    assert schedule.Budget(minutes=0.001).expected_steps == 1
    assert schedule.Budget(steps=7).expected_steps == 7
    assert schedule.Budget(minutes=2).used(10**6, 60) == 0.5


@pytest.mark.parametrize("budget", [{}, {"steps": 1, "minutes": 1}])
def test_a_budget_is_steps_or_minutes(budget):
    with pytest.raises(InvalidValueError, match="either a number of steps or of minutes"):
        schedule.Budget(**budget)

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

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.errors import ScotopicError
from scotopic.training import checkpoints, loop, presets, schedule, training_data

TESTS = Path(__file__).parent
BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small_data.make(tmp_path_factory.mktemp("data"))


def numbers(backend, data):
    if importlib.util.find_spec(BACKENDS[backend]) is None:
        pytest.skip(f"{backend} is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, TESTS / "backend_numbers.py", data]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_backends_agree(data, backend):
    wanted, given = numbers("torch", data), numbers(backend, data)
    for key, value in wanted.items():
        assert np.abs(np.array(value) - np.array(given[key])).max() < 1e-4, key


def train_command(data, run, *more):
    command = [sys.executable, "-m", "scotopic", "train", "--preset", "exposure_unet_tiny"]
    command += ["--recipe", "smoke", "--data", data, "--epochs", "6", "-o", run, *more]
    return [str(part) for part in command]


def test_a_killed_run_resumes_to_the_same_weights(data, tmp_path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    subprocess.run(train_command(data, alone), check=True, capture_output=True)
    with subprocess.Popen(train_command(data, killed), stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while not (killed / checkpoints.CHECKPOINT).exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
    assert not (killed / checkpoints.WEIGHTS).exists(), "the run ended before it was killed"
    refused = subprocess.run(train_command(data, killed), capture_output=True, check=False)
    assert refused.returncode == 2 and b"--resume" in refused.stderr
    subprocess.run(train_command(data, killed, "--resume"), check=True, capture_output=True)
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
    loop.train(
        "mirnet_small", prepared, recipe, schedule.Budget(steps=30), run, resume=True, report=report
    )
"""


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


def test_a_changed_recipe_does_not_resume(data, tmp_path):
    (tmp_path / checkpoints.RECORD).write_text(json.dumps({"preset": "another"}))
    done = subprocess.run(
        train_command(data, tmp_path, "--resume"), capture_output=True, check=False
    )
    assert done.returncode == 2 and b"cannot resume, changed since: preset" in done.stderr


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


@pytest.mark.parametrize("budget", [{}, {"steps": 1, "minutes": 1}])
def test_a_budget_is_steps_or_minutes(budget):
    with pytest.raises(ScotopicError, match="either"):
        schedule.Budget(**budget)


def test_training_learns(data, tmp_path):
    recipe = presets.Recipe(batch_size=4, crop=64, simulated=0, steps_per_epoch=15, held_out=0.25)
    prepared = training_data.load_training_data([data], recipe, 0)
    loop.train("exposure_unet_tiny", prepared, recipe, schedule.Budget(steps=45), tmp_path)
    entries = [json.loads(line) for line in (tmp_path / checkpoints.LOG).read_text().splitlines()]
    assert entries[-1]["loss"] < 0.8 * entries[0]["loss"]
    assert entries[-1]["validation"][data.name]["psnr"] > 0
    record = json.loads((tmp_path / checkpoints.RECORD).read_text())
    assert record["seed"] == 0 and record["data"]["training"][0]["pairs"] == 3

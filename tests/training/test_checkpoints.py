"""The files in the folder of a run, whole and damaged."""

import json
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner

keras = pytest.importorskip("keras", reason="training needs keras")

from scotopic.commands.train import export
from scotopic.errors import UnreadableError
from scotopic.training import checkpoints, loop, presets

PRESET = "tiny"
RECORD = {"preset": PRESET, "data": {"training": [{"name": "made", "pairs": 4}]}}


def npz(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def changed(path):
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda member: member.file_size)
    data = bytearray(path.read_bytes())
    data[largest.header_offset + largest.compress_size // 2] ^= 1
    path.write_bytes(data)


def single_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "other content": lambda path: path.write_bytes(b"junk"),
    "empty": lambda path: path.write_bytes(b""),
    "cut short": cut_short,
    "one changed byte": changed,
    "no archive": single_array,
    "a folder": folder,
}


@pytest.fixture(params=list(DAMAGES))
def damage(request):
    return DAMAGES[request.param]


@pytest.fixture(scope="module")
def network():
    return loop.compiled(presets.build_network(PRESET), presets.Recipe())


@pytest.fixture
def run(network, tmp_path):
    """The folder of a run that needed no training."""
    (tmp_path / checkpoints.RECORD).write_text(json.dumps(RECORD))
    checkpoints.save_weights(network, tmp_path / checkpoints.WEIGHTS)
    checkpoints.save_checkpoint(
        network, checkpoints.Progress(7, 1.5), tmp_path / checkpoints.CHECKPOINT
    )
    return tmp_path


def test_whole_files_are_read(network, run):
    assert checkpoints.finished_run(run) == RECORD
    assert checkpoints.load_weights(network, run / checkpoints.WEIGHTS) is network
    found = checkpoints.load_checkpoint(network, run / checkpoints.CHECKPOINT)
    assert found == checkpoints.Progress(7, 1.5)


@pytest.mark.parametrize(
    ("name", "load"),
    [
        (checkpoints.WEIGHTS, checkpoints.load_weights),
        (checkpoints.CHECKPOINT, checkpoints.load_checkpoint),
    ],
)
def test_damaged_weights_and_checkpoints_are_refused(network, run, damage, name, load):
    damage(run / name)
    with pytest.raises(UnreadableError, match=r"no \.npz file") as caught:
        load(network, run / name)
    assert caught.value.path == str(run / name)


def test_weights_of_another_network_are_refused(network, run):
    path = run / checkpoints.WEIGHTS
    npz(path, other=np.zeros(3))
    with pytest.raises(UnreadableError, match=f"does not fit {PRESET}: .* is missing"):
        checkpoints.load_weights(network, path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "does not say how far the run was"),
        ({"step": np.zeros(2), "seconds": np.zeros(1)}, "does not say how far the run was"),
        ({"step": np.array("x"), "seconds": np.array(0.0)}, "does not say how far the run was"),
        ({"step": np.array(1), "seconds": np.array(0.0)}, "does not fit .*: variable0000"),
        (
            {"step": np.array(1), "seconds": np.array(0.0), "variable0000": np.zeros(1)},
            "does not fit .*: variable0000",
        ),
    ],
)
def test_a_checkpoint_that_lacks_something_is_refused(network, run, arrays, message):
    path = run / checkpoints.CHECKPOINT
    npz(path, **arrays)
    with pytest.raises(UnreadableError, match=message) as caught:
        checkpoints.load_checkpoint(network, path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the record is damaged"),
        ("{", "the record is damaged"),
        ("\udcff", "the record is damaged"),
        ("[1]", "the record is not a JSON object"),
        ("{}", "the record names no preset"),
        ('{"preset": 3}', "the record names no preset"),
        ('{"preset": "x"}', "does not name the training sets"),
        ('{"preset": "x", "data": [1]}', "does not name the training sets"),
        ('{"preset": "x", "data": {"training": 1}}', "does not name the training sets"),
        ('{"preset": "x", "data": {"training": [{"name": "a"}]}}', "does not name the training"),
    ],
)
def test_a_damaged_record_is_refused(run, text, message):
    path = run / checkpoints.RECORD
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UnreadableError, match=message) as caught:
        checkpoints.finished_run(run)
    assert caught.value.path == str(path)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="export needs torch")
@pytest.mark.parametrize("name", [checkpoints.WEIGHTS, checkpoints.RECORD])
def test_export_of_a_damaged_run_prints_one_line_and_exits_with_1(run, name):
    (run / name).write_bytes(b"junk")
    done = CliRunner().invoke(export, [str(run), "-o", str(run / "out.onnx")])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"scotopic: {run / name}: ")
    assert len(done.stderr.splitlines()) == 1
    assert not (run / "out.onnx").exists()

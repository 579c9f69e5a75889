import json
import shutil
from pathlib import Path

import pytest

from scotopic.commands.common import SOME_FAILED, code_of
from scotopic.errors import MissingFileError, ScotopicError, UnreadableError
from scotopic.networks import catalogue, registry
from scotopic.networks.session import Session
from scotopic.storage import sha256_of_file

SHIPPED = sorted(registry.registry())


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the shipped weights that a test may spoil."""
    copy = tmp_path / "weights"
    shutil.copytree(registry.WEIGHTS_FOLDER, copy)
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", copy)
    return copy / "standard.onnx"


def test_one_changed_byte_is_refused(copied):
    data = bytearray(copied.read_bytes())
    data[len(data) // 2] ^= 1
    copied.write_bytes(data)
    with pytest.raises(UnreadableError, match="SHA-256") as caught:
        Session()
    assert caught.value.path == str(copied)


def test_missing_weights_are_named(copied):
    copied.unlink()
    with pytest.raises(MissingFileError, match="weights missing") as caught:
        Session()
    assert caught.value.path == str(copied)


def test_described_models_are_verified(copied):
    found = {entry["name"]: entry for entry in catalogue.describe_models()}
    assert found["standard"]["bytes"] == copied.stat().st_size
    assert found["standard"]["scores"]["LOL v1 test (600x400)"]["psnr"] > 15
    assert {entry["preset"] for entry in found.values()} == set(registry.presets())
    assert found["mirnet"]["parameters"] == 31_787_419 and found["mirnet"]["file"] is None
    assert json.dumps(found)
    copied.write_bytes(b"spoiled")
    with pytest.raises(UnreadableError, match="SHA-256"):
        catalogue.describe_models()


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"spoiled")])
def test_a_damaged_installation_is_no_wrong_call(copied, spoil):
    spoil(copied)
    with pytest.raises(ScotopicError) as caught:
        registry.find_model("standard")
    assert code_of(caught.value) == SOME_FAILED
    assert caught.value.remedy == "install scotopic again"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_those_of_the_registry(name):
    entry = registry.registry()[name]
    assert sha256_of_file(registry.WEIGHTS_FOLDER / entry["file"]) == entry["sha256"]
    assert (registry.WEIGHTS_FOLDER / entry["card"]).is_file()


def test_shipped_weights_are_small():
    files = registry.WEIGHTS_FOLDER.glob("*.onnx")
    assert sum(path.stat().st_size for path in files) < 8 * 2**20


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_of_the_precision_that_their_card_says(name):
    onnx = pytest.importorskip("onnx", reason="looks into the graph")
    initializers = onnx.load(str(registry.find_model(name))).graph.initializer
    kinds = {
        onnx.numpy_helper.to_array(i).dtype.name for i in initializers if len(i.raw_data) > 999
    }
    assert kinds == {"float16"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_openvino_reads_shipped_files_and_gives_the_same_picture(name):
    pytest.importorskip("openvino", reason="compares with OpenVINO")
    import openvino_checks

    path = registry.find_model(name)
    assert not openvino_checks.initializers_named_as_inputs(path)
    assert openvino_checks.inputs_of(path) == openvino_checks.expected_inputs(path)
    for sides in ((4, 6), (9, 7)):
        assert openvino_checks.difference(path, *sides) < 1e-4

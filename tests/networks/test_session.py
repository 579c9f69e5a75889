import json
import shutil

import numpy as np
import onnxruntime
import pytest

from scotopic.errors import ScotopicError
from scotopic.networks import catalogue, registry, session
from scotopic.networks.spec import ModelSpec


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A copy of the shipped weights that a test may spoil."""
    copy = tmp_path / "weights"
    shutil.copytree(registry.WEIGHTS_FOLDER, copy)
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", copy)
    return copy / "exposure_unet.onnx"


def test_one_changed_byte_is_refused(shipped):
    data = bytearray(shipped.read_bytes())
    data[len(data) // 2] ^= 1
    shipped.write_bytes(data)
    with pytest.raises(ScotopicError, match="SHA-256"):
        session.Session()


def test_missing_weights_are_named(shipped):
    shipped.unlink()
    with pytest.raises(ScotopicError, match="weights missing"):
        session.Session()


@pytest.mark.parametrize(
    "content, word", [(b"no network", "not a network"), (b"", "not a network")]
)
def test_a_file_that_is_no_network(tmp_path, content, word):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ScotopicError, match=word):
        session.Session(str(path))


def test_unknown_names_list_the_known():
    with pytest.raises(ScotopicError, match="exposure_unet"):
        session.Session("nonesuch")
    with pytest.raises(ScotopicError, match="cpu"):
        session.Session(provider="abacus")


def test_spec_goes_into_metadata_and_back():
    spec = session.Session().spec
    assert ModelSpec.from_metadata(spec.metadata(), "x") == spec
    with pytest.raises(ScotopicError, match="lacks name"):
        ModelSpec.from_metadata({}, "x")


def test_exposure_does_not_depend_on_which_way_up_the_picture_is():
    thumb = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32) * 0.2
    network = session.Session()
    upright, turned = (network.look(t)[0] for t in (thumb, np.rot90(thumb)))
    assert abs(upright - turned) < 1e-6
    assert not np.isclose(network.glance(thumb)[0], network.glance(np.rot90(thumb))[0], atol=1e-6)


def test_described_models_are_verified(shipped):
    found = {entry["name"]: entry for entry in catalogue.describe_models()}
    assert found["exposure_unet"]["bytes"] == shipped.stat().st_size
    assert found["exposure_unet"]["scores"]["ROSE test"]["psnr"] > 15
    assert {entry["preset"] for entry in found.values()} == set(registry.presets())
    assert found["mirnet"]["parameters"] == 31_787_419 and found["mirnet"]["file"] is None
    assert json.dumps(found)
    shipped.write_bytes(b"spoiled")
    with pytest.raises(ScotopicError, match="SHA-256"):
        catalogue.describe_models()


def test_providers_are_asked_for_by_their_short_names():
    assert "CPUExecutionProvider" in onnxruntime.get_available_providers()
    session.Session(provider="CPU")


def test_a_provider_that_gives_way_to_another_is_an_error(monkeypatch):
    class GivesWay(onnxruntime.InferenceSession):
        def get_providers(self):
            return ["SlowExecutionProvider"]

    monkeypatch.setattr(onnxruntime, "InferenceSession", GivesWay)
    with pytest.raises(ScotopicError, match="provider cpu cannot be used.*--provider slow can"):
        session.Session()


def test_a_network_out_of_memory_goes_on_without_keeping_any(monkeypatch):
    loaded = session.Session()
    context = loaded.look(np.full((64, 64, 3), 0.1, np.float32))[1]
    assert context.base is None, "a view would keep the memory of the runtime alive"
    tile = np.full((1, 3, 64, 64), 0.1, np.float32)
    wanted = loaded.correct(tile, 2, context)

    class Full:
        def run(self, *_):
            raise RuntimeError("Failed to allocate memory for requested buffer of size 9")

    monkeypatch.setattr(loaded, "_session", Full())
    with pytest.raises(MemoryError):
        loaded.correct(tile, 2, context)
    assert np.abs(loaded.correct(tile, 2, context) - wanted).max() < 1e-6

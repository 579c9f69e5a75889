"""scotopic doctor."""

import json
import re
from importlib import metadata

import pytest
from click.testing import CliRunner

from scotopic import doctor, machine
from scotopic.cli import main
from scotopic.networks import openvino_runtime, registry
from scotopic.version import __version__

NOT_FOR_USERS = {"bench", "test", "dev"}


def run(*arguments):
    return CliRunner().invoke(main, ["doctor", *arguments])


@pytest.fixture
def damaged(monkeypatch, tmp_path):
    """A registry whose default model differs from what was shipped."""
    entry = {"standard": {"file": "x.onnx", "sha256": "0", "card": "x.md"}}
    (tmp_path / "x.onnx").write_bytes(b"damaged")
    (tmp_path / "registry.json").write_text(json.dumps(entry))
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", tmp_path)
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "registry.json")


def test_text_names_all_that_there_is():
    done = run()
    assert done.exit_code == 0
    for line in (
        rf"Versions: scotopic {re.escape(__version__)}, python 3\.\S+, numpy \S+, Pillow ",
        r"Execution provider: cpu \(ONNX Runtime has: .*CPUExecutionProvider",
        r"Telemetry of ONNX Runtime: off$",
        r"Threads: \d+ \(processors of this machine: \d+\)$",
        r"Memory: \d+\.\d GiB, of which \d\.\d GiB are used by default$",
        r"Model standard: verified$",
        r"Model mirnet_small_lol: verified$",
        r"Speed: \d+\.\d{3} s for a picture of 600x400 pixels$",
        r"Extra heif, for HEIC: ",
    ):
        assert re.search("^" + line, done.stdout, re.MULTILINE), line


def test_openvino_is_told_with_the_precision_that_it_computes_in_here():
    pytest.importorskip("openvino", reason="asks OpenVINO")
    found = doctor.examine()
    assert found["openvino"]["version"] == metadata.version("openvino")
    assert found["openvino"]["precision"] in ("float32", "bfloat16")
    line = r"OpenVINO: \S+ \(precision of its provider here: (float32|bfloat16)\)$"
    assert re.search(f"^{line}", doctor.as_text(found), re.MULTILINE)


def test_without_openvino_only_its_extra_is_told(monkeypatch):
    monkeypatch.setattr(openvino_runtime, "providers", tuple)
    found = doctor.examine()
    assert found["openvino"] is None
    assert "OpenVINO" not in doctor.as_text(found)


def test_json_is_one_object():
    (line,) = run("--json").stdout.splitlines()
    found = json.loads(line)
    assert found["threads"] == machine.threads() and found["memory"] > 2**28
    assert found["provider"] == "cpu" and found["seconds_600x400"] > 0
    assert found["versions"]["numpy"] == metadata.version("numpy")
    assert set(found["models"].values()) == {"verified"}


def test_a_damaged_model_is_named_and_the_exit_code_is_1(damaged):
    done = run("--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert "differ from those shipped" in found["models"]["standard"]
    assert found["provider"] is None and found["seconds_600x400"] is None
    assert run().stdout.count("differ from those shipped") == 1


def test_what_is_missing_comes_with_how_to_install_it(monkeypatch):
    packages = (("no-such-package", "numpy"), "camera RAW")
    monkeypatch.setitem(doctor.EXTRAS, "raw", packages)
    wanted = (
        "Extra raw, for camera RAW: not installed (missing: no-such-package); "
        "to install it: pip install 'scotopic[raw]'"
    )
    assert wanted in doctor.as_text(doctor.examine()).splitlines()


def test_every_extra_of_the_package_is_examined():
    tomllib = pytest.importorskip("tomllib", reason="it is part of Python 3.11")
    from places import ROOT

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {
        name: {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}
        for name, requirements in project["optional-dependencies"].items()
        if name not in NOT_FOR_USERS
    }
    assert extras == {name: set(packages) for name, (packages, _) in doctor.EXTRAS.items()}

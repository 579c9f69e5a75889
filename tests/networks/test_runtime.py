"""The runtimes as they are imported here."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest
from places import ROOT

from scotopic.errors import MissingPackageError
from scotopic.networks import onnx_runtime, openvino_runtime
from scotopic.networks.session import Session

ENHANCE = "import numpy, scotopic; scotopic.enhance(numpy.full((40, 60, 3), 9, numpy.uint8))"


def test_a_new_process_leaves_no_file_in_an_empty_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    kept = ("HOME", "XDG", "ORT_", "LOCALAPPDATA")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(kept)}
    command = [sys.executable, "-c", ENHANCE]
    subprocess.run(command, env={**clean, "HOME": str(home)}, check=True, cwd=tmp_path)
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize(("given", "wanted"), [(None, "1"), ("0", "0")])
def test_telemetry_is_off_before_the_import_unless_the_user_says_otherwise(
    monkeypatch, given, wanted
):
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    if given is not None:
        monkeypatch.setenv("ORT_DISABLE_TELEMETRY", given)
    said = []
    monkeypatch.setattr(onnx_runtime, "_was_imported", False)
    monkeypatch.setattr(
        onnx_runtime, "import_module", lambda name: said.append(os.environ["ORT_DISABLE_TELEMETRY"])
    )
    onnx_runtime.onnxruntime()
    assert said == [wanted]


TELEMETRY = "openvino_telemetry"


@pytest.fixture(params=["not imported", "imported", "hidden"])
def before(request, monkeypatch):
    """The package that OpenVINO reports by, as another part of the process has left it."""
    state = {"not imported": {}, "imported": {TELEMETRY: sys}, "hidden": {TELEMETRY: None}}
    monkeypatch.delitem(sys.modules, TELEMETRY, raising=False)
    for name, module in state[request.param].items():
        monkeypatch.setitem(sys.modules, name, module)
    return state[request.param]


def telemetry():
    return {name: module for name, module in sys.modules.items() if name == TELEMETRY}


def test_openvino_finds_no_telemetry_and_others_find_it_as_it_was(monkeypatch, before):
    seen = []
    monkeypatch.setattr(openvino_runtime, "import_module", lambda name: seen.append(telemetry()))
    openvino_runtime.openvino()
    assert seen == [{TELEMETRY: None}]
    assert telemetry() == before


def absent(name):
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize("provider", ["openvino", "openvino-f32", "OpenVINO"])
def test_without_openvino_a_line_says_how_to_get_it(monkeypatch, before, provider):
    monkeypatch.setattr(openvino_runtime, "import_module", absent)
    with pytest.raises(MissingPackageError) as caught:
        Session(provider=provider)
    assert str(caught.value) == (
        "the provider openvino needs the package openvino; pip install 'scotopic[openvino]'"
    )
    assert telemetry() == before


def test_without_openvino_its_providers_are_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert find_spec("openvino") is None
    assert openvino_runtime.providers() == ()


@pytest.mark.parametrize(
    ("package", "module"), [("onnxruntime", "onnx_runtime"), ("openvino", "openvino_runtime")]
)
def test_one_module_alone_imports_a_runtime(package, module):
    pattern = re.compile(
        rf"^\s*import {package}\b|from {package}\b.* import|import_module\(.{package}\b",
        re.MULTILINE,
    )
    found = {
        path.stem: pattern.findall(path.read_text())
        for path in (ROOT / "scotopic").rglob("*.py")
        if pattern.search(path.read_text())
    }
    assert found == {module: [f'import_module("{package}']}

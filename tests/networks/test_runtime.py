"""ONNX Runtime as it is imported here."""

import os
import re
import subprocess
import sys

import pytest
from places import ROOT

from scotopic.networks import runtime

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
    monkeypatch.setattr(
        runtime, "import_module", lambda name: said.append(os.environ["ORT_DISABLE_TELEMETRY"])
    )
    runtime.onnxruntime()
    assert said == [wanted]


def test_nothing_else_in_the_package_imports_it():
    pattern = re.compile(
        r"^\s*import onnxruntime|from onnxruntime import|import_module\(.onnxruntime", re.MULTILINE
    )
    found = {
        path.name: pattern.findall(path.read_text())
        for path in (ROOT / "scotopic").rglob("*.py")
        if pattern.search(path.read_text())
    }
    assert found == {
        "runtime.py": ['import_module("onnxruntime'],
        "session.py": ["from onnxruntime import"],  # for types alone
    }

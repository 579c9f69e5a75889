"""ONNX Runtime as it is imported here."""

import os
import re
import subprocess
import sys

import pytest
from places import ROOT

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
def test_telemetry_is_off_unless_the_user_has_said_otherwise(given, wanted):
    clean = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    if given is not None:
        clean["ORT_DISABLE_TELEMETRY"] = given
    code = (
        "from scotopic.networks.runtime import onnxruntime; onnxruntime();"
        "import os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, check=True)
    assert done.stdout.decode().strip() == wanted


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

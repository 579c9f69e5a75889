"""scotopic data: the installed command."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image
from places import COMMAND


def run(*arguments):
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, check=False)


@pytest.fixture(scope="module")
def dark():
    coarse = np.random.default_rng(0).integers(0, 50, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)


def test_data_sets_are_verified_and_split(tmp_path, dark):
    for kind in ("low", "high"):
        (tmp_path / "our485" / kind).mkdir(parents=True)
        dark.save(tmp_path / "our485" / kind / "1.png")
    assert run("data", "verify", tmp_path).returncode == 2
    (tmp_path / "eval15" / "low").mkdir(parents=True)
    (tmp_path / "eval15" / "high").mkdir()
    result = run("data", "verify", tmp_path, "--write-hashes", tmp_path / "h.json")
    assert result.returncode == 1 and b"our485/low: 1 pictures, not 485" in result.stdout
    assert len(json.loads((tmp_path / "h.json").read_text())) == 2
    again = run("data", "verify", tmp_path, "--hashes", tmp_path / "h.json")
    assert again.stdout == result.stdout
    assert run("data", "verify", tmp_path, "--set", "nonesuch").returncode == 2
    assert b"1 training pictures of 1 scenes" in run("data", "split", tmp_path).stdout
    assert run("data", "split", tmp_path).returncode == 2, "an existing file is not replaced"

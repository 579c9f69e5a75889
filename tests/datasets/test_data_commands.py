import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from scotopic.commands.data import data


@pytest.fixture
def folder(tmp_path):
    """Three training pictures, two of which show one scene, and a test picture of it."""
    rng = np.random.default_rng(0)
    first, other = rng.integers(0, 200, (2, 32, 48, 3), dtype=np.uint8)
    for part, pictures in (
        ("our485", {"1": first, "2": first + 10, "3": other}),
        ("eval15", {"7": first + 20}),
    ):
        for kind in ("low", "high"):
            (tmp_path / part / kind).mkdir(parents=True)
            for name, pixels in pictures.items():
                Image.fromarray(pixels).save(tmp_path / part / kind / f"{name}.png")
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(data, [str(argument) for argument in arguments])


def test_split_writes_the_scenes_once(folder):
    done = call("split", folder)
    assert done.exit_code == 0
    assert "3 training pictures of 2 scenes; 2 of them show a scene of the test set" in done.stdout
    found = json.loads((folder / "scenes.json").read_text())
    assert found["groups"] == [["1", "2"], ["3"]]
    again = call("split", folder)
    assert again.exit_code == 1 and "scenes.json: exists already" in again.stderr
    assert "--output" in again.stderr
    assert call("split", folder, "-o", folder / "scenes.json").exit_code == 0


def test_verify_tells_differences_and_ends_with_1(folder):
    hashes = folder / "hashes.json"
    done = call("verify", folder, "--write-hashes", hashes)
    assert done.exit_code == 1
    assert "our485/low: 3 pictures, not 485" in done.stdout
    assert "differences from LOL v1 (Wei et al., BMVC 2018)" in done.stdout
    assert len(json.loads(hashes.read_text())) == 8
    (folder / "our485" / "low" / "3.png").unlink()
    compared = call("verify", folder, "--hashes", hashes)
    assert "1 listed, but missing: our485/low/3" in compared.stdout


def test_a_wrong_call_ends_with_2_and_a_missing_folder_with_1(tmp_path):
    wrong = call("verify", tmp_path, "--set", "x")
    assert wrong.exit_code == 2 and "no data set 'x' is known" in wrong.stderr
    missing = call("verify", tmp_path)
    assert missing.exit_code == 1 and "our485/low: no such folder" in missing.stderr
    assert call("split", tmp_path / "nowhere").exit_code == 1

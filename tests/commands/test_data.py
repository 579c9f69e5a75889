"""scotopic data verify and scotopic data split."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from scotopic.cli import main


def data(*arguments):
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


@pytest.fixture
def copy(tmp_path):
    """A copy of LOL with one training pair and no test pairs."""
    coarse = np.random.default_rng(0).integers(0, 50, (6, 8, 3), dtype=np.uint8)
    dark = Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)
    for part in ("our485", "eval15"):
        for kind in ("low", "high"):
            (tmp_path / part / kind).mkdir(parents=True)
    for kind in ("low", "high"):
        dark.save(tmp_path / "our485" / kind / "1.png")
    return tmp_path


def test_verify_names_the_differences_from_what_was_published(copy):
    done = data("verify", copy)
    assert done.exit_code == 1
    assert "our485/low: 1 pictures, not 485" in done.stdout
    assert f"{copy}: " in done.stdout.splitlines()[-1]


def test_verify_writes_hashes_and_compares_with_them(copy):
    hashes = copy / "hashes.json"
    first = data("verify", copy, "--write-hashes", hashes)
    assert len(json.loads(hashes.read_text())) == 2
    assert data("verify", copy, "--hashes", hashes).stdout == first.stdout
    with Image.open(copy / "our485" / "low" / "1.png") as image:
        image.point(lambda level: level + 1).save(copy / "our485" / "low" / "1.png")
    assert data("verify", copy, "--hashes", hashes).stdout.count("\n") > first.stdout.count("\n")


def test_verify_exits_with_1_without_a_folder_and_with_2_for_an_unknown_set(tmp_path, copy):
    assert data("verify", tmp_path / "nowhere").exit_code == 1
    assert data("verify", copy, "--set", "nonesuch").exit_code == 2


def test_split_writes_the_scenes_once(copy):
    done = data("split", copy)
    assert done.exit_code == 0 and "1 training pictures of 1 scenes" in done.stdout
    assert json.loads((copy / "scenes.json").read_text())["groups"] == [["1"]]
    again = data("split", copy)
    assert again.exit_code == 1 and "--output" in again.stderr
    assert data("split", copy, "-o", copy / "other.json").exit_code == 0

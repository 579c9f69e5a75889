"""`scotopic enhance --json`: one object per picture, as the schema describes it."""

import copy
import json
import subprocess
from importlib import resources

import jsonschema
import numpy as np
import pytest
from PIL import Image
from places import COMMAND

SCHEMA = json.loads(resources.files("scotopic.jobs").joinpath("outcome.schema.json").read_text())
CHECK = jsonschema.Draft202012Validator(SCHEMA)


def enhance(*arguments):
    command = [COMMAND, "enhance", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """One line of each status, by status."""
    folder = tmp_path_factory.mktemp("pictures")
    dark = np.random.default_rng(0).integers(0, 50, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(dark).save(folder / "dark.jpg")
    Image.new("RGB", (64, 64), (250, 250, 250)).save(folder / "bright.png")
    (folder / "damaged.png").write_bytes(b"no picture")
    found = enhance(folder, "-o", folder.parent / "out", "--skip-bright")
    found += enhance(folder / "dark.jpg", "-o", f"{folder.parent}/out/", "--skip-bright")
    found += enhance(
        folder / "dark.jpg", "-o", folder.parent / "a.png", "--model", "mirnet_small_lol"
    )
    return found


def test_pictures_of_every_status_have_a_line_that_the_schema_describes(lines):
    statuses = [line["status"] for line in lines]
    assert statuses == ["copied", "failed", "enhanced", "skipped", "enhanced"]
    for line in lines:
        CHECK.validate(line)


def test_a_failed_picture_says_why(lines):
    (line,) = [line for line in lines if line["status"] == "failed"]
    assert line["error"]["kind"] == "UnreadableError"
    assert "damaged.png: not a picture" in line["error"]["message"]


@pytest.mark.parametrize(
    ("status", "key", "value"),
    [
        ("enhanced", "status", "done"),
        ("enhanced", "gain", None),
        ("enhanced", "error", {"kind": "a", "message": "b"}),
        ("enhanced", "unknown", 1),
        ("copied", "tiles", -1),
        ("failed", "error", None),
        ("skipped", "gain", 2.0),
    ],
)
def test_the_schema_refuses_what_is_wrong(lines, status, key, value):
    line = copy.deepcopy(next(line for line in lines if line["status"] == status))
    line[key] = value
    with pytest.raises(jsonschema.ValidationError):
        CHECK.validate(line)

"""scotopic models: the installed command."""

import json
import subprocess

from places import COMMAND


def run(*arguments):
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, check=False)


def test_models_are_listed():
    result = run("models", "--json")
    entries = {entry["name"]: entry for entry in map(json.loads, result.stdout.splitlines())}
    assert len(entries["exposure_unet"]["sha256"]) == 64
    assert entries["mirnet"]["sha256"] is None and entries["mirnet"]["parameters"] == 31_787_419
    listed = run("models").stdout
    assert b"trained on" in listed and b"mirnet  31,787,419 parameters" in listed

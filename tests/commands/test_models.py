"""scotopic models."""

import json

from click.testing import CliRunner

from scotopic.cli import main


def models(*arguments):
    done = CliRunner().invoke(main, ["models", *arguments])
    assert done.exit_code == 0
    return done.stdout


def test_json_has_a_line_for_each_model_and_each_preset():
    entries = {entry["name"]: entry for entry in map(json.loads, models("--json").splitlines())}
    assert len(entries["standard"]["sha256"]) == 64
    assert entries["mirnet"]["sha256"] is None and entries["mirnet"]["parameters"] == 31_787_419


def test_text_names_cost_training_data_and_scores():
    lines = models().splitlines()
    (first,) = (n for n, line in enumerate(lines) if line.startswith("standard: "))
    assert " parameters, " in lines[first] and " MB, licence " in lines[first]
    assert lines[first + 1].startswith("  trained on ")
    assert " dB, SSIM " in lines[first + 2]
    (mirnet,) = (line for line in lines if line.startswith("mirnet: "))
    assert mirnet.startswith("mirnet: 31,787,419 parameters")
    assert mirnet.endswith("a preset to train, without weights")

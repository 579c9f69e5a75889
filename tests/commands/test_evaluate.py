"""scotopic evaluate: options, what it prints and writes, exit codes."""

import csv
import io
import json
import subprocess

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from places import COMMAND

from scotopic.cli import main


def evaluate(*arguments):
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def pairs(tmp_path):
    """Folders ``low`` and ``high`` of two pictures each."""
    rng = np.random.default_rng(0)
    for kind in ("low", "high"):
        (tmp_path / kind).mkdir()
    for name in ("1", "2"):
        coarse = rng.integers(0, 50, (6, 8, 3), dtype=np.uint8)
        dark = Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)
        dark.save(tmp_path / "low" / f"{name}.png")
        dark.point(lambda level: 4 * level).save(tmp_path / "high" / f"{name}.png")
    return tmp_path


@pytest.fixture
def given(pairs):
    """The options that name both folders."""
    return "--inputs", pairs / "low", "--references", pairs / "high"


def test_the_installed_command_prints_a_line_per_picture_and_a_table(given):
    command = [COMMAND, "evaluate", *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second, heading, *rows = done.stdout.splitlines()
    assert first.startswith("PSNR for image 1: ") and second.startswith("PSNR for image 2: ")
    assert heading == "standard: mean of 2 pictures, with 95 % interval"
    assert rows[0].split()[:2] == ["PSNR,", "dB"]


def test_json_has_a_line_for_each_picture_and_one_for_the_method(given):
    done = evaluate(*given, "--json")
    first, second, summary = lines_of(done)
    assert done.exit_code == 0
    for line, name in ((first, "1"), (second, "2")):
        assert list(line)[:4] == ["method", "name", "status", "psnr"]
        assert (line["method"], line["name"], line["status"]) == ("standard", name, "scored")
        assert any(note.startswith("has no MS-SSIM") for note in line["notes"])
    assert list(summary) == [
        "method",
        "status",
        "pictures",
        "failed",
        "mean",
        "interval",
        "constant_exposure_error",
        "warnings",
    ]
    assert (summary["status"], summary["pictures"], summary["failed"]) == ("summary", 2, 0)
    assert summary["mean"]["psnr"] == pytest.approx((first["psnr"] + second["psnr"]) / 2)
    low, high = summary["interval"]["psnr"]
    assert low <= summary["mean"]["psnr"] <= high
    assert summary["constant_exposure_error"] >= 0


def test_json_has_a_line_for_a_failed_picture(pairs, given):
    (pairs / "low" / "2.png").write_bytes(b"no picture")
    done = evaluate(*given, "--json")
    scored, failed, summary = lines_of(done)
    assert done.exit_code == 1
    assert (scored["name"], scored["status"]) == ("1", "scored")
    assert list(failed) == ["method", "name", "status", "error"]
    assert (failed["method"], failed["name"], failed["status"]) == ("standard", "2", "failed")
    assert failed["error"]["message"].startswith(str(pairs / "low" / "2.png"))
    assert failed["error"]["message"] in done.stderr
    assert (summary["pictures"], summary["failed"]) == (1, 1)


def test_json_has_lines_for_pictures_even_if_all_fail(pairs, given):
    for name in ("1", "2"):
        (pairs / "low" / f"{name}.png").write_bytes(b"no picture")
    done = evaluate(*given, "--json")
    assert done.exit_code == 1
    assert [line["status"] for line in lines_of(done)] == ["failed", "failed", "summary"]


def test_json_has_a_line_for_each_comparison_with_the_first_method(pairs):
    (pairs / "half").mkdir()
    Image.open(pairs / "low" / "1.png").save(pairs / "half" / "1.png")
    results = ("--results", pairs / "high", "--results", pairs / "low", "--results", pairs / "half")
    done = evaluate(*results, "--references", pairs / "low", "--json")
    *_, first, second = lines_of(done)
    for line, method, pictures in ((first, "low", 2), (second, "half", 1)):
        assert list(line) == ["method", "status", "against", "pictures", "mean", "interval"]
        assert line["status"] == "difference" and line["pictures"] == pictures
        assert (line["method"], line["against"]) == (str(pairs / method), str(pairs / "high"))
        assert line["mean"]["mae"] < 0


def test_methods_are_compared_for_people(pairs):
    results = ("--results", pairs / "low", "--results", pairs / "high")
    done = evaluate(*results, "--references", pairs / "high")
    assert done.exit_code == 0
    assert f"{pairs / 'high'} minus {pairs / 'low'}: mean difference" in done.stdout
    assert f"{pairs / 'high'}: each picture: is identical to its reference" in done.stderr


def test_csv_goes_to_standard_output_alone(given):
    done = evaluate(*given, "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["method"], row["name"]) for row in rows] == [
        ("standard", "1"),
        ("standard", "2"),
    ]


def test_csv_and_json_hold_the_same_scores(pairs, given):
    done = evaluate(*given, "--json", "--csv", pairs / "scores.csv")
    with (pairs / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for line, row in zip(lines_of(done), rows, strict=False):
        assert float(row["psnr"]) == line["psnr"] and float(row["loe"]) == line["loe"]


def test_results_a_sheet_and_a_report_are_written(pairs, given):
    files = ("--save", pairs / "out", "--sheet", pairs / "sheet.png", "--html", pairs / "r.html")
    done = evaluate(*given, *files, "--model", "mirnet_small_lol", "--trained-on", pairs / "high")
    assert done.exit_code == 0 and "in the training set" in done.stderr
    assert sorted(path.name for path in (pairs / "out").iterdir()) == ["1.png", "2.png"]
    with Image.open(pairs / "sheet.png") as sheet:
        assert sheet.width == 4 * (240 + 4) + 4 and sheet.height > 2 * 180
    assert "in the training set" in (pairs / "r.html").read_text()


def test_what_fails_is_named_and_the_rest_is_scored(pairs):
    (pairs / "low" / "2.png").write_bytes(b"no picture")
    Image.new("RGB", (8, 8)).save(pairs / "low" / "3.png")
    done = evaluate("--results", pairs / "low", "--references", pairs / "high")
    assert done.exit_code == 1
    assert "PSNR for image 1:" in done.stdout and "mean of 1 picture," in done.stdout
    assert "low/2.png" in done.stderr and "3.png: no picture of this name in" in done.stderr


def test_where_nothing_can_be_scored_only_errors_are_printed(pairs, given):
    for name in ("1", "2"):
        (pairs / "low" / f"{name}.png").write_bytes(b"no picture")
    done = evaluate(*given)
    assert done.exit_code == 1 and done.stdout == ""
    first, second = done.stderr.splitlines()
    assert "low/1.png" in first and "low/2.png" in second


def test_references_are_not_needed(pairs):
    done = evaluate("--results", pairs / "low", "--inputs", pairs / "high")
    assert done.exit_code == 0 and "LOE" in done.stdout and "PSNR" not in done.stdout


def test_memory_and_provider_are_those_of_enhance(given):
    assert evaluate(*given, "--memory", "1GiB", "--provider", "cpu").exit_code == 0
    wrong = evaluate(*given, "--provider", "nonesuch")
    assert wrong.exit_code == 2 and "nonesuch" in wrong.stderr
    assert evaluate(*given, "--memory", "much").exit_code == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give --inputs to evaluate a model, or --results"),
        (("--references", "high"), "give --inputs"),
        (("--results", "low", "--model", "mirnet_small_lol"), "--model: only for a model"),
        (
            ("--results", "low", "--exposure-from", "automatic", "--save", "out"),
            "--exposure-from, --save: only for a model",
        ),
        (("--inputs", "low", "--sheet", "sheet.png"), "a contact sheet needs"),
        (("--inputs", "low", "--json", "--csv", "-"), "--json and --csv - cannot both"),
    ],
)
def test_wrong_calls_exit_with_2_and_a_line(pairs, monkeypatch, options, message):
    monkeypatch.chdir(pairs)
    done = evaluate(*options)
    assert done.exit_code == 2 and message in done.stderr
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_a_missing_folder_exits_with_1(pairs):
    done = evaluate("--inputs", pairs / "nowhere")
    assert done.exit_code == 1
    assert done.stderr == f"scotopic: {pairs / 'nowhere'}: no such folder\n"


@pytest.mark.slow
@pytest.mark.parametrize("model", ["standard", "mirnet_small_lol"])
def test_the_report_of_a_shipped_network_is_built(given, tmp_path, model):
    report = tmp_path / "report.html"
    done = evaluate(*given, "--model", model, "--html", report, "--json")
    assert done.exit_code == 0
    page = report.read_text(encoding="utf-8")
    content = json.loads(
        page.split('<script id="data" type="application/json">')[1].split("</script>")[0]
    )
    assert list(content["methods"]) == [model]
    pictures = content["methods"][model]["pictures"]
    assert [picture["name"] for picture in pictures] == ["1", "2"]
    assert content["methods"][model]["gallery"][0]["views"].keys() >= {
        "input",
        "result",
        "reference",
    }

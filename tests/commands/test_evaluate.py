"""scotopic evaluate: the installed command."""

import json
import os
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


@pytest.fixture
def judged(tmp_path, dark):
    for kind, picture in (("low", dark), ("high", dark.point(lambda v: 4 * v))):
        (tmp_path / kind).mkdir()
        for name in ("1", "2"):
            picture.save(tmp_path / kind / f"{name}.png")
    return tmp_path


def test_evaluate_writes_scores(judged):
    folders = ("--inputs", judged / "low", "--references", judged / "high")
    result = run("evaluate", *folders, "--json", judged / "s.json", "--csv", "-")
    assert result.returncode == 0, result.stderr
    scores = json.loads((judged / "s.json").read_text())
    assert scores["methods"]["exposure_unet"]["pictures"][0]["name"] == "1"
    assert result.stdout.decode().splitlines()[0].startswith("method,name,psnr,ssim")
    assert b"PSNR for image 1:" in run("evaluate", *folders).stdout
    assert run("evaluate", "--references", judged).returncode == 2
    both = ("--results", judged / "low", "--results", judged / "high")
    compared = run("evaluate", *both, "--references", judged / "high")
    assert (
        f"{judged / 'high'} less {judged / 'low'}, picture by picture" in compared.stdout.decode()
    )
    assert b"each picture: is identical to its reference" in compared.stderr


def test_evaluate_leaves_a_sheet_and_a_report(judged):
    folders = ("--inputs", judged / "low", "--references", judged / "high")
    more = ("--save", judged / "out", "--sheet", judged / "sheet.png", "--html", judged / "r.html")
    seen = ("--training", judged / "high")
    result = run("evaluate", "--model", "mirnet_small_lol", *folders, *more, *seen)
    assert result.returncode == 0, result.stderr
    assert b"in the training set" in result.stderr
    assert sorted(os.listdir(judged / "out")) == ["1.png", "2.png"]
    with Image.open(judged / "sheet.png") as sheet:
        assert sheet.width > 900
    assert "in the training set" in (judged / "r.html").read_text()


def test_evaluate_names_what_fails_and_judges_the_rest(judged):
    (judged / "low" / "2.png").write_bytes(b"no picture")
    Image.new("RGB", (8, 8)).save(judged / "low" / "3.png")
    result = run("evaluate", "--results", judged / "low", "--references", judged / "high")
    assert result.returncode == 1
    assert b"PSNR for image 1:" in result.stdout and b"mean of 1" in result.stdout
    assert b"low/2.png" in result.stderr and b"3.png: without a partner" in result.stderr


def test_evaluate_without_references(judged):
    result = run("evaluate", "--results", judged / "low", "--inputs", judged / "high")
    assert result.returncode == 0 and b"LOE" in result.stdout and b"PSNR" not in result.stdout
    assert run("evaluate", "--inputs", judged / "low", "--sheet", judged / "s").returncode == 2

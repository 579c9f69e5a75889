import json

import pytest
from PIL import Image

pytest.importorskip("keras", reason="training needs keras")

from scotopic.errors import MissingPackageError
from scotopic.training import run_log


def entry(step, psnr, validation=None):
    held = {"made": {"psnr": validation}} if validation is not None else {}
    return {"step": step, "loss": 1 / step, "psnr": psnr, "learning_rate": 1, "validation": held}


def test_entries_are_kept_and_drawn(tmp_path):
    made = run_log.RunLog(tmp_path)
    for step in (5, 10):
        made.add(entry(step, step, 2 * step))
    with Image.open(tmp_path / run_log.CURVES) as curves:
        assert curves.size == (1000, 400)
        assert len(curves.convert("RGB").getcolors(2**20)) > 20
    assert run_log.RunLog(tmp_path).history() == [10, 20]
    run_log.forget_after(5, tmp_path / run_log.LOG)
    assert [
        json.loads(line)["step"] for line in (tmp_path / run_log.LOG).read_text().splitlines()
    ] == [5]


def test_without_validation_the_training_score_is_watched(tmp_path):
    made = run_log.RunLog(tmp_path)
    made.add(entry(5, 17))
    assert made.history() == [17]


def test_a_network_without_psnr_is_watched_by_its_error_of_levels(tmp_path):
    made = run_log.RunLog(tmp_path)
    for step, error in ((5, 0.3), (10, 0.1)):
        held = {"made": {"level_error": error, "exposure_error": 1}}
        numbers = {"loss": 1 / step, "level_error": 2 * error, "learning_rate": 1}
        made.add({"step": step, **numbers, "validation": held})
    assert made.history() == [-0.3, -0.1], "a higher score is better"
    assert run_log.flat(made.entries[0])["training/level_error"] == 0.6
    assert (tmp_path / run_log.CURVES).stat().st_size > 5000
    run_log.forget_after(5, tmp_path / run_log.LOG)
    assert [one["step"] for one in run_log.RunLog(tmp_path).entries] == [5]


def test_damaged_lines_are_skipped(tmp_path):
    run_log.RunLog(tmp_path).add(entry(5, 17))
    log = tmp_path / run_log.LOG
    log.write_bytes(log.read_bytes() + b'{"step": 5, "lo\n[1]\n{}\n\xff\x00\n')
    run_log.RunLog(tmp_path).add(entry(10, 18))
    assert run_log.RunLog(tmp_path).history() == [17, 18]
    run_log.forget_after(5, log)
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [5]


def test_events_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    made = run_log.RunLog(tmp_path, run_log.event_writer())
    made.add(entry(5, 17, 16))
    made.close()
    (events,) = (tmp_path / run_log.TENSORBOARD).iterdir()
    assert b"made/psnr" in events.read_bytes() and b"training/loss" in events.read_bytes()


def test_tensorboard_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(MissingPackageError, match="pip install tensorboardX"):
        run_log.event_writer()

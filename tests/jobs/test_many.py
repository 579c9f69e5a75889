"""Several pictures at once."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scotopic import machine
from scotopic.enhancer import Enhancer
from scotopic.errors import TooLargeError
from scotopic.jobs import many, one
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.record import NAME, Record
from scotopic.jobs.settings import Placement, Settings


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for index in range(9):
        coarse = Image.fromarray(rng.integers(0, 50, (6, 8, 3), dtype=np.uint8))
        side = 300 if index == 2 else 40
        path = tmp_path / "in" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        coarse.resize((side, side), Image.Resampling.BICUBIC).save(path)
    (tmp_path / "in" / "5.png").write_bytes(b"no picture")
    return tmp_path


def run(folder, name, at_once, **options):
    settings = Settings(placement=Placement.at(folder / name))
    jobs = plan_jobs([folder / "in"], settings)
    enhancer = options.pop("enhancer", None) or Enhancer()
    return list(many.run_all(enhancer, jobs, settings, Record(folder / name), at_once))


def failed(outcomes):
    return [outcome for outcome in outcomes if outcome.status == "failed"]


def test_several_at_once_make_the_same_as_one_after_the_other(folder):
    alone, together = run(folder, "alone", 1), run(folder, "together", 3)
    for told in (alone, together):
        names = [f"{folder / 'in' / str(index)}.png" for index in range(9)]
        assert [outcome.source for outcome in told] == names
        (bad,) = failed(told)
        assert "5.png: not a picture" in str(bad.error)
    for first, second in zip(alone, together, strict=True):
        if first.status != "failed":
            assert first.target.read_bytes() == second.target.read_bytes()
    again = run(folder, "together", 3)
    assert [outcome.status for outcome in again].count("skipped") == 8


def test_a_picture_too_large_for_its_share_gets_all_the_memory_once_it_is_alone(
    folder, monkeypatch
):
    usual, working, most = many.run_job, [], []

    def counted(enhancer, job, settings, record):
        working.append(job)
        most.append((job.source.name, enhancer.memory, len(working)))
        try:
            return usual(enhancer, job, settings, record)
        finally:
            working.remove(job)

    monkeypatch.setattr(many, "run_job", counted)
    monkeypatch.setattr(machine, "PROCESS_BYTES", 0)
    whole = 2 * 8 * 300 * 300
    told = run(folder, "out", 3, enhancer=Enhancer(memory=whole))
    assert [outcome.source for outcome in failed(told)] == [str(folder / "in" / "5.png")]
    assert [entry[2] for entry in most if entry[1] == whole] == [1]
    assert [entry[0] for entry in most if entry[1] == whole] == ["2.png"]
    told = run(folder, "less", 3, enhancer=Enhancer(memory=whole // 4))
    assert isinstance(told[2].error, TooLargeError), "not even alone"


def test_an_error_of_any_kind_costs_one_picture(folder, monkeypatch):
    usual = one.enhance_photo

    def fails(enhancer, picture, wish, progress):
        if len(picture.pixels) == 300:
            raise RuntimeError("out of\nluck")
        return usual(enhancer, picture, wish, progress)

    monkeypatch.setattr(one, "enhance_photo", fails)
    for at_once in (1, 2):
        told = run(folder, f"out{at_once}", at_once)
        assert str(told[2].error).endswith("2.png: failed by RuntimeError: out of luck")
        assert len(failed(told)) == 2
        noted = (folder / f"out{at_once}" / NAME).read_text()
        assert noted.count('"failed"') == 2


def test_a_name_too_long_for_the_system_costs_one_picture(folder):
    settings = Settings(placement=Placement(suffix="x" * 256))
    jobs = plan_jobs([folder / "in"], settings)
    told = list(many.run_all(Enhancer(), jobs, settings))
    assert len(failed(told)) == len(told) == len(jobs)
    said = {Path(outcome.source).name: str(outcome.error) for outcome in told}
    del said["5.png"]  # it is damaged, which is found before
    assert said and all("name too long" in error for error in said.values())


def test_a_picture_with_too_many_pixels_is_not_tried_again(folder, monkeypatch):
    usual, tried = many.run_job, []

    def counted(enhancer, job, settings, record):
        tried.append(job.source.name)
        return usual(enhancer, job, settings, record)

    monkeypatch.setattr(many, "run_job", counted)
    Image.new("L", (1100, 1000)).save(folder / "in" / "large.png")
    settings = Settings(placement=Placement.at(folder / "out"), max_megapixels=1)
    jobs = plan_jobs([folder / "in"], settings)
    told = list(many.run_all(Enhancer(), jobs, settings, None, 2))
    assert isinstance(failed(told)[-1].error, TooLargeError) and tried.count("large.png") == 1


def test_who_stops_listening_stops_the_rest(folder):
    settings = Settings(placement=Placement.at(folder / "out"))
    jobs = plan_jobs([folder / "in"], settings)
    before = threading.active_count()
    outcomes = many.run_all(Enhancer(), jobs, settings, None, 2)
    next(outcomes)
    outcomes.close()
    assert threading.active_count() == before


def test_usually_there_is_one_for_each_processor_that_memory_allows(monkeypatch):
    monkeypatch.setattr(machine, "threads", lambda: 16)
    assert [many.usual_jobs(size * 2**20) for size in (100, 512, 1100, 4096)] == [1, 1, 2, 4]
    monkeypatch.setattr(machine, "threads", lambda: 1)
    assert many.usual_jobs(2**32) == 1

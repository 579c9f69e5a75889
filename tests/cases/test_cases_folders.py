"""Names, folders and files that change: each picture has its own outcome, and none ends the others."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from places import COMMAND
from sample_files import saved

import scotopic
from scotopic.errors import AccessError
from scotopic.jobs import plan
from scotopic.jobs.many import refuse_to_replace
from scotopic.jobs.record import NAME, Record
from scotopic.jobs.settings import Encoding, Placement, Settings

LONG = "夜" * 82 + "abc"
"""With the ending of a JPEG it has 253 bytes."""


def picture(level=20, size=(24, 16)):
    return saved(Image.new("RGB", size, (level, level + 5, 9)), "JPEG")


def enhance(*arguments, **options):
    command = [str(part) for part in (COMMAND, "enhance", *arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != NAME)


@pytest.mark.parametrize("format", [None, "webp"])
def test_a_name_that_is_too_long_with_its_suffix_is_shortened(tmp_path, format):
    for stem in (LONG, LONG[:-1], "é" * 125, "z"):
        (tmp_path / f"{stem}.jpg").write_bytes(picture())
    before = names(tmp_path)
    done = enhance(tmp_path, *(["-f", format] if format else []))
    assert done.returncode == 0, done.stderr
    made = [name for name in names(tmp_path) if name not in before]
    assert len(made) == len(before), "none takes the place of another"
    assert f"z_enhanced.{format or 'jpg'}" in made
    assert all(len(os.fsencode(name)) <= 255 for name in made)
    again = enhance(tmp_path, "--overwrite", *(["-f", format] if format else []))
    assert again.returncode == 0
    assert names(tmp_path) == sorted(before + made), "results are known by their suffix"


def test_a_longer_ending_is_no_reason_to_fail(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for ending in ("bmp", "gif"):
        Image.new("RGB", (24, 16), (9, 8, 7)).save(source / f"{'x' * 251}.{ending}")
    done = enhance(source, "-o", tmp_path / "out", "-f", "webp")
    assert done.returncode == 0, done.stderr
    assert len(names(tmp_path / "out")) == 2
    again = enhance(source, "-o", tmp_path / "out", "-f", "webp")
    assert "2 of 2 skipped" in again.stderr
    made = scotopic.enhance(source / f"{'x' * 251}.bmp", format="webp")
    assert made.is_file()


def test_a_name_that_cannot_be_shortened_costs_that_picture_alone(tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture())
    done = enhance(tmp_path, tmp_path / "a.jpg", "--suffix", "s" * 300, "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["status"] for each in told] == ["failed", "failed"] and done.returncode == 1
    assert {each["error"]["kind"] for each in told} == {"AccessError"}
    shown = enhance(tmp_path, "--suffix", "s" * 300, "--dry-run")
    assert shown.returncode == 1 and len(shown.stderr.splitlines()) == 1


def without_rights():
    """Take from a process what lets an administrator go into every folder. Linux, prctl(2)."""
    for right in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.parametrize("mode", [0o444, 0o000, 0o666])
def test_a_folder_that_may_not_be_searched_costs_its_pictures_alone(tmp_path, mode):
    folder, options = tmp_path, {"preexec_fn": without_rights}
    for name in ("a.jpg", "locked/b.jpg", "locked/b.tif", "locked/deep/c.jpg", "z.jpg"):
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(picture())
    (folder / "in" / "locked").chmod(mode)
    probe = [sys.executable, "-c", f"import os; os.stat({str(folder / 'in/locked/b.jpg')!r})"]
    if not subprocess.run(probe, capture_output=True, check=False, **options).returncode:
        pytest.skip("no mode forbids anything here")
    done = enhance(folder / "in", "-o", folder / "out", **options)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "failed by" not in done.stderr
    assert names(folder / "out") == ["a.jpg", "z.jpg"]
    assert all("Permission denied" in line for line in done.stderr.splitlines() if "locked" in line)
    assert "locked" in done.stderr
    beside = enhance(folder / "in", **options)
    assert beside.returncode == 1 and "failed by" not in beside.stderr
    assert {"a_enhanced.jpg", "z_enhanced.jpg"} <= set(names(folder / "in"))
    for arguments in (
        (folder / "in" / "a.jpg", "-o", folder / "in" / "locked" / "a.jpg"),
        (folder / "in" / "a.jpg", "-o", folder / "in" / "locked" / "new"),
        (folder / "in" / "locked" / "b.jpg", "-o", folder / "out2"),
        (folder / "in" / "locked" / "b.tif", "-o", folder / "out2"),
        (folder / "in" / "a.jpg", "-o", folder / "in" / "locked" / "a.jpg", "--dry-run"),
    ):
        done = enhance(*arguments, **options)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
        assert "Permission denied" in done.stderr and "failed by" not in done.stderr
    (folder / "in" / "locked").chmod(0o777)


def test_links_that_lead_to_themselves_are_told_in_one_line(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a.jpg").write_bytes(picture())
    for arguments in (
        (tmp_path / "a.jpg", "-o", f"{tmp_path}/loop/"),
        (tmp_path / "a.jpg", "-o", tmp_path / "loop" / "b.jpg"),
        (tmp_path, "-o", f"{tmp_path}/loop/"),
        (tmp_path / "loop",),
        (tmp_path / "loop" / "b.jpg",),
    ):
        done = enhance(*arguments)
        assert done.returncode in (1, 2) and len(done.stderr.splitlines()) == 1, done.stderr
        assert "Too many levels" in done.stderr or "loop" in done.stderr


def test_whether_a_result_is_there_is_said_to_be_unknown_where_it_is(tmp_path):
    with pytest.raises(AccessError, match="cannot be written: File name too long"):
        refuse_to_replace(tmp_path / ("x" * 300), overwrite=False)


@pytest.mark.parametrize("path", ["", "./", "photos/"])
def test_an_empty_argument_is_no_folder(tmp_path, path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(picture())
    done = enhance(path, cwd=tmp_path)
    if path:
        assert done.returncode == 0
        return
    assert done.returncode == 2 and "the path is empty; is a variable unset?" in done.stderr
    assert names(tmp_path / "photos") == ["a.jpg"]
    for more in (("-o", ""), ("photos", ""), ("--dry-run",)):
        assert enhance("", *more, cwd=tmp_path).returncode == 2
    with pytest.raises(ValueError, match="empty"):
        scotopic.enhance("")
    with pytest.raises(ValueError, match="empty"):
        next(scotopic.enhance_folder(""))


@pytest.mark.parametrize("name", ["res.jxr", "res.jpgg", "v1.2", "res.heic"])
def test_an_output_of_no_format_that_is_written_makes_no_folder(tmp_path, name):
    (tmp_path / "a.jpg").write_bytes(picture())
    done = enhance(tmp_path / "a.jpg", "-o", tmp_path / name)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert names(tmp_path) == ["a.jpg"]


def settled(coming):
    """The next jobs, as names of sources and targets."""
    return [(job.source.name, job.target.name) for job in next(coming)]


def test_a_watched_picture_that_changes_is_taken_again_under_its_name(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    settings = Settings(encoding=Encoding("png"), placement=Placement(tmp_path / "out", True))
    coming = plan.arrivals([folder], settings, pause=0)
    for name in ("a.jpg", "a.bmp", "b.jpg"):
        (folder / name).write_bytes(b"half")
    first = settled(coming)
    assert first == [("a.bmp", "a.png"), ("a.jpg", "a.jpg.png"), ("b.jpg", "b.png")]
    (folder / "a.jpg").write_bytes(b"half and the rest")
    assert settled(coming) == [("a.jpg", "a.jpg.png")]
    os.utime(folder / "b.jpg", ns=(0, 5))
    assert settled(coming) == [("b.jpg", "b.png")]
    (folder / "a.bmp").rename(tmp_path / "away")
    (folder / "c.jpg").write_bytes(b"")
    assert settled(coming) == [("c.jpg", "c.png")], "what has not changed is not taken again"
    (tmp_path / "away").rename(folder / "a.bmp")
    (folder / "d.jpg").write_bytes(b"")
    assert ("d.jpg", "d.png") in settled(coming)


def test_a_watched_picture_that_was_copied_half_is_enhanced_when_it_is_whole(tmp_path):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 60, (160, 200, 3), np.uint8))
    whole = saved(image, "JPEG")
    (folder / "a.jpg").write_bytes(whole[: len(whole) // 3])
    command = [str(part) for part in (COMMAND, "enhance", folder, "-o", output, "--watch")]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            command,
            stderr=said,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def until(is_so):
        deadline = time.monotonic() + 60
        while not is_so() and time.monotonic() < deadline:
            time.sleep(0.05)
        return is_so()

    try:
        assert until(lambda: "damaged" in (tmp_path / "said").read_text())
        with (folder / "a.jpg").open("ab") as file:
            file.write(whole[len(whole) // 3 :])
        assert until(lambda: (output / "a.jpg").exists())
        changed = saved(image.rotate(180), "JPEG")
        first = (output / "a.jpg").read_bytes()
        (folder / "a.jpg").write_bytes(changed)
        assert until(lambda: (output / "a.jpg").read_bytes() != first), "a new picture, too"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def test_processes_that_share_a_folder_give_no_false_failures(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(8):
        (tmp_path / "in" / f"{number}.jpg").write_bytes(picture(10 + number, (200, 160)))
    command = [str(part) for part in (COMMAND, "enhance", tmp_path / "in", "-o", tmp_path / "out")]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [
        subprocess.Popen([*command, "--json", *more], **options) for more in ((), ("-j3",), ())
    ]
    for process in processes:
        told, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        statuses = [json.loads(line)["status"] for line in told.splitlines()]
        assert len(statuses) == 8 and set(statuses) <= {"enhanced", "skipped"}
    assert len(names(tmp_path / "out")) == 8
    again = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert "8 of 8 skipped" in again.stderr


def test_a_record_knows_what_another_process_has_noted(tmp_path):
    made_from, target = {"input": "a"}, tmp_path / "a.png"
    one, other = Record(tmp_path), Record(tmp_path)
    one.note(tmp_path / "b.png", "started", made_from=made_from)
    target.write_bytes(b"result")
    digest = scotopic.jobs.record.sha256_of_file(target)
    other.note(target, "done", made_from=made_from, output=digest)
    assert one.is_done(target, made_from) and one.is_own(target)
    one.note(target, "started", made_from=made_from)
    assert not other.is_done(target, made_from)
    assert other.made(target, made_from)["output"] == digest


def test_a_file_of_somebody_else_that_comes_meanwhile_is_kept(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(picture())
    out = tmp_path / "out"
    monkeypatch.setattr(scotopic.jobs.many, "_PATIENCE", 1)

    def put(*_):
        (out / "a.jpg").write_bytes(b"mine")

    usual = scotopic.jobs.files.enhance_bytes

    def interrupted(*arguments):
        put()
        return usual(*arguments)

    monkeypatch.setattr(scotopic.jobs.files, "enhance_bytes", interrupted)
    (outcome,) = scotopic.enhance_folder(tmp_path / "in", out)
    assert outcome.status == "failed" and "exists already" in str(outcome.error)
    assert (out / "a.jpg").read_bytes() == b"mine"

"""A batch that was interrupted is resumed."""

import json
import shutil
import signal
import subprocess
import time
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from places import COMMAND

from scotopic.errors import ScotopicError
from scotopic.jobs.record import NAME, Record
from scotopic.storage import sha256_of

COUNT = 12
MADE_FROM = {"input": "a", "ev": 0.0}


def enhance(*arguments):
    command = [COMMAND, "enhance", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for index in range(COUNT):
        coarse = Image.fromarray(rng.integers(0, 50, (6, 8, 3), dtype=np.uint8))
        coarse.resize((320, 240), Image.Resampling.BICUBIC).save(folder / f"{index:02}.png")
    return folder


@pytest.fixture(scope="module")
def undisturbed(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    assert enhance(pictures, "-o", out).returncode == 0
    return contents(out)


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != NAME}


def entries(folder, status):
    lines = map(json.loads, (folder / NAME).read_text().splitlines())
    return [entry for entry in lines if entry["status"] == status]


@pytest.mark.slow
def test_a_batch_killed_again_and_again_ends_as_one_left_alone(pictures, undisturbed, tmp_path):
    kills, rng = 0, np.random.default_rng(1)
    while kills < 4:
        command = [COMMAND, "enhance", pictures, "-o", tmp_path, "--jobs", "2"]
        with subprocess.Popen(command) as process:
            wanted = len(list(tmp_path.glob("*.png"))) + int(rng.integers(1, 3))
            while len(list(tmp_path.glob("*.png"))) < min(wanted, COUNT) and process.poll() is None:
                time.sleep(0.002)
            process.kill()
        kills += 1
    result = enhance(pictures, "-o", tmp_path)
    assert result.returncode == 0, result.stderr
    assert contents(tmp_path) == undisturbed
    done = Counter(entry["target"] for entry in entries(tmp_path, "done"))
    assert set(done.values()) == {1}
    started = Counter(entry["target"] for entry in entries(tmp_path, "started"))
    assert sum(started.values()) <= COUNT + 2 * kills


def test_what_was_done_is_passed_over_until_a_setting_changes(pictures, undisturbed, tmp_path):
    assert enhance(pictures, "-o", tmp_path).returncode == 0
    again = enhance(pictures, "-o", tmp_path)
    assert again.returncode == 0 and f"{COUNT} of {COUNT} skipped" in again.stderr
    assert len(entries(tmp_path, "done")) == COUNT
    assert enhance(pictures, "-o", tmp_path, "--ev", "1").returncode == 0
    assert len(entries(tmp_path, "done")) == 2 * COUNT
    assert not set(undisturbed.values()) & set(contents(tmp_path).values())


def test_a_result_that_somebody_changed_is_not_replaced_unasked(pictures, tmp_path):
    source = pictures / "00.png"
    assert enhance(source, "-o", tmp_path).returncode == 0
    (tmp_path / "00.png").write_bytes(b"my own work")
    refused = enhance(source, "-o", tmp_path)
    assert refused.returncode == 1 and "exists" in refused.stderr
    assert (tmp_path / "00.png").read_bytes() == b"my own work"
    assert enhance(source, "-o", tmp_path, "--overwrite").returncode == 0
    assert enhance(source, "-o", tmp_path, "--no-resume").returncode == 1


def test_another_picture_of_the_same_name_does_not_take_its_place(pictures, tmp_path):
    for folder, name in (("one", "00.png"), ("two", "01.png"), ("three", "00.png")):
        (tmp_path / folder).mkdir()
        shutil.copy(pictures / name, tmp_path / folder / "a.png")
    out = tmp_path / "out"
    assert enhance(tmp_path / "one", "-o", out).returncode == 0
    first = (out / "a.png").read_bytes()
    refused = enhance(tmp_path / "two", "-o", out)
    assert refused.returncode == 1 and "a.png: exists already" in refused.stderr
    assert (out / "a.png").read_bytes() == first
    assert enhance(tmp_path / "three", "-o", out, "--ev", "1").returncode == 0, "the same picture"
    shutil.copy(pictures / "02.png", tmp_path / "one" / "a.png")
    again = enhance(tmp_path / "one", "-o", out, "--ev", "1")
    assert again.returncode == 1, "the last one was from the other folder"


def test_a_failure_is_recorded_and_tried_again(pictures, tmp_path):
    bad, out = tmp_path / "bad", tmp_path / "out"
    bad.mkdir()
    (bad / "a.png").write_bytes(b"no picture")
    assert enhance(bad, "-o", out).returncode == 1
    assert "not a picture" in entries(out, "failed")[0]["error"]
    shutil.copy(pictures / "00.png", bad / "a.png")
    assert enhance(bad, "-o", out).returncode == 0


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(pictures, tmp_path):
    result = enhance(pictures, "-o", tmp_path / "out", "--dry-run")
    assert result.returncode == 0 and len(result.stdout.splitlines()) == COUNT
    assert f"{pictures / '00.png'} -> {tmp_path / 'out' / '00.png'}" in result.stdout
    assert not (tmp_path / "out").exists()


def test_bright_pictures_are_copied_when_asked(tmp_path):
    source, out = tmp_path / "bright.jpg", tmp_path / "out"
    rng = np.random.default_rng(0)
    bright = Image.fromarray(rng.integers(90, 255, (6, 8, 3), dtype=np.uint8))
    bright.resize((160, 120), Image.Resampling.BICUBIC).save(source)
    assert enhance(source, "-o", out / "x.jpg").returncode == 0
    assert (out / "x.jpg").read_bytes() != source.read_bytes()
    out2 = tmp_path / "out2"
    out2.mkdir()
    copied = enhance(source, "-o", out2, "--skip-bright", "--json")
    assert copied.returncode == 0 and json.loads(copied.stdout)["status"] == "copied"
    assert (out2 / "bright.jpg").read_bytes() == source.read_bytes()
    assert entries(out2, "done")[0]["outcome"] == "copied"


def test_a_torn_line_is_passed_over(tmp_path):
    record = Record(tmp_path)
    (tmp_path / "a.png").write_bytes(b"result")
    digest = "f6a214f7a5fcda0c2cee9660b7fc29f5649e3c68aad48e20e950137c98913a68"
    record.note(tmp_path / "a.png", "done", made_from=MADE_FROM, output=digest)
    with (tmp_path / NAME).open("a") as file:
        file.write('{"target": "b.png", "stat')
    again = Record(tmp_path)
    assert again.is_done(tmp_path / "a.png", MADE_FROM)
    again.note(tmp_path / "c.png", "started", made_from=MADE_FROM)
    third = Record(tmp_path)
    assert third.is_own(tmp_path / "c.png") and third.is_done(tmp_path / "a.png", MADE_FROM)
    assert not third.is_own(tmp_path / "b.png")


def test_a_line_damaged_in_the_middle_is_passed_over(tmp_path):
    first, second, third = (tmp_path / f"{name}.png" for name in "abc")
    record = Record(tmp_path)
    for target in (first, second, third):
        target.write_bytes(b"result")
        record.note(target, "done", made_from=MADE_FROM, output=sha256_of(b"result"))
    record.note(second, "failed", made_from=MADE_FROM)
    lines = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    others = [b"\xff\0\n", b"\n", b"[1]\n", b'"target"\n', b'{"target": ["a.png"]}\n', b"{}\r\n"]
    lines[3] = lines[3][:20] + b"\xe9" + lines[3][21:]
    (tmp_path / NAME).write_bytes(b"".join(lines[:2] + others + lines[2:]))
    again = Record(tmp_path)
    assert all(again.is_done(target, MADE_FROM) for target in (first, second, third))


def test_what_was_written_is_known_after_a_later_failure(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"result")
    record = Record(tmp_path)
    record.note(target, "done", made_from=MADE_FROM, output=sha256_of(b"result"))
    record.note(target, "started", made_from={})
    record.note(target, "failed", made_from={}, error="disk full")
    for known in (record, Record(tmp_path)):
        assert known.is_own(target) and not known.is_done(target, MADE_FROM)
    target.write_bytes(b"my own work")
    assert not record.is_own(target)


def test_a_record_that_is_taken_away_is_begun_anew(tmp_path):
    folder = tmp_path / "out"
    record = Record(folder)
    record.note(folder / "a.png", "started", made_from=MADE_FROM)
    shutil.rmtree(folder)
    record.note(folder / "b.png", "started", made_from=MADE_FROM)
    for known in (record, Record(folder)):
        assert known.is_own(folder / "b.png") and not known.is_own(folder / "a.png")


def test_a_line_that_was_cut_by_a_full_disk_spoils_no_other(tmp_path, monkeypatch):
    record = Record(tmp_path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record, "_append", full)
    with pytest.raises(ScotopicError, match="No space"):
        record.note(tmp_path / "a.png", "started", made_from=MADE_FROM)
    monkeypatch.undo()
    (tmp_path / NAME).write_text('{"target": "a.p')
    record.note(tmp_path / "b.png", "started", made_from=MADE_FROM)
    assert record.is_own(tmp_path / "b.png") and Record(tmp_path).is_own(tmp_path / "b.png")


def test_little_of_a_long_record_is_held(tmp_path):
    made_from = {"input": "a" * 64, "model": "b" * 64, "version": "0", "ev": 0.0}
    with (tmp_path / NAME).open("w") as file:
        for number in range(20_000):
            entry = {"target": f"{number}.png", "made_from": made_from}
            file.write(json.dumps(entry | {"status": "started"}) + "\n")
            file.write(json.dumps(entry | {"status": "done", "output": "c" * 64}) + "\n")
    tracemalloc.start()
    record = Record(tmp_path)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not record.is_own(tmp_path / "19999.png") and peak < 4_000_000
    assert held < 2_500_000


def test_names_that_are_no_text_are_kept(tmp_path):
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    Record(tmp_path).note(tmp_path / name, "started", made_from=MADE_FROM)
    assert Record(tmp_path).is_own(tmp_path / name)


def test_a_watched_folder_is_gone_on_with_as_pictures_come(tmp_path):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    picture = Image.new("RGB", (24, 16), (9, 8, 7))
    picture.save(source / "a.png")
    command = [COMMAND, "enhance", source, "-o", output, "--watch", "--format", "png"]
    process = subprocess.Popen(
        [str(part) for part in command],
        stderr=subprocess.DEVNULL,
        # In a background job Ctrl-C is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    def comes(name):
        deadline = time.monotonic() + 60
        while not (output / name).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return (output / name).exists()

    try:
        assert comes("a.png")
        first = (output / "a.png").read_bytes()
        Image.new("RGB", (24, 16), (90, 80, 70)).save(source / "a.bmp")
        picture.save(source / "b.png")
        assert comes("b.png") and comes("a.bmp.png")
        assert (output / "a.png").read_bytes() == first, "the later one takes another name"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    refused = subprocess.run(
        [COMMAND, "enhance", source, "--watch"], capture_output=True, check=False
    )
    assert refused.returncode == 2 and b"output folder" in refused.stderr


def test_results_in_the_folder_itself_are_no_sources_however_it_is_named(tmp_path, monkeypatch):
    Image.new("RGB", (24, 16), (9, 8, 7)).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    assert enhance(".", "-o", tmp_path / "out").returncode == 0
    assert enhance(".", "-o", tmp_path / "out").returncode == 0
    assert enhance(tmp_path, "-o", "out").returncode == 0
    assert sorted(p.name for p in (tmp_path / "out").rglob("*")) == [NAME, "a.png"]


def test_a_bright_picture_that_is_copied_is_stripped_too(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "maker"
    Image.new("RGB", (64, 64), (200, 210, 190)).save(tmp_path / "a.jpg", exif=exif)
    done = enhance(tmp_path / "a.jpg", "--skip-bright", "--strip")
    assert done.returncode == 0
    assert b"maker" not in (tmp_path / "a_enhanced.jpg").read_bytes()

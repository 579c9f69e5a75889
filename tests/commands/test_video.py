import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("av", reason="PyAV (extra video) is missing")
import video_clips
import video_streams as streams

RUN = [sys.executable, "-m", "scotopic", "video", "--model", "fast"]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    if not video_clips.is_possible():
        pytest.skip("ffmpeg is missing")
    return video_clips.two_audio(tmp_path_factory.mktemp("film"))


def video(*arguments, **options):
    given = [str(argument) for argument in arguments]
    return subprocess.run([*RUN, *given], capture_output=True, text=True, check=False, **options)


def in_one_line(done):
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    return done.stderr


@pytest.mark.slow
def test_a_film_is_enhanced_beside_its_source_and_told_in_json(film, tmp_path):
    done = video(film, "-o", tmp_path / "bright.mp4", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "enhanced" and told["error"] is None
    assert told["target"] == str(tmp_path / "bright.mp4")
    assert len(streams.stamps(tmp_path / "bright.mp4")) == len(streams.stamps(film))
    assert os.listdir(tmp_path) == ["bright.mp4"]
    again = video(film, "-o", tmp_path / "bright.mp4")
    assert again.returncode == 1 and "--overwrite" in in_one_line(again)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_gives_the_same_film(film, tmp_path):
    whole, killed = tmp_path / "whole.mkv", tmp_path / "killed.mkv"
    assert video(film, "-o", whole).returncode == 0
    process = subprocess.Popen([*RUN, str(film), "-o", str(killed)], stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(tmp_path.glob(".*killed*/*.json*")):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = video(film, "-o", killed, "--json")
    assert done.returncode == 0, done.stderr
    assert streams.stamps(whole) == streams.stamps(killed)
    assert frames(whole) == frames(killed)
    assert sorted(os.listdir(tmp_path)) == ["killed.mkv", "whole.mkv"]


def frames(path):
    """SHA-256 of every decoded frame."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-f", "framehash", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split(",")[-1] for line in told.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(
    "name, content, told",
    [("empty.mp4", b"", "empty.mp4"), ("text.mkv", b"no film " * 400, "text.mkv")],
)
def test_what_is_no_film_is_refused_in_a_line(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    done = video(path)
    assert done.returncode == 1 and told in in_one_line(done)
    assert os.listdir(tmp_path) == [name]


def test_a_missing_file_and_a_wrong_number_are_refused_in_a_line(tmp_path):
    assert "no such file" in in_one_line(video(tmp_path / "none.mp4"))
    wrong = video(tmp_path / "none.mp4", "--temporal", "3")
    assert wrong.returncode == 2 and "temporal" in wrong.stderr

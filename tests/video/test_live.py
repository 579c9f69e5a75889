"""Live pictures: late ones are dropped, and what is written can be played."""

import io
import os
import subprocess
import sys
import time
from fractions import Fraction
from types import SimpleNamespace

import av
import pytest

from scotopic.errors import UnreadableError
from scotopic.video import live
from scotopic.video.settings import VideoSettings


def frames_in(data):
    with av.open(io.BytesIO(data)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def test_what_is_no_file_is_live(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "film.mp4").write_bytes(b"")
    for text in ("-", "rtsp://camera/stream", "/dev/video7", str(tmp_path / "pipe")):
        assert live.is_live(text)
    assert not live.is_live(str(tmp_path / "film.mp4"))
    assert not live.is_live("film.mp4")


def test_late_frames_are_dropped_and_the_next_prompt_one_is_not():
    state, film = live.Live(), SimpleNamespace(time_base=Fraction(1, 10))
    stamps = iter([(number, None) for number in range(10)])
    taken = []
    for stamp, _ in live._on_time(stamps, film, state):
        taken.append(stamp)
        time.sleep(0.1 if stamp != 2 else 0.75)
    assert taken[:3] == [0, 1, 2]
    assert state.dropped + len(taken) == 10
    assert 3 <= state.dropped <= 5
    assert taken[-1] == 9


def test_of_a_file_for_a_player_no_frame_is_dropped(film, enhancer):
    path, written = film("plain"), io.BytesIO()
    settings = VideoSettings(preview=True)
    state = live.run(enhancer, str(path), written, settings, "film")
    assert (state.frames, state.dropped) == (50, 0)
    times = frames_in(written.getvalue())
    assert [float(each) for each in times] == pytest.approx([n / 25 for n in range(50)], abs=0.001)


def test_a_pipe_that_gives_no_film_is_refused(enhancer):
    with pytest.raises(UnreadableError, match="a pipe: not a film that can be read"):
        live.run(enhancer, io.BytesIO(b"no film" * 99), io.BytesIO(), VideoSettings(), "a pipe")


def test_a_camera_that_cannot_be_read_comes_with_a_remedy(enhancer):
    if "v4l2" in av.formats_available:
        pytest.skip("PyAV reads cameras here")
    with pytest.raises(UnreadableError, match="ffmpeg -f v4l2"):
        live.run(enhancer, "/dev/video0", io.BytesIO(), VideoSettings(), "/dev/video0")


def command(*arguments):
    return [sys.executable, "-m", "scotopic", "video", *map(str, arguments)]


@pytest.mark.slow
def test_from_pipe_to_pipe(film):
    arguments = ("-", "--preview", "-o", "-")
    data = film("two_audio_mkv").read_bytes()
    done = subprocess.run(command(*arguments), input=data, capture_output=True, check=True)
    count = len(frames_in(done.stdout))
    assert count > 0
    assert f"standard input: {count} frames" in done.stderr.decode()


@pytest.mark.slow
def test_a_player_that_is_closed_ends_the_film_quietly(film):
    with subprocess.Popen(
        command(film("plain"), "--preview", "-o", "-"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.read(100)
        process.stdout.close()
        told = process.stderr.read().decode()
    assert process.returncode == 0
    assert len(told.splitlines()) == 1
    assert " frames" in told

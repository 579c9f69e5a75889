"""A run that is killed goes on, and its result is that of an undisturbed one."""

import signal
import subprocess
import sys
import time
from functools import partial

import pytest
import video_clips
import video_kills

from scotopic.video import one, pipeline
from scotopic.video.one import enhance_film
from scotopic.video.segments import folder_of
from scotopic.video.settings import VideoSettings


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    if not video_clips.is_possible():
        pytest.skip("ffmpeg is missing")
    return video_kills.make(tmp_path_factory.mktemp("film"), 60)


def settings(**rest):
    return VideoSettings(segment_seconds=0.4, **rest)  # ten frames


def heeding_ctrl_c():
    """What a shell starts in the background ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stopped_at(frame):
    """A progress that ends the run at a frame."""

    def told(done, earlier, count):
        if done == frame:
            raise KeyboardInterrupt

    return told


def stop(enhancer, source, target, frame, **rest):
    with pytest.raises(KeyboardInterrupt):
        enhance_film(enhancer, source, target, settings(**rest), stopped_at(frame))


@pytest.fixture(scope="module")
def undisturbed(source, enhancer, tmp_path_factory):
    target = tmp_path_factory.mktemp("whole") / "film.mp4"
    enhance_film(enhancer, source, target, settings())
    return video_kills.hashes(target)


@pytest.mark.slow
@pytest.mark.parametrize("frame", [5, 23, 50, 60])
def test_frames_are_those_of_an_undisturbed_run(frame, source, undisturbed, enhancer, tmp_path):
    target = tmp_path / "film.mp4"
    stop(enhancer, source, target, frame)
    assert not target.exists()
    outcome = enhance_film(enhancer, source, target, settings())
    assert 0 <= frame - outcome.made.resumed_at < 20
    assert outcome.made.resumed_at > 0 or frame < 20
    assert video_kills.hashes(target) == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.slow
def test_nothing_is_enhanced_twice(source, enhancer, tmp_path, monkeypatch):
    target, enhanced = tmp_path / "film.mp4", []
    real = pipeline.FrameSeries.enhance_frame

    def counted(series, frame, look, result):
        enhanced.append(1)
        real(series, frame, look, result)

    monkeypatch.setattr(pipeline.FrameSeries, "enhance_frame", counted)
    stop(enhancer, source, target, 45)
    first = len(enhanced)
    outcome = enhance_film(enhancer, source, target, settings())
    assert first + (60 - outcome.made.resumed_at) == len(enhanced)
    assert outcome.made.resumed_at >= 30


@pytest.mark.slow
@pytest.mark.parametrize("change", ["settings", "source", "no resume"])
def test_a_run_of_another_kind_begins_anew(change, source, enhancer, tmp_path):
    own, target, rest = tmp_path / "own.mp4", tmp_path / "film.mp4", {}
    own.write_bytes(source.read_bytes())
    stop(enhancer, own, target, 35)
    if change == "settings":
        rest = {"crf": 30}
    elif change == "source":
        own.touch()
    else:
        rest = {"resume": False}
    outcome = enhance_film(enhancer, own, target, settings(**rest))
    assert outcome.made.resumed_at == 0
    assert outcome.made.frames == 60


@pytest.mark.slow
def test_an_error_in_joining_keeps_what_was_done(
    source, undisturbed, enhancer, tmp_path, monkeypatch
):
    target = tmp_path / "film.mp4"

    def broken(*arguments):
        raise OSError("no space")

    with monkeypatch.context() as patch, pytest.raises(Exception, match="no space"):
        patch.setattr(one.joining, "join", broken)
        enhance_film(enhancer, source, target, settings())
    outcome = enhance_film(enhancer, source, target, settings())
    assert outcome.made.resumed_at == 60
    assert video_kills.hashes(target) == undisturbed


@pytest.mark.slow
def test_a_process_killed_again_and_again_ends_as_one_left_alone(tmp_path):
    if not video_clips.is_possible():
        pytest.skip("ffmpeg is missing")
    film = video_kills.make(tmp_path, 300)
    whole, target = tmp_path / "whole.mp4", tmp_path / "killed.mp4"
    subprocess.run(video_kills.command(film, whole, "fast"), check=True, capture_output=True)

    def until(segments):
        while len(list(folder_of(target).glob("[0-9]*.json"))) < segments:
            time.sleep(0.05)

    pauses = [partial(until, count) for count in (1, 2)]
    kills, earlier = video_kills.one_round(film, target, "fast", pauses)
    assert kills == 2
    assert earlier >= 250
    assert video_kills.hashes(target) == video_kills.hashes(whole)
    assert not folder_of(target).exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_ctrl_c_ends_in_one_line_and_the_next_call_goes_on(tmp_path):
    if not video_clips.is_possible():
        pytest.skip("ffmpeg is missing")
    film, target = video_kills.make(tmp_path, 300), tmp_path / "result.mp4"
    command = [each for each in video_kills.command(film, target, "fast") if each != "-q"]
    streams = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **streams, preexec_fn=heeding_ctrl_c) as process:
        while len(list(folder_of(target).glob("*.json"))) < 2 and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        told = process.communicate()[1]
    assert (process.returncode, told) == (130, b"scotopic: stopped\n")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "of them by an earlier call" in done.stderr

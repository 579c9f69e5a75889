"""`scotopic video`: one object per film, one line per error, nothing replaced."""

import copy
import json
import subprocess
import sys
from importlib import resources

import jsonschema
import pytest

pytest.importorskip("av", reason="PyAV (extra video) is missing")
import video_clips

from scotopic.cloud.report import summary_of
from scotopic.commands.video import video as video_command
from scotopic.series.film import TEMPORAL
from scotopic.video.settings import VideoSettings

if not video_clips.is_possible():
    pytest.skip("ffmpeg is missing", allow_module_level=True)

SCHEMA = json.loads(resources.files("scotopic.video").joinpath("outcome.schema.json").read_text())
CHECK = jsonschema.Draft202012Validator(SCHEMA)


def video(*arguments):
    command = [sys.executable, "-m", "scotopic", "video", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("films")
    video_clips.plain(made)
    (made / "damaged.mkv").write_bytes(b"no film")
    return made


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def calls(folder, out):
    """Two calls for a folder of a film and of a damaged one."""
    options = ("-o", f"{out}/", "--model", "fast", "--json")
    return [video(folder, *options) for _ in range(2)]


@pytest.fixture(scope="module")
def lines(calls):
    return [json.loads(line) for call in calls for line in call.stdout.splitlines()]


def test_films_of_every_status_have_a_line_that_the_schema_describes(lines):
    assert [line["status"] for line in lines] == ["failed", "enhanced", "failed", "skipped"]
    for line in lines:
        CHECK.validate(line)


def test_a_report_of_the_folder_tells_of_films_too(calls, out):
    summary = summary_of([str(out)])
    assert (summary.done, summary.skipped, summary.failed) == (1, 0, 1)


def test_a_line_tells_how_the_film_was_made(lines):
    made = lines[1]
    assert (made["frames"], made["resumed_at"], made["size"]) == (50, 0, [192, 108])
    assert (made["encoder"], made["pixel_format"], made["format"]) == ("libx264", "yuv420p", "MP4")
    assert made["seconds"] == pytest.approx(2)
    (scene,) = made["scenes"]
    assert (scene["first"], scene["last"]) == (0, 49)
    assert scene["gain"] > 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("status", "done"), ("frames", None), ("unknown", 1), ("error", {"kind": "a"})],
)
def test_the_schema_refuses_what_no_line_may_be(lines, key, value):
    line = copy.deepcopy(lines[1])
    line[key] = value
    with pytest.raises(jsonschema.ValidationError):
        CHECK.validate(line)


def test_what_fails_is_named_in_one_line_and_the_rest_is_done(calls):
    assert calls[0].returncode == 1
    (line,) = [each for each in calls[0].stderr.splitlines() if "damaged" in each]
    assert line.startswith("scotopic: ")
    assert "damaged.mkv: not a film that can be read" in line
    assert "plain.mp4: 50 frames" in calls[0].stderr


@pytest.mark.slow
def test_a_file_that_is_there_is_replaced_only_if_asked(folder, tmp_path):
    target = tmp_path / "film.mp4"
    target.write_bytes(b"mine")
    arguments = (folder / "plain.mp4", "-o", target, "--model", "fast")
    refused = video(*arguments)
    assert refused.returncode == 1
    assert "exists already; use --overwrite" in refused.stderr
    assert target.read_bytes() == b"mine"
    assert video(*arguments, "--overwrite").returncode == 0
    assert target.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (("nothing.mp4",), "nothing.mp4: no such file", 1),
        (("plain.mp4", "-o", "a.avi"), "no film is written under the suffix .avi", 2),
        (("plain.mp4", "--temporal", "2"), "temporal must lie between 0 and 1", 2),
        (("-", "a.mp4", "-o", "-"), "are for one input", 2),
        (("-", "-o", "a.mp4"), "live pictures are written as Matroska", 2),
    ],
)
def test_a_wrong_call_is_told_in_one_line(folder, arguments, told, code):
    given = [str(folder / each) if each == "plain.mp4" else each for each in arguments]
    done = video(*given)
    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_filter_over_time_is_as_strong_as_in_python():
    (option,) = (each for each in video_command.params if each.name == "temporal")
    assert option.default == TEMPORAL == VideoSettings().temporal

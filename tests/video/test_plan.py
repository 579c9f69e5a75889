"""Which films there are, and how their results are called."""

from pathlib import Path

import pytest

from scotopic.errors import InvalidValueError, MissingFileError
from scotopic.video.plan import Output, plan
from scotopic.video.segments import folder_of


def targets(paths, output=None, **rest):
    planned = plan(paths, Output.at(None if output is None else str(output), **rest))
    return [job.target for job in planned.jobs]


def touched(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_a_result_lies_beside_its_source_in_its_container():
    sources = [Path("a/night.mp4"), Path("a/night.MOV"), Path("a/old.avi")]
    wanted = [
        Path("a/night_enhanced.mp4"),
        Path("a/night_enhanced.MOV"),
        Path("a/old_enhanced.mkv"),
    ]
    assert targets(sources) == wanted


def test_a_folder_is_mirrored_and_other_files_are_passed_over(tmp_path):
    source = touched(tmp_path / "in", "b.mkv", "a.mp4", "deep/c.webm", "notes.txt", ".hidden.mp4")
    out = tmp_path / "out"
    wanted = [out / "a.mp4", out / "b.mkv", out / "deep" / "c.webm"]
    assert targets([source], f"{out}/") == wanted


def test_earlier_results_beside_their_sources_are_passed_over(tmp_path):
    source = touched(tmp_path, "a.mp4", "a_enhanced.mp4")
    assert targets([source]) == [tmp_path / "a_enhanced.mp4"]


def test_no_two_films_get_one_name(tmp_path):
    source = touched(tmp_path / "in", "a.avi", "a.mkv", "a.ts")
    out = tmp_path / "out"
    assert targets([source], f"{out}/") == [out / "a.mkv", out / "a-2.mkv", out / "a.ts.mkv"]


def test_one_film_goes_into_the_file_that_is_named(tmp_path):
    assert targets([Path("a.mp4")], tmp_path / "b.mkv") == [tmp_path / "b.mkv"]
    with pytest.raises(InvalidValueError, match="one file for 2 films"):
        targets([Path("a.mp4"), Path("b.mp4")], tmp_path / "c.mkv")


def test_a_suffix_that_is_not_written_is_refused():
    with pytest.raises(InvalidValueError, match="no film is written under the suffix .avi"):
        Output.at("a.avi")


@pytest.mark.parametrize("suffix", ["", "a/b"])
def test_a_suffix_for_names_is_a_part_of_a_name(suffix):
    with pytest.raises(InvalidValueError):
        Output.at(None, suffix)


def test_a_folder_without_films_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="no films in this folder"):
        plan([tmp_path], Output())


def test_a_name_that_would_be_too_long_is_shortened():
    (target,) = targets([Path("a" * 249 + ".mp4")])
    assert len(target.name) == 255 and target.name.endswith("_enhanced.mp4")
    assert len(folder_of(target).name) <= 255

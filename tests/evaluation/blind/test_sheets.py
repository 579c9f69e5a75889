import csv

import numpy as np
import pytest
from PIL import Image

from scotopic.errors import InvalidValueError, TargetExistsError
from scotopic.evaluation.blind import places, sheets, trials

LEFT, TOP = 6, 20 + 24
"""Where the first picture of a sheet lies."""


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_crop_sheet_has_the_true_pixels_of_the_same_place_under_each_letter(photos, results):
    trial = trials.draw(photos["dark"], results)[0]
    drawn = {name: np.asarray(sheet) for name, sheet in sheets.draw(trial)}
    chosen = places.choose(pixels_of(trial.input))
    files = [trial.input, *(candidate.path for candidate in trial.candidates.values())]
    assert list(drawn) == ["whole", "dark", "edge", "detail"]
    for place in chosen:
        for index, file in enumerate(files):
            left = LEFT + index * (place.side + 6)
            shown = drawn[place.kind][TOP : TOP + place.side, left : left + place.side]
            assert np.array_equal(shown, place.cut(pixels_of(file)))


def test_whole_pictures_are_not_enlarged(photos, results):
    trial = trials.draw(photos["dark"], results)[0]
    _, sheet = next(sheets.draw(trial))
    shown = np.asarray(sheet)
    assert np.array_equal(shown[TOP : TOP + 64, LEFT : LEFT + 96], pixels_of(trial.input))
    assert sheet.width == 4 * (96 + 6) + 6


@pytest.mark.parametrize("size", [(1500, 1000), (1000, 1500), (3000, 300), (300, 3000)])
@pytest.mark.parametrize("count", [2, 5, 26])
def test_sheets_are_never_wider_than_990_pixels(tmp_path, size, count):
    Image.new("RGB", size, (9, 9, 9)).save(tmp_path / "1.png")
    one = trials.Candidate("m", tmp_path / "1.png", "")
    letters = [chr(ord("A") + index) for index in range(count)]
    trial = trials.Trial("1", tmp_path / "1.png", dict.fromkeys(letters, one))
    for name, sheet in sheets.draw(trial):
        assert sheet.width <= 990
        shown = (np.asarray(sheet) == 9).all(axis=-1).sum()
        if name == "whole":
            assert sheet.height <= 1300
        else:
            side = places.choose(pixels_of(tmp_path / "1.png"))[0].side
            assert shown == (count + 1) * side**2, "all candidates are there, whole"


@pytest.mark.parametrize(("count", "columns"), [(1, 2), (2, 3), (3, 2), (4, 3), (6, 3)])
def test_crops_wrap_into_rows_that_are_as_even_as_can_be(tmp_path, count, columns):
    Image.new("RGB", (480, 480)).save(tmp_path / "1.png")
    one = trials.Candidate("m", tmp_path / "1.png", "")
    trial = trials.Trial("1", tmp_path / "1.png", dict.fromkeys("ABCDEF"[:count], one))
    sheet = dict(sheets.draw(trial))["edge"]
    rows = -(-(1 + count) // columns)
    assert sheet.size == (columns * 326 + 6, 20 + 6 + rows * (24 + 320 + 6))


def test_a_title_that_is_too_long_does_not_widen_the_sheet():
    sheet = sheets.grid("long " * 200, [("A", Image.new("RGB", (20, 20)))], 1)
    assert sheet.width == 990


def test_a_candidate_that_changes_its_size_meanwhile_is_named(photos, results):
    trial = trials.draw(photos["dark"], results)[0]
    Image.new("RGB", (64, 64)).save(trial.candidates["B"].path)
    with pytest.raises(InvalidValueError) as caught:
        list(sheets.draw(trial))
    assert caught.value.path == str(trial.candidates["B"].path)


def test_sheets_ballot_and_key_are_written(photos, results, tmp_path):
    drawn, seen = trials.draw(photos["dark"], results, 3), []
    assert sheets.write(drawn, tmp_path / "s", 3, progress=seen.append) == 8
    kinds = ("whole", "dark", "edge", "detail")
    assert {path.name for path in (tmp_path / "s").iterdir()} == {
        trials.KEY,
        "ballot.csv",
        *(f"{photo}_{kind}.png" for photo in "12" for kind in kinds),
    }
    assert seen == ["1", "2"]
    with (tmp_path / "s" / "ballot.csv").open() as file:
        assert list(csv.reader(file)) == [
            ["photo", "judge", "ranking"],
            ["1", "", ""],
            ["2", "", ""],
        ]


@pytest.mark.parametrize("there", [trials.KEY, "ballot.csv", "2_edge.png"])
def test_nothing_is_written_where_a_file_exists(photos, results, tmp_path, there):
    target = tmp_path / "s"
    target.mkdir()
    (target / there).write_text("mine")
    drawn = trials.draw(photos["dark"], results)
    with pytest.raises(TargetExistsError) as caught:
        sheets.write(drawn, target, 0)
    assert caught.value.path == str(target / there)
    assert [path.name for path in target.iterdir()] == [there]
    sheets.write(drawn, target, 0, overwrite=True)
    assert (target / there).read_bytes() != b"mine" and len(list(target.iterdir())) == 10

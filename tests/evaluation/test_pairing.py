import numpy as np
import pytest
from PIL import Image

from scotopic.errors import MissingFileError
from scotopic.evaluation import pairing


def test_pictures_are_paired_by_name_whatever_their_suffix(folders):
    low, high = folders
    Image.open(low / "a.png").save(low / "a.bmp")
    (low / "a.png").unlink()
    cases, unpaired = pairing.pair_folders(inputs=low, references=high)
    assert cases[0] == pairing.Case("a", input=low / "a.bmp", reference=high / "a.png")
    assert len(cases) == 2 and unpaired == []


def test_names_that_are_numbers_are_in_numerical_order(tmp_path):
    for name in ("10", "9", "a", "100"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")
    cases, _ = pairing.pair_folders(results=tmp_path)
    assert [case.name for case in cases] == ["9", "10", "100", "a"]


def test_a_picture_without_a_partner_is_named_with_the_folder_that_lacks_it(folders):
    low, high = folders
    Image.new("RGB", (64, 48)).save(low / "c.png")
    cases, (failure,) = pairing.pair_folders(results=low, references=high)
    assert [case.name for case in cases] == ["a", "b"] and failure.name == "c"
    assert str(failure.error) == f"{low / 'c.png'}: no picture of this name in {high}"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "no such folder"),
        ("empty", "no pictures in this folder"),
        ("strangers", "no picture has the name of one in .*high"),
    ],
)
def test_folders_that_cannot_be_paired_are_named(folders, tmp_path, fault, message):
    other = tmp_path / "other"
    if fault != "missing":
        other.mkdir()
    if fault == "strangers":
        Image.new("RGB", (64, 48)).save(other / "z.png")
    with pytest.raises(MissingFileError, match=message) as caught:
        pairing.pair_folders(results=other, references=folders[1])
    assert caught.value.path == str(other)


def test_gray_pixels_are_repeated_and_it_is_noted(tmp_path):
    gray = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    pixels, notes = pairing.read_pixels(tmp_path / "gray.png")
    assert np.array_equal(pixels, np.stack([gray] * 3, axis=-1)) and notes == ("is gray",)

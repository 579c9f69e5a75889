"""What is asked for, checked as soon as it is said."""

import pytest

from scotopic.errors import InvalidValueError
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.settings import Encoding, Placement, Settings
from scotopic.wish import Wish


@pytest.mark.parametrize(
    "wrong",
    [
        {"exposure": 0},
        {"exposure": 1.5},
        {"exposure": 0.3, "ev": 1},
        {"ev": 9},
        {"ev": float("nan")},
        {"strength": -0.1},
        {"strength": float("nan")},
        {"exposure": "0.3"},
        {"ev": None},
    ],
)
def test_a_wish_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidValueError):
        Wish(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"format": "doc"}, {"format": "heic"}, {"format": 3}, {"quality": 0}, {"quality": 90.5}],
)
def test_an_encoding_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidValueError):
        Encoding(**wrong)


@pytest.mark.parametrize("text", ["jpg", "JPEG", ".jpeg"])
def test_a_format_has_one_name_however_it_is_asked_for(text):
    assert Encoding(text).format == "JPEG"


def test_an_output_is_a_file_or_a_folder_as_its_name_says(tmp_path):
    (tmp_path / "made.png").mkdir()
    assert Placement.at(tmp_path / "a.png").file == tmp_path / "a.png"
    for folder in ("out", "out.png/", f"{tmp_path}/made.png"):
        assert Placement.at(folder).file is None and Placement.at(folder).folder is not None
    assert Placement.at(None).file is None and Placement.at(None).folder is None


def test_an_output_with_an_unknown_suffix_is_refused_unless_it_is_a_folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"")
    for name in ("r.jxr", "night.jpgg"):
        with pytest.raises(InvalidValueError, match=rf"{name}: no format.*slash"):
            Placement.at(tmp_path / name)
    for source in (tmp_path / "in", tmp_path / "in" / "a.png"):
        settings = Settings(placement=Placement.at(f"{tmp_path}/holiday.2024/"))
        (job,) = plan_jobs([source], settings)
        assert job.target == tmp_path / "holiday.2024" / "a.png"


def test_a_name_and_a_format_that_contradict_each_other_are_refused():
    with pytest.raises(InvalidValueError, match="b.png: the name says PNG.*JPEG"):
        Settings(encoding=Encoding("jpg"), placement=Placement.at("b.png"))
    Settings(encoding=Encoding("jpg"), placement=Placement.at("b.jpeg"))


def test_formats_that_are_only_read_are_refused_as_outputs():
    with pytest.raises(InvalidValueError, match="HEIC is read, not written"):
        Placement.at("a.heic")


@pytest.mark.parametrize("suffix", ["/", "a/b", "../z"])
def test_a_suffix_for_names_holds_no_folder(suffix):
    with pytest.raises(InvalidValueError, match="suffix"):
        Placement(suffix=suffix)


def test_an_output_that_is_a_file_without_a_suffix_is_refused(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(InvalidValueError, match="plain: is not a folder; name a folder"):
        Placement.at(tmp_path / "plain")


def test_an_input_that_lies_in_the_output_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InvalidValueError, match="lies in the output folder"):
        plan_jobs([tmp_path], Settings(placement=Placement.at(tmp_path)))


def test_results_beside_their_sources_need_a_suffix():
    with pytest.raises(InvalidValueError, match="suffix"):
        Placement(suffix="")


@pytest.mark.parametrize(
    ("source", "format", "wanted"),
    [
        ("a.jpeg", None, "a_enhanced.jpeg"),
        ("a.JPG", None, "a_enhanced.JPG"),
        ("a.heic", None, "a_enhanced.jpg"),
        ("a.cr2", None, "a_enhanced.tif"),
        ("a.ppm", None, "a_enhanced.png"),
        ("a.jpg", "webp", "a_enhanced.webp"),
        ("a.jpg", "tiff", "a_enhanced.tif"),
    ],
)
def test_results_are_named_as_their_format(tmp_path, source, format, wanted):
    (job,) = plan_jobs([tmp_path / source], Settings(encoding=Encoding(format)))
    assert job.target == tmp_path / wanted

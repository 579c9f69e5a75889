import dataclasses
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from sample_files import encoded, saved, smooth_pixels

import scotopic
from scotopic import api
from scotopic.commands.enhance import enhance
from scotopic.errors import InvalidValueError
from scotopic.jobs.settings import Encoding
from scotopic.photo import codecs, formats
from scotopic.photo.codecs import ENCODERS
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read

WRITTEN = [row.name for row in formats.FORMATS.values() if row.is_written]


def test_every_format_has_a_codec_and_all_that_are_written_have_an_encoder():
    assert sorted(ENCODERS) == sorted(WRITTEN)
    assert all(callable(encode) for encode in ENCODERS.values())
    for name in formats.FORMATS:
        assert importlib.util.find_spec(f"{codecs.__name__}.{name.lower()}")


def test_the_schema_of_outcomes_names_the_formats_that_are_written():
    schema = Path(scotopic.__file__).parent / "jobs" / "outcome.schema.json"
    named = json.loads(schema.read_text(encoding="utf-8"))["properties"]["format"]["enum"]
    assert named == [*WRITTEN, None]


HELP = next(option.help for option in enhance.params if option.name == "quality")


@pytest.mark.parametrize("text", [HELP, api.enhance.__doc__, Encoding.__doc__])
def test_texts_on_quality_name_the_formats_that_have_one(text):
    *others, last = [row.label for row in formats.FORMATS.values() if row.has_quality]
    assert f"{', '.join(others)} and {last}" in " ".join(text.split())


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_of_a_format_is_read_as_that_format(name):
    assert read(encoded(Photo(smooth_pixels()), name)).format == name


def test_no_two_formats_share_a_suffix():
    suffixes = [
        suffix for row in formats.FORMATS.values() for suffix in (*row.suffixes, *row.read_suffixes)
    ]
    assert len(suffixes) == len(set(suffixes)) == len(formats.READ_SUFFIXES)
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in suffixes)


@pytest.mark.parametrize("name", WRITTEN)
def test_pillow_knows_the_suffixes_under_the_same_name(name):
    known = Image.registered_extensions()
    row = formats.FORMATS[name]
    if name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if name == "JPEGXL":
        pytest.skip("Pillow does not know JPEG XL")
    assert {known[suffix] for suffix in row.suffixes} <= {name, *row.other_names}


@pytest.mark.parametrize("text", ["jpg", ".JPG", "jpeg", "JPEG", ".jpeg"])
def test_a_format_is_named_by_suffix_or_name_in_any_case(text):
    assert formats.named(text).name == "JPEG"


@pytest.mark.parametrize(
    ("text", "problem"),
    [("jxr", "no format 'jxr'"), ("", "no format ''"), ("heic", "HEIC is read, not written")],
)
def test_a_format_that_is_not_written_cannot_be_asked_for(text, problem):
    with pytest.raises(InvalidValueError, match=problem) as caught:
        formats.named(text)
    assert "jpg, png, webp, avif, tif, gif, bmp" in str(caught.value)


def test_the_suffix_of_a_path_tells_the_format():
    assert formats.of_path("x/A.TIFF") is formats.FORMATS["TIFF"]
    assert formats.of_path("a.CR2") is formats.FORMATS["RAW"]
    assert formats.of_path("a.ppm") is formats.of_path("a") is formats.of_path("-") is None


@pytest.mark.parametrize(
    ("source", "asked", "wanted"),
    [
        ("JPEG", None, "JPEG"),
        ("MPO", None, "JPEG"),
        ("HEIF", None, "JPEG"),
        ("RAW", None, "TIFF"),
        ("PPM", None, "PNG"),
        ("GIF", "webp", "WEBP"),
        ("RAW", ".png", "PNG"),
    ],
)
def test_a_result_has_the_format_asked_for_or_that_of_its_source(source, asked, wanted):
    assert formats.of_result(source, asked).name == wanted


def test_a_result_cannot_have_a_format_that_is_only_read():
    with pytest.raises(InvalidValueError, match="HEIC is read"):
        formats.of_result("PNG", "heic")


def test_what_stands_in_for_a_format_that_is_only_read_is_written():
    stand_ins = {row.written_as for row in formats.FORMATS.values()} - {None}
    assert stand_ins and all(formats.FORMATS[name].is_written for name in stand_ins)


@pytest.mark.parametrize("name", WRITTEN)
def test_gray_and_bits_are_what_the_row_says(name):
    row = formats.FORMATS[name]
    pixels = smooth_pixels(channels=1).astype(np.uint16) * 257
    taken = read(encoded(Photo(pixels), name))
    assert taken.pixels.shape[-1] == (1 if row.gray else 3)
    assert taken.pixels.dtype.itemsize * 8 == row.bits


@pytest.mark.parametrize("name", WRITTEN)
def test_a_quality_makes_a_difference_just_where_the_row_says_so(name):
    photo = Photo(smooth_pixels())
    differs = encoded(photo, name, 20) != encoded(photo, name, 95)
    assert differs == formats.FORMATS[name].has_quality


@pytest.mark.parametrize("name", WRITTEN)
def test_pixels_change_by_compression_just_where_the_row_says_so(name):
    few_colours = np.random.default_rng(0).choice(np.array([0, 90, 255], np.uint8), (40, 56, 3))
    taken = read(encoded(Photo(few_colours), name))
    assert np.array_equal(taken.pixels, few_colours) != formats.FORMATS[name].lossy


@pytest.mark.parametrize("name", WRITTEN)
def test_several_frames_are_read_just_where_the_row_says_so(name):
    if name == "JPEGXL":
        pytest.skip("Pillow does not write JPEG XL")
    frames = [Image.fromarray(smooth_pixels() + np.uint8(step)) for step in (0, 90)]
    several = {"save_all": True, "append_images": frames[1:], "duration": 50}
    taken = read(saved(frames[0], name, **(several if name in Image.SAVE_ALL else {})))
    assert (taken.animation is not None) == formats.FORMATS[name].animated


def test_rows_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        formats.FORMATS["PNG"].bits = 8

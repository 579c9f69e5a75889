"""Every kind of file that is read is enhanced too, by every way in."""

import io

import numpy as np
import pytest
from cases_kinds import KINDS
from PIL import features

import scotopic
from scotopic.photo.reading import read


def made(kind):
    if "AVIF" in kind and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    return KINDS[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_every_kind_that_is_read_is_enhanced(kind):
    data = made(kind)
    before, after = read(data), read(scotopic.enhance(data))
    assert after.pixels.shape[:2] == before.pixels.shape[:2]
    level = [np.mean(photo.pixels / np.iinfo(photo.pixels.dtype).max) for photo in (before, after)]
    assert level[1] > level[0]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "HEIC" in kind or "TIFF" in kind])
def test_other_formats_take_the_bits_that_a_file_has(kind):
    data = made(kind)
    before, after = read(data), read(scotopic.enhance(data, format="png"))
    assert after.pixels.dtype == before.pixels.dtype
    assert (after.alpha is None) == (before.alpha is None)


def test_a_file_object_is_enhanced_as_its_bytes_are():
    data = made("HEIC, 10 bits, 3 channels")
    assert scotopic.enhance(io.BytesIO(data)).getvalue() == scotopic.enhance(data)


@pytest.mark.parametrize("kind", [">u2", "<u2", ">f4", "<f4", ">f8", "f2"])
def test_an_array_of_any_byte_order_is_enhanced_and_keeps_its_type(kind):
    levels = np.random.default_rng(0).integers(0, 60, (20, 30, 3))
    given = (levels * 257 if "u" in kind else levels / 255).astype(kind)
    plain = scotopic.enhance(given.astype(given.dtype.newbyteorder("=")))
    made = scotopic.enhance(given)
    assert made.dtype == given.dtype and np.array_equal(made, plain)


@pytest.mark.parametrize("name", ["ev", "balance", "strength"])
def test_a_setting_of_none_is_refused_in_one_line(name):
    with pytest.raises(scotopic.InvalidValueError, match=f"{name} must be a number, not None"):
        scotopic.enhance(np.zeros((8, 8, 3), np.uint8), **{name: None})

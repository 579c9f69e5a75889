"""AVIF: the same bytes at any time."""

import time

import numpy as np
import pytest
from PIL import features

from scotopic.photo import animation, writing
from scotopic.photo.codecs import avif
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read

pytestmark = pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")


@pytest.fixture(scope="module")
def animated():
    rng = np.random.default_rng(0)
    first, *rest = rng.integers(0, 60, (3, 32, 48, 3), dtype=np.uint8)
    later = animation.Animation([(frame, None) for frame in rest], [40.0, 80.0, 120.0], 0)
    return Photo(first, format="AVIF", animation=later)


def test_an_animation_is_the_same_bytes_a_second_later(animated):
    first, _ = writing.encode(animated, "AVIF")
    time.sleep(1.1)
    assert writing.encode(animated, "AVIF")[0] == first


def test_an_animation_without_times_is_read_as_before(animated):
    data, _ = writing.encode(animated, "AVIF")
    taken = read(data)
    assert taken.animation.milliseconds == [40.0, 80.0, 120.0]
    assert list(avif._headers(data)), "the headers are found"


def test_damaged_files_are_left_as_they_are():
    for data in (b"", b"\0\0\0\x08moov", b"\0\0\0\x09moov", b"moov" * 10):
        assert avif.without_times(data) == data

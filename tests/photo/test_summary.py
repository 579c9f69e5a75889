"""What EXIF says of how a picture was taken."""

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from scotopic.photo.summary import Summary, summary_of

TAKEN = {0x829A: IFDRational(1, 60), 0x829D: IFDRational(28, 10), 0x9003: "2024:05:01 20:15:03"}


def exif_of(main, inner, gps=None):
    exif = Image.Exif()
    for tag, value in main.items():
        exif[tag] = value
    exif.get_ifd(0x8769).update(inner)
    if gps:
        exif.get_ifd(0x8825).update(gps)
    return exif.tobytes()


def test_nothing_is_said_of_nothing():
    assert summary_of(None) == summary_of(b"") == summary_of(b"Exif\0\0") == Summary()


@pytest.mark.parametrize(
    "make, model, camera",
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("Sony", "", "Sony"),
        ("a\x07b\n", "c  d", "ab c d"),
    ],
)
def test_a_camera_is_called_as_people_call_it(make, model, camera):
    assert summary_of(exif_of({0x010F: make, 0x0110: model}, {})).camera == camera


@pytest.mark.parametrize(
    "seconds, text", [((1, 60), "1/60 s"), ((10, 600), "1/60 s"), ((5, 2), "2.5 s"), ((1, 0), None)]
)
def test_a_time_is_told_as_photographers_do(seconds, text):
    assert summary_of(exif_of({}, {0x829A: IFDRational(*seconds)})).exposure == text


def test_a_date_of_zeros_is_none():
    assert summary_of(exif_of({}, {0x9003: "0000:00:00 00:00:00"})).taken is None
    assert summary_of(exif_of({0x0132: "2024:05:01 20:15:03"}, {})).taken == "2024-05-01 20:15:03"


def test_a_place_needs_both_numbers():
    whole = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}
    assert summary_of(exif_of({}, TAKEN, whole)).place
    assert not summary_of(exif_of({}, TAKEN, {1: "N", 2: (48.0, 8.0, 0.0)})).place


def test_damage_raises_nothing():
    block, rng = bytearray(exif_of({0x010F: "Maker"}, TAKEN)), np.random.default_rng(0)
    for _ in range(500):
        damaged = bytearray(block)
        for _ in range(5):
            damaged[rng.integers(6, len(damaged))] = rng.integers(256)
        found = summary_of(bytes(damaged[: rng.integers(len(damaged))]))
        assert isinstance(found, Summary)

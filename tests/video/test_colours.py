"""Colours there and back: by the formulas of the standards, and within one level."""

from fractions import Fraction

import av
import numpy as np
import pytest

from scotopic.errors import UnreadableError
from scotopic.video.colours import Colours, Converter

WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Of red and blue in luma, by the number of the matrix (ITU-T H.273)."""
SIZE = (96, 64)


def colours(matrix=1, full=False, **rest):
    values = {"primaries": 2, "transfer": 2, "says_range": True, "is_rgb": False, **rest}
    return Colours(matrix=matrix, full=full, **values)


def smooth(rng, shape):
    """Values in 0..1 that change slowly."""
    across, down = np.linspace(0, 3, shape[1]), np.linspace(0, 2, shape[0])[:, None]
    one, two, three = rng.uniform(0, 6, 3)
    return 0.5 + 0.25 * np.sin(across + one) + 0.25 * np.sin(down + two + across * 0.3 + three)


def frame_of(pixel_format, full, seed=0):
    """A frame without sharp edges, whose colours lie well inside RGB."""
    frame = av.VideoFrame(*SIZE, pixel_format)
    bits = frame.format.components[0].bits
    rng, scale = np.random.default_rng(seed), 1 << (bits - 8)
    for index, plane in enumerate(frame.planes):
        values = smooth(rng, (plane.height, plane.width))
        levels = 40 + 160 * values if index == 0 else 118 + 20 * values
        rows = view(plane, bits)
        rows[:] = np.round(levels * scale)
    frame.color_range, frame.pts, frame.time_base = 2 if full else 1, 0, Fraction(1, 25)
    return frame


def view(plane, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return rows[:, : plane.width]


def planes(frame):
    bits = frame.format.components[0].bits
    return [view(plane, bits).astype(int) for plane in frame.planes]


@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("pixel_format", "bits"), [("yuv444p", 8), ("yuv444p10le", 10)])
def test_rgb_is_what_the_standard_says(matrix, full, pixel_format, bits):
    frame = frame_of(pixel_format, full)
    converter = Converter(colours(matrix, full), SIZE, SIZE, pixel_format)
    found = converter.read(converter.to_rgb(frame))
    y, u, v = (plane / (1 << (bits - 8)) for plane in planes(frame))
    y, swing = (y / 255, 255) if full else ((y - 16) / 219, 224)
    u, v = (u - 128) / swing, (v - 128) / swing
    red, blue = WEIGHTS[matrix]
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    if full:  # the full range of more than 8 bits ends at 2^n - 1
        most = (1 << bits) - 1
        r, g, b = (each * 255 * (1 << (bits - 8)) / most for each in (r, g, b))
    wanted = np.stack([r, g, b], axis=-1).clip(0, 1)
    levels = 255 if bits == 8 else 65535
    allowed = 2.5 if full and bits > 8 else 1.5  # FFmpeg is less exact there
    assert np.abs(found / levels - wanted).max() < allowed / ((1 << bits) - 1)


@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p"])
def test_eight_bits_come_back_within_a_level(matrix, full, pixel_format):
    assert worst(pixel_format, matrix, full) <= 1


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p10le", "yuv444p10le"])
def test_ten_bits_come_back_within_a_level_of_ten_bits(pixel_format):
    assert worst(pixel_format, 1, False) <= 1


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv444p10le"])
def test_ten_bits_of_full_range_come_back_within_two(pixel_format):
    assert worst(pixel_format, 1, True) <= 2


def worst(pixel_format, matrix, full):
    frame = frame_of(pixel_format, full)
    converter = Converter(colours(matrix, full), SIZE, SIZE, pixel_format)
    rgb = converter.to_rgb(frame)
    converter.write(rgb, converter.read(rgb).copy())
    back = converter.back(rgb)
    return max(
        int(np.abs(one - other).max())
        for one, other in zip(planes(frame), planes(back), strict=True)
    )


def test_a_result_is_marked_as_its_source():
    source = colours(5, True, primaries=5, transfer=6)
    converter = Converter(source, SIZE, SIZE, "yuv420p")
    back = converter.back(converter.to_rgb(frame_of("yuv420p", True)))
    assert (back.colorspace, back.color_range) == (5, 2)
    assert (back.color_primaries, back.color_trc) == (5, 6)
    assert back.pict_type == 0


def test_a_result_of_another_size_repeats_the_edge():
    frame = frame_of("yuv444p", False)
    width, height = SIZE
    converter = Converter(colours(), (width, height), (width + 1, height + 1), "yuv444p")
    back = converter.back(converter.to_rgb(frame))
    assert (back.width, back.height) == (width + 1, height + 1)
    for plane in planes(back):
        assert np.array_equal(plane[:, -1], plane[:, -2])
        assert np.array_equal(plane[-1], plane[-2])


@pytest.mark.parametrize(
    ("transfer", "name"), [(16, "PQ"), (18, "HLG"), (8, "linear"), (9, "logarithmic")]
)
def test_films_that_are_not_of_standard_range_are_refused(transfer, name):
    with pytest.raises(UnreadableError, match=name):
        colours(transfer=transfer).check("film.mp4")


def test_an_unknown_matrix_is_refused():
    with pytest.raises(UnreadableError, match="number 14"):
        colours(14).check("film.mp4")


def test_without_a_named_matrix_the_size_decides():
    unnamed = colours(2)
    assert unnamed.matrix_for(1280, 720) == colours(1).matrix_for(320, 240)
    assert unnamed.matrix_for(720, 576) == colours(6).matrix_for(320, 240)

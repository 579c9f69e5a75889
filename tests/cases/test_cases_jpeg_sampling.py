"""A JPEG keeps its subsampling and its tables, whatever they are."""

import io

import numpy as np
import pytest
from cases_kinds import dark
from PIL import Image
from sample_files import PROFILE, exif_with, saved

import scotopic
from scotopic.photo.codecs import jpeg_planes
from scotopic.photo.reading import read

imagecodecs = pytest.importorskip("imagecodecs", reason="needs scotopic[deep]")


def sampled(sampling, height=43, width=61):
    """A JPEG by imagecodecs of a size that no block divides."""
    return bytes(imagecodecs.jpeg8_encode(dark(3, height, width), level=80, subsampling=sampling))


def of_factors(*factors, progressive=False):
    """A JPEG of sampling factors that no encoder at hand writes, put together from planes."""
    whole = Image.fromarray(dark(3, 43, 61))
    tables = {0: [1 + index // 4 for index in range(64)]}
    head = saved(whole, "JPEG", exif=exif_with(1), icc_profile=PROFILE)
    sampling = tuple((across, down, 0) for across, down in factors)
    options = {"progressive": progressive}
    return jpeg_planes.encode(whole, head, sampling, tables, options)


def layout(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.layer, image.quantization, bool(image.info.get("progressive"))


@pytest.mark.parametrize("sampling", ["444", "422", "420", "411", "440"])
def test_a_jpeg_keeps_its_subsampling_and_tables(sampling):
    data = sampled(sampling)
    made = scotopic.enhance(data)
    assert layout(made) == layout(data)
    decoded = imagecodecs.jpeg8_decode(made)
    assert np.abs(decoded.astype(int) - read(made).pixels).max() <= 6
    assert not read(made).notes


FACTORS = [((4, 2), (1, 1), (1, 1)), ((2, 2), (1, 2), (1, 2)), ((2, 2), (2, 1), (1, 2))]


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("progressive", [False, True])
def test_rare_factors_are_kept_with_the_metadata(factors, progressive):
    data = of_factors(*factors, progressive=progressive)
    made = scotopic.enhance(data)
    assert layout(made) == layout(data)
    assert read(made).exif == read(data).exif and read(made).icc_profile == PROFILE


def test_planes_of_any_sampling_hold_the_picture():
    pixels = dark(3, 43, 61).astype(int)
    for factors in FACTORS:
        taken = read(of_factors(*factors)).pixels
        assert taken.shape == pixels.shape and np.abs(taken - pixels).mean() < 4


def test_a_quality_asked_for_takes_the_usual_sampling():
    layers, *_ = layout(scotopic.enhance(sampled("411"), quality=90))
    assert [layer[1:3] for layer in layers] == [(1, 1)] * 3

import pytest
from PIL import Image
from sample_files import png_that_claims, saved

from scotopic.errors import Parameter, TooLargeError
from scotopic.photo import limits
from scotopic.photo.limits import Limits
from scotopic.photo.reading import read, read_carried


def test_larger_pictures_than_allowed_are_refused_before_they_are_decoded(tmp_path):
    claimed = png_that_claims(40_000, 40_000)
    with pytest.raises(TooLargeError, match="1600 megapixels, over the limit of 1000") as caught:
        read(claimed, "a.png")
    assert caught.value.path == "a.png"
    assert caught.value.remedy == Parameter("max_megapixels", 1600)
    (tmp_path / "a.png").write_bytes(claimed)
    with pytest.raises(TooLargeError, match=r"a\.png: 1600 megapixels, over the limit of 1599"):
        read_carried(tmp_path / "a.png", 1599)


def test_a_picture_of_just_the_megapixels_allowed_is_read():
    with pytest.raises(TooLargeError, match="over the limit of 1;"):
        read(saved(Image.new("L", (1100, 1000)), "BMP"), limits=Limits(1))
    assert read(saved(Image.new("L", (1000, 1000)), "BMP"), limits=Limits(1))


def test_a_picture_that_takes_more_memory_than_there_is_is_refused_before_it_is_decoded():
    data = saved(Image.new("RGB", (3000, 2000)), "JPEG")
    needed = limits.bytes_needed(6_000_000, False, "JPEG")
    assert read(data, limits=Limits(memory=needed)).pixels.shape == (2000, 3000, 3)
    with pytest.raises(TooLargeError, match="6 megapixels take about 0.3G of memory") as caught:
        read(data, limits=Limits(memory=needed - 1))
    assert caught.value.remedy == Parameter("memory", needed, "Enhancer")
    progressive = saved(Image.new("RGB", (3000, 2000)), "JPEG", progressive=True)
    with pytest.raises(TooLargeError, match="megapixels take about"):
        read(progressive, limits=Limits(memory=needed))
    frames = [Image.new("RGB", (300, 200), level) for level in ((9, 9, 9), (8, 8, 8), (7, 7, 7))]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(TooLargeError, match="0.18 megapixels take about"):
        read(moving, limits=Limits(memory=limits.bytes_needed(120_000, False, "GIF")))


@pytest.mark.parametrize(
    ("form", "traits", "more"),
    [
        ("WEBP", ["lossless"], 18),
        ("JPEG", ["progressive"], 3),
        ("PNG", ["RGBA"], 2),
        ("GIF", [], 0),
    ],
)
def test_what_takes_more_memory_is_estimated_so(form, traits, more):
    plain, deep = limits.bytes_needed(10**6, False, form), limits.bytes_needed(10**6, True, form)
    assert limits.bytes_needed(10**6, False, form, *traits) == plain + more * 10**6
    assert deep - plain == plain - limits.bytes_needed(0, False, form)


def test_a_lossless_webp_is_known_by_its_file_to_take_more():
    image = Image.new("RGB", (100, 100))
    usual = Limits(memory=limits.bytes_needed(10_000, False, "WEBP"))
    assert read(saved(image, "WEBP"), limits=usual)
    with pytest.raises(TooLargeError, match="megapixels take about"):
        read(saved(image, "WEBP", lossless=True), limits=usual)

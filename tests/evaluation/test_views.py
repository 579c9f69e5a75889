import numpy as np

from scotopic.evaluation import views
from scotopic.photo.carried import icc
from scotopic.photo.photo import Photo


def test_pixels_without_a_profile_are_seen_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(views.as_seen(Photo(pixels)), pixels)
    assert np.array_equal(views.as_seen(Photo(pixels.astype(np.uint16) * 257)), pixels)


def test_gray_is_seen_as_three_equal_channels():
    gray = np.random.default_rng(0).integers(0, 256, (9, 7, 1), dtype=np.uint8)
    assert np.array_equal(views.as_seen(Photo(gray)), np.repeat(gray, 3, axis=-1))


def test_pixels_are_seen_by_their_profile():
    """In a profile whose red is the blue of sRGB, red is seen as blue."""
    exchanged = icc.srgb().replace(b"rXYZ", b"none").replace(b"bXYZ", b"rXYZ")
    exchanged = exchanged.replace(b"none", b"bXYZ")
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for profile, wanted in ((exchanged, pixels[..., ::-1]), (icc.srgb(), pixels)):
        seen = views.as_seen(Photo(pixels, icc_profile=profile))
        assert np.abs(seen.astype(int) - wanted).max() <= 1


def test_a_profile_that_is_of_no_use_is_ignored():
    gray = np.full((4, 4, 1), 77, np.uint8)
    for profile in (b"profile" * 20, icc.srgb()):
        assert (views.as_seen(Photo(gray, icc_profile=profile)) == 77).all()

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from scotopic.enhancer import Enhancer
from scotopic.jobs import one
from scotopic.photo import animation
from scotopic.photo.carried import curves, icc
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read
from scotopic.wish import Wish


def profile_with(curve, tag=b"rTRC"):
    """As little of a profile as holds a curve."""
    entry = tag + (144).to_bytes(4, "big") + len(curve).to_bytes(4, "big")
    return bytes(128) + (1).to_bytes(4, "big") + entry + curve


def curv(*values):
    data = np.asarray(values, ">u2").tobytes()
    return b"curv\0\0\0\0" + len(values).to_bytes(4, "big") + data


def para(kind, gamma):
    return b"para\0\0\0\0" + kind.to_bytes(2, "big") + b"\0\0" + gamma.to_bytes(4, "big")


@pytest.mark.parametrize(
    "curve, linear",
    [
        (curv(), True),
        (curv(256), True),
        (curv(563), False),
        (curv(0, 32768, 65535), True),
        (curv(0, 14000, 65535), False),
        (para(0, 65536), True),
        (para(0, 144179), False),
        (para(3, 65536), False),
        (b"what is this", False),
    ],
)
@pytest.mark.parametrize("tag", [b"rTRC", b"kTRC"])
def test_linear_profiles_are_known(curve, linear, tag):
    assert icc.is_linear(profile_with(curve, tag)) == linear


def test_what_is_no_profile_is_not_linear():
    assert not icc.is_linear(None) and not icc.is_linear(b"") and not icc.is_linear(bytes(140))
    assert not icc.is_linear(icc.srgb())


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_the_way_to_the_curve_and_back_keeps_every_value(kind):
    values = np.arange(np.iinfo(kind).max + 1).astype(kind)
    back = curves.decoded(curves.encoded(values, curves.LINEAR), kind, curves.LINEAR)
    assert np.abs(back.astype(int) - values).max() <= (0 if kind == np.uint8 else 1)


def test_a_linear_picture_is_enhanced_under_the_curve_of_srgb():
    coarse = np.random.default_rng(0).integers(10, 60, (6, 8, 3), dtype=np.uint8)
    gamma = np.asarray(Image.fromarray(coarse).resize((96, 64), Image.Resampling.BICUBIC))
    gamma = gamma.astype(np.uint16) * 257
    linear = Photo(
        curves.decoded(gamma, np.uint16, curves.LINEAR), icc_profile=profile_with(curv())
    )
    usual = Photo(gamma.copy())
    enhancer = Enhancer()
    first, notes = one.enhance_photo(enhancer, linear, Wish())
    second, others = one.enhance_photo(enhancer, usual, Wish())
    assert first.gain == pytest.approx(second.gain, rel=1e-3)
    assert linear.pixels.dtype == np.uint16
    assert "colour profile is linear" in notes[0] and others == ()
    apart = curves.encoded(linear.pixels, curves.LINEAR).astype(int) - usual.pixels
    assert np.abs(apart).max() < 0.002 * 65535


def test_all_frames_of_a_linear_animation_come_back_linear():
    def fresh():
        return np.full((40, 60, 3), 9, np.uint8)

    def enhanced(profile):
        rest = animation.Animation([(fresh(), None)], [50, 50], 0)
        picture = Photo(fresh(), icc_profile=profile, animation=rest)
        one.enhance_photo(Enhancer(), picture, Wish(ev=1))
        return [picture.pixels, picture.animation.frames[0][0]]

    first, second = enhanced(profile_with(curv()))
    assert first.dtype == second.dtype == np.uint8 and np.array_equal(first, second)
    assert not np.array_equal(first, enhanced(None)[0])


def test_cmyk_comes_by_its_profile_and_without_one_by_the_plain_rule():
    inks = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    buffer = io.BytesIO()
    inks.save(buffer, "JPEG", quality=95)
    taken = read(buffer.getvalue())
    assert taken.icc_profile is None and "without a colour profile" in taken.notes[0]
    assert taken.pixels[4, 4, 0] > 240 > 10 > taken.pixels[4, 4, 1]
    buffer = io.BytesIO()
    inks.save(buffer, "JPEG", quality=95, icc_profile=icc.srgb())  # of another kind: not usable
    taken = read(buffer.getvalue())
    assert taken.icc_profile is None and "without a colour profile" in taken.notes[0]


def test_the_profile_of_srgb_does_not_tell_when_it_was_made():
    made = icc.srgb()
    assert made[24:36] == bytes([7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]), "1 January 2000"
    profile = ImageCms.ImageCmsProfile(io.BytesIO(made))
    assert "sRGB" in ImageCms.getProfileName(profile)

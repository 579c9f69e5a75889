import io

import numpy as np
import pytest
from PIL import Image
from sample_files import encoded

from scotopic.photo.carried import icc
from scotopic.photo.codecs import gif
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read

XMP = b"<x:xmpmeta>night</x:xmpmeta>"


def small(**options):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "GIF", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("options", [{}, {"comment": b"hello", "loop": 0}])
def test_what_is_put_in_comes_out_and_the_picture_is_the_same(options):
    before = small(**options)
    after = gif.with_extensions(before, XMP, icc.srgb())
    assert gif.extensions_of(after) == (XMP, icc.srgb())
    assert gif.extensions_of(before) == (None, None)
    with Image.open(io.BytesIO(before)) as first, Image.open(io.BytesIO(after)) as second:
        assert np.array_equal(np.asarray(first.convert("RGB")), np.asarray(second.convert("RGB")))
        assert first.info.get("comment") == second.info.get("comment")


@pytest.mark.parametrize("length", [14, 40, 800, 900, 1000])
def test_what_is_cut_short_is_passed_over(length):
    cut = gif.with_extensions(small(), XMP, icc.srgb())[:length]
    assert gif.extensions_of(cut)[0] in (None, XMP)


def test_a_photo_carries_them():
    given = Photo(np.full((9, 9, 3), 40, np.uint8), icc_profile=icc.srgb(), xmp=XMP)
    given.text["Comment"] = "by night"
    taken = read(encoded(given, "GIF"))
    assert (taken.icc_profile, taken.xmp, taken.text) == (icc.srgb(), XMP, given.text)

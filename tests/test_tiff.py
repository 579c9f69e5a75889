import io

import numpy as np
import pytest
from PIL import Image

tifffile = pytest.importorskip("tifffile", reason="16-bit TIFF needs scotopic[deep]")
pytest.importorskip("imagecodecs", reason="16-bit TIFF needs scotopic[deep]")

from test_photo import exif_with

from scotopic import photo, tiff


def deep(rows=300):
    rng = np.random.default_rng(0)
    return rng.integers(0, 65536, (rows, 40, 3), dtype=np.uint16)


def written(pixels, order, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, byteorder=order, photometric="rgb", metadata=None, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("order, mark", [("<", b"II"), (">", b"MM")])
@pytest.mark.parametrize("options", [{}, {"rowsperstrip": 7}, {"tile": (16, 32)}])
def test_pixels_and_exif_are_both_there(order, mark, options):
    exif, pixels = exif_with(1, mark), deep()
    made = tiff.with_exif(written(pixels, order, **options), exif, {256})
    assert np.array_equal(tifffile.imread(io.BytesIO(made)), pixels)
    with Image.open(io.BytesIO(made)) as image:
        tags = image.getexif()
        assert tags[0x0112] == 1 and tags[0x927C] == bytes(range(256))
        assert image.size == (40, 300), "a tag of the picture's own is not replaced"
    place = exif.index(bytes(range(256))) - 6
    assert made[place : place + 256] == bytes(range(256)), "offsets in it stay right"


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="byte order"):
        tiff.with_exif(written(deep(), "<"), exif_with(1, b"MM"), set())
    with pytest.raises(ValueError, match="damaged"):
        tiff.with_exif(written(deep(), "<"), exif_with(1)[:20], set())
    assert tiff.byte_order(b"nonsense") is None


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_a_deep_photo_keeps_its_exif(order):
    given = photo.Photo(deep(20), exif=exif_with(1, order), xmp=b"<x/>")
    taken = photo.read(photo.encode(given, "TIFF"))
    assert np.array_equal(taken.pixels, given.pixels) and taken.xmp == b"<x/>"
    assert bytes(range(256)) in taken.exif and given.notes == []


def test_damaged_exif_does_not_stop_a_deep_photo():
    given = photo.Photo(deep(20), exif=exif_with(1)[:24])
    taken = photo.read(photo.encode(given, "TIFF"))
    assert np.array_equal(taken.pixels, given.pixels)
    assert "EXIF not written: it is damaged" in given.notes

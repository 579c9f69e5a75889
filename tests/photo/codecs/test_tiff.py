import io

import numpy as np
import pytest
from PIL import Image

tifffile = pytest.importorskip("tifffile", reason="16-bit TIFF needs scotopic[deep]")
pytest.importorskip("imagecodecs", reason="16-bit TIFF needs scotopic[deep]")

from sample_files import encoded, exif_with, notes_of

from scotopic.photo.codecs import tiff
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read


def deep(rows=300):
    rng = np.random.default_rng(0)
    return rng.integers(0, 65536, (rows, 40, 3), dtype=np.uint16)


def written(pixels, bands=1, **options):
    file, step = io.BytesIO(), -(-len(pixels) // bands)
    parts = (pixels[top : top + step] for top in range(0, len(pixels), step))
    tiff.write(file, parts, len(pixels), **options)
    return file.getvalue()


@pytest.mark.parametrize("mark", [b"II", b"MM"])
@pytest.mark.parametrize("bands", [1, 7, 300])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pixels_and_exif_are_both_there(mark, bands, kind, channels):
    block = exif_with(1, mark)
    rng = np.random.default_rng(0)
    given = rng.integers(0, np.iinfo(kind).max + 1, (300, 400, channels), dtype=kind)
    made = written(given, bands, exif=block, dpi=(300, 72.5))
    assert np.array_equal(tifffile.imread(io.BytesIO(made)), np.squeeze(given))
    with tifffile.TiffFile(io.BytesIO(made)) as file:
        tags = file.pages[0].tags
        assert tags[0x0112].value == 1 and tags[0x927C].value == bytes(range(256))
        assert tags[283].value == (725000, 10000)
        assert bool(file.pages[0].extrasamples) == (channels in (2, 4))
    place = block.index(bytes(range(256))) - 6
    assert made[place : place + 256] == bytes(range(256)), "offsets in it stay right"


def test_pillow_reads_what_is_written():
    given = np.random.default_rng(0).integers(0, 256, (300, 400, 4), dtype=np.uint8)
    with Image.open(io.BytesIO(written(given, 3))) as image:
        assert image.mode == "RGBA" and np.array_equal(np.asarray(image), given)


def test_damaged_exif_is_refused_and_nothing_written():
    file = io.BytesIO()
    for block in (exif_with(1)[:20], b"nonsense"):
        with pytest.raises(ValueError, match="damaged"):
            tiff.write(file, iter([deep()]), 300, exif=block)
    assert file.getvalue() == b""


def test_more_than_a_tiff_can_hold_is_refused(monkeypatch):
    monkeypatch.setattr(tiff, "_MOST", 10_000)
    with pytest.raises(OSError, match="more than a TIFF can hold"):
        written(deep())


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_a_deep_photo_keeps_its_exif(order):
    given = Photo(deep(20), exif=exif_with(1, order), xmp=b"<x/>")
    taken = read(encoded(given, "TIFF"))
    assert np.array_equal(taken.pixels, given.pixels) and taken.xmp == b"<x/>"
    assert bytes(range(256)) in taken.exif and notes_of(given, "TIFF") == ()


def test_damaged_exif_does_not_stop_a_deep_photo():
    given = Photo(deep(20), exif=exif_with(1)[:24])
    taken = read(encoded(given, "TIFF"))
    assert np.array_equal(taken.pixels, given.pixels)
    assert notes_of(given, "TIFF") == ("EXIF not written: it is damaged",)

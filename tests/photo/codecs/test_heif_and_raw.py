import io
import sys

import numpy as np
import pytest
from PIL import Image
from sample_files import encoded

from scotopic.errors import MissingPackageError, TooLargeError, UnreadableError
from scotopic.photo.codecs import heif, raw
from scotopic.photo.limits import Limits
from scotopic.photo.reading import read


def heic(orientation=1):
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    coarse = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=exif.tobytes())
    return buffer.getvalue(), np.asarray(image)


def test_heic_is_read_with_its_exif_and_not_turned_twice():
    data, pixels = heic()
    taken = read(data)
    assert taken.format == "HEIF" and taken.pixels.shape == (120, 160, 3)
    assert np.abs(taken.pixels.astype(int) - pixels).mean() < 4
    again = read(encoded(taken, "JPEG"))
    exif = Image.Exif()
    exif.load(again.exif)
    assert (exif[0x010F], exif.get(0x0112, 1)) == ("Maker", 1)


def test_heic_of_ten_bits_keeps_them():
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    coarse = np.random.default_rng(0).integers(0, 65536, (6, 8, 3), dtype=np.uint16)
    pixels = np.repeat(np.repeat(coarse, 10, axis=0), 10, axis=1)
    buffer = io.BytesIO()
    image = pillow_heif.from_bytes("RGB;16", (80, 60), pixels.tobytes())
    image.save(buffer, quality=95)
    taken = read(buffer.getvalue())
    assert taken.pixels.dtype == np.uint16 and np.unique(taken.pixels).size > 256
    assert np.abs(taken.pixels.astype(int) - pixels).mean() < 200
    with pytest.raises(TooLargeError, match="over the limit of 0"):
        read(buffer.getvalue(), limits=Limits(0))


def test_formats_are_known_by_their_start():
    assert heif.is_heif(b"\0\0\0\x18ftypheic") and not heif.is_heif(b"\0\0\0\x18ftypavif")
    assert raw.is_raw(b"II\x1a\0\0\0HEAPCCDR", "input") and raw.is_raw(b"II*\0", "a.NEF")
    assert not raw.is_raw(b"II*\0", "a.tif")


def test_a_raw_file_that_is_none_gets_one_line():
    pytest.importorskip("rawpy", reason="camera RAW needs rawpy")
    with pytest.raises(UnreadableError, match="a.nef: camera RAW that cannot be read"):
        read(b"no picture at all", "a.nef")


@pytest.mark.parametrize(
    ("package", "data", "name"),
    [("pillow_heif", b"\0\0\0\x18ftypheic", "a.heic"), ("rawpy", b"II*\0", "a.dng")],
)
def test_a_missing_decoder_is_named_with_its_remedy(monkeypatch, package, data, name):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match="needs the package") as caught:
        read(data, name)
    assert caught.value.path == name
    assert str(caught.value.remedy).startswith("pip install 'scotopic[")

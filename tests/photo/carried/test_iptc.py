import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from sample_files import encoded, notes_of

from scotopic import storage
from scotopic.photo import formats
from scotopic.photo.carried import iptc
from scotopic.photo.codecs import jpeg
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read

RECORDS = b"\x1c\x02\x19\x00\x05night\x1c\x02\x50\x00\x03who"
EXIFTOOL = shutil.which("exiftool")


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)


def test_records_go_into_resources_and_back():
    resources = iptc.resources_of(RECORDS)
    other = b"8BIM" + (0x03ED).to_bytes(2, "big") + b"\x03abc" + (3).to_bytes(4, "big") + b"xyz\0"
    assert iptc.records_of(resources) == RECORDS
    assert iptc.records_of(other + resources) == RECORDS
    assert iptc.records_of(other) is None
    for cut in range(len(other + resources)):
        iptc.records_of((other + resources)[:cut])


@pytest.mark.parametrize("size", [30, 200_000])
def test_resources_go_into_a_jpeg_and_back(pixels, size):
    resources = iptc.resources_of(bytes(size % 251 for _ in range(size)))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", exif=Image.Exif().tobytes())
    made = jpeg.with_segments(buffer.getvalue(), resources, None)
    assert jpeg.photoshop_of(made) == resources and jpeg.photoshop_of(buffer.getvalue()) is None
    with Image.open(io.BytesIO(made)) as image:
        image.load()
    for cut in range(0, 400, 7):
        jpeg.photoshop_of(made[:cut])


@pytest.mark.parametrize("first", ["JPEG", "TIFF"])
@pytest.mark.parametrize("then", ["JPEG", "TIFF"])
def test_records_come_through(pixels, first, then):
    given = Photo(pixels, format=first, photoshop=iptc.resources_of(RECORDS))
    taken = read(encoded(given, first))
    again = read(encoded(taken, then))
    assert iptc.records_of(again.photoshop) == RECORDS
    again.strip()
    assert read(encoded(again, then)).photoshop is None


def test_records_that_a_format_cannot_hold_are_told(pixels):
    given = Photo(pixels, photoshop=iptc.resources_of(RECORDS))
    assert notes_of(given, "PNG") == ("IPTC not written: PNG holds none",)


@pytest.mark.skipif(EXIFTOOL is None, reason="no exiftool here")
@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_exiftool_reads_what_exiftool_wrote(pixels, tmp_path, ending):
    path, after = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    Image.fromarray(pixels).save(path)
    tags = ["-IPTC:Keywords=night", "-IPTC:By-line=Zoë", "-IPTC:CodedCharacterSet=UTF8"]
    subprocess.run([EXIFTOOL, "-q", *tags, path], check=True)
    storage.write_atomically(encoded(read(path), formats.named(ending).name), after)

    def told(file):
        done = subprocess.run([EXIFTOOL, "-IPTC:all", "-S", file], capture_output=True, check=True)
        return done.stdout.decode()

    assert told(after) == told(path) and "Keywords: night" in told(after)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("quality, subsampling", [(60, 2), (90, 1), (97, 0)])
def test_a_jpeg_is_compressed_as_it_was(pixels, mode, progressive, quality, subsampling):
    buffer = io.BytesIO()
    options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
    Image.fromarray(pixels).convert(mode).save(buffer, "JPEG", **options)
    with Image.open(io.BytesIO(encoded(read(buffer.getvalue()), "JPEG"))) as again:
        wanted = Image.open(buffer)
        assert again.quantization == wanted.quantization and again.layers == wanted.layers
        assert mode == "L" or again.layer == wanted.layer, "sampling factors"
        assert again.info.get("progressive") == wanted.info.get("progressive")
    asked = encoded(read(buffer.getvalue()), "JPEG", quality=40)
    with Image.open(io.BytesIO(asked)) as other:
        assert other.quantization != wanted.quantization


@pytest.mark.parametrize("size", [5, 6])
def test_small_pictures_among_the_resources_are_dropped(size):
    def resource(kind, data):
        head = b"8BIM" + kind.to_bytes(2, "big") + b"\0\0" + len(data).to_bytes(4, "big")
        return head + data + bytes(len(data) % 2)

    first, last = resource(0x03ED, b"abc"), resource(0x0404, b"records!")
    small = resource(0x040C, bytes(size))
    assert iptc.without_thumbnail(first + small + last) == first + last
    assert iptc.without_thumbnail(first + last + b"rest") == first + last + b"rest"
    assert iptc.records_of(first + small + last) == b"records!"

"""What is not read says why, in one line."""

import subprocess
import sys

import numpy as np
import pytest
from cases_kinds import KINDS, dark, heif, tiff

import scotopic
from scotopic.errors import UnreadableError
from scotopic.jobs.settings import Settings
from scotopic.photo.header import read_header
from scotopic.photo.reading import read, read_carried

imagecodecs = pytest.importorskip("imagecodecs", reason="needs scotopic[deep]")
DEEP = dark().astype(np.uint16) * 257


def of_other_codec(kind):
    """A HEIC file that says that its picture is compressed in another way."""
    return heif(8, 3).replace(b"hvc1", kind)


REFUSED = {
    "12-bit JPEG": (
        lambda: bytes(imagecodecs.jpeg8_encode(DEEP >> 4, bitspersample=12)),
        "a JPEG of 12 bits a channel; those of 8 are read",
    ),
    "lossless JPEG": (
        lambda: bytes(imagecodecs.ljpeg_encode(dark(1)[..., 0])),
        "a JPEG of a kind that is not read: lossless",
    ),
    "big-endian BigTIFF": (
        lambda: tiff(dark(), bigtiff=True, byteorder=">"),
        "a BigTIFF of big-endian byte order; little-endian ones are read",
    ),
    "16-bit big-endian BigTIFF": (
        lambda: tiff(DEEP, bigtiff=True, byteorder=">"),
        "a BigTIFF of big-endian byte order",
    ),
    "32-bit TIFF": (lambda: tiff(DEEP[..., 0].astype(np.uint32)), "32 bits a channel are not read"),
    **{
        f"HEIF by {name}": (
            lambda kind=kind: of_other_codec(kind),
            f"a HEIF picture .*{name}; those compressed by HEVC are read",
        )
        for kind, name in (
            *((b"av01", "AV1"), (b"avc1", "H.264"), (b"vvc1", r"VVC \(H.266\)"), (b"jpeg", "JPEG")),
            *((b"j2k1", "JPEG 2000"), (b"unci", "not compressed"), (b"abcd", "not known")),
        )
    },
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_read_says_why_in_one_line(kind, tmp_path):
    make, words = REFUSED[kind]
    if "HEIF" in kind:
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    with pytest.raises(UnreadableError, match=words):
        scotopic.enhance(make())
    (tmp_path / "a.tif").write_bytes(make())
    command = [sys.executable, "-m", "scotopic", "enhance", str(tmp_path / "a.tif")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1


@pytest.mark.parametrize("content", [b"no raw file", b"II*\0\x08\0\0\0" + bytes(200), bytes(5000)])
def test_camera_raw_that_cannot_be_read_gets_plain_words(content):
    pytest.importorskip("rawpy", reason="camera RAW needs rawpy")
    with pytest.raises(UnreadableError, match="camera RAW that cannot be read: ") as caught:
        read(content, "a.nef")
    assert "b'" not in str(caught.value) and 'b"' not in str(caught.value)


def test_a_bigtiff_of_big_endian_byte_order_is_refused_by_rows_too(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(dark(), bigtiff=True, byteorder=">"))
    with pytest.raises(UnreadableError, match=r"a\.tif: a BigTIFF of big-endian"):
        read_carried(tmp_path / "a.tif", Settings().max_megapixels)


@pytest.mark.parametrize("kind", ["HEIC, 10 bits, 3 channels", "JPEG, progressive"])
def test_what_is_read_is_not_taken_for_what_is_not(kind):
    assert read(KINDS[kind]()).pixels.size


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "32-bit TIFF"])
def test_a_kind_that_is_not_read_is_refused_by_its_header(tmp_path, name):
    make, problem = REFUSED[name]
    (tmp_path / "a").write_bytes(make())
    with pytest.raises(UnreadableError, match=problem):
        read_header(tmp_path / "a")


def test_the_markers_of_a_jpeg_mean_nothing_in_other_files():
    data = bytearray(KINDS["BMP"]())
    data[2:6] = b"\xff\xc3\x01\0"  # the size of the file, which decoders pass over
    assert read(bytes(data)).pixels.shape == dark().shape

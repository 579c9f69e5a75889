"""Limits hold before anything is decoded: for each frame, tile and picture within a picture."""

import contextlib
import io
import json
import resource
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageSequence
from places import COMMAND
from sample_files import png_that_claims, saved

import scotopic
from scotopic.errors import TooLargeError, UnreadableError
from scotopic.photo import limits, reading
from scotopic.photo.limits import Limits
from scotopic.photo.rows import rows_if_large

pillow_heif = pytest.importorskip("pillow_heif", reason="makes a sample")
tifffile = pytest.importorskip("tifffile", reason="makes samples")

BOUND = 5 * 2**30
"""Addresses that a process under test may have, so that no failure takes the machine."""


def bounded(*arguments, **options):
    """Run the command within the bound."""
    return subprocess.run(
        [str(part) for part in (COMMAND, *arguments)],
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (BOUND, BOUND)),
        timeout=120,
        **options,
    )


def gif(screen, *frames, disposal=0):
    """A GIF whose frames claim places: (left, top, width, height); each has one pixel."""
    head = b"GIF89a" + struct.pack("<HH", *screen) + b"\x80\0\0" + bytes((0, 0, 0, 90, 80, 70))
    parts = []
    for frame in frames:
        parts.append(b"!\xf9\x04" + bytes((disposal << 2,)) + b"\x05\0\0\0")
        parts.append(b"," + struct.pack("<HHHH", *frame) + b"\0" + b"\x02\x02\x4c\x01\0")
    return head + b"".join(parts) + b";"


def webp_that_claims(width, height):
    """An animated WebP with a canvas of some size, and two frames of one pixel."""
    images = [Image.new("RGB", (1, 1), (9, 9, level)) for level in (9, 200)]
    data = bytearray(saved(images[0], "WEBP", save_all=True, append_images=images[1:]))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def apng_that_claims(frames):
    """A PNG of 3000x3000 that claims some number of frames, of which one is there."""
    images = [Image.new("L", (8, 8), level) for level in (9, 200)]
    data = bytearray(saved(images[0], "PNG", save_all=True, append_images=images[1:]))
    for name, start, stop, value in (
        (b"IHDR", 4, 12, struct.pack(">II", 3000, 3000)),
        (b"acTL", 4, 8, struct.pack(">I", frames)),
    ):
        at = data.index(name)
        size = int.from_bytes(data[at - 4 : at], "big")
        data[at + start : at + stop] = value
        data[at + 4 + size : at + 8 + size] = struct.pack(
            ">I", zlib.crc32(bytes(data[at : at + 4 + size]))
        )
    return bytes(data)


def with_size(data, width, height):
    """AVIF or HEIC that claims to be of some size."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def heic(size):
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", size, (20, 30, 40))).save(buffer)
    return buffer.getvalue()


def tiff_with_tiles_of(side):
    """A TIFF of 64x64 whose one tile claims far more pixels."""
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, np.zeros((64, 64, 3), np.uint8), tile=(64, 64), compression="zlib", metadata=None
    )
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        for tag in (322, 323):
            entry = file.pages[0].tags[tag]
            struct.pack_into({3: "<H", 4: "<I"}[int(entry.dtype)], data, entry.valueoffset, side)
    return bytes(data)


def ico(png):
    """An icon that says that the picture in it is small."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(png), 22) + png


TOO_LARGE = {
    "frame_beyond.gif": gif((10, 10), (0, 0, 10, 10), (0, 0, 65535, 65535), (0, 0, 65535, 65535)),
    "first_beyond.gif": gif((10, 10), (65535, 65535, 60000, 60000)),
    "cleared_beyond.gif": gif((9, 9), (0, 0, 9, 9), (0, 0, 65535, 65535), (0, 0, 9, 9), disposal=2),
    "many_frames.gif": gif((3000, 3000), *[(0, 0, 1, 1)] * 120),
    "grown_frames.gif": gif((10, 10), *[(0, 0, 1, 1)] * 119, (0, 0, 3000, 3000)),
    "claimed.png": png_that_claims(60_000, 60_000),
    "many_frames.png": apng_that_claims(120),
    "canvas.webp": webp_that_claims(60_000, 60_000),
    "claimed.avif": with_size(saved(Image.new("RGB", (64, 64)), "AVIF"), 40_000, 30_000),
    "claimed.heic": with_size(heic((64, 64)), 40_000, 30_000),
    "tile.tif": tiff_with_tiles_of(32_768),
    "icon.ico": ico(png_that_claims(60_000, 60_000)),
}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--memory", "20G"), "over the limit of 1000"),
        (("--memory", "512M", "--max-megapixels", "1000000"), "of memory; use --memory"),
    ],
)
def test_small_files_that_claim_to_be_large_are_refused_in_one_line_each(tmp_path, options, reason):
    for name, data in TOO_LARGE.items():
        assert len(data) < 100_000
        (tmp_path / name).write_bytes(data)
    sources = [tmp_path / name for name in TOO_LARGE]
    done = bounded("enhance", *sources, "-o", tmp_path / "out", "--json", "-j1", *options)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["source"] for each in told] == [str(source) for source in sources]
    for source, each in zip(sources, told, strict=True):
        assert each["status"] == "failed", each
        if source.name in ("claimed.avif", "claimed.heic"):  # their libraries may know better
            assert each["error"]["kind"] in ("TooLargeError", "UnreadableError")
        else:
            assert reason in each["error"]["message"]
    assert len(done.stderr.splitlines()) == len(TOO_LARGE) + 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".scotopic.jsonl"]


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_the_frames_of_an_animation_count_together(form):
    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 99, (300, 400, 3), np.uint8)) for _ in range(9)]
    data = saved(frames[0], form, save_all=True, append_images=frames[1:])
    assert len(reading.read(data, limits=Limits(2)).animation.frames) == 8
    with pytest.raises(TooLargeError, match=r"1\.08 megapixels, over the limit of 1;"):
        reading.read(data, limits=Limits(1))


def test_pages_that_are_not_read_may_be_of_any_size():
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(np.full((64, 64, 3), 9, np.uint8), photometric="rgb", subifds=1)
        file.write(np.zeros((2000, 2000, 3), np.uint8), photometric="rgb", subfiletype=1)
        file.write(np.zeros((2000, 2000, 3), np.uint8), photometric="rgb")
    taken = reading.read(buffer.getvalue(), limits=Limits(1))
    assert taken.pixels.shape == (64, 64, 3)
    assert "2 pictures in the file: the first is taken" in taken.notes


def test_coded_pixels_beyond_what_the_file_says_are_no_picture():
    with pytest.raises(UnreadableError):
        reading.read(with_size(heic((3000, 2000)), 64, 64), "a.heic")


@pytest.mark.parametrize(("compression", "channels"), [("jpeg", 1), ("webp", 3)])
def test_a_strip_that_holds_more_than_it_may_is_no_picture(
    tmp_path, monkeypatch, compression, channels
):
    monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    for side in (64, 640):
        path = tmp_path / f"{side}.tif"
        tifffile.imwrite(
            path,
            np.full((side, side, channels), 9, np.uint8).squeeze(),
            photometric="rgb" if channels == 3 else "minisblack",
            compression=compression,
            metadata=None,
            rowsperstrip=1000,
        )
        data = bytearray(path.read_bytes())
        with tifffile.TiffFile(path) as file:
            for tag in (256, 257, 278):
                entry = file.pages[0].tags[tag]
                struct.pack_into({3: "<H", 4: "<I"}[int(entry.dtype)], data, entry.valueoffset, 64)
        path.write_bytes(data)
    with contextlib.closing(rows_if_large(tmp_path / "64.tif", 1)) as rows:
        assert rows[:].shape == (64, 64, channels)
    with contextlib.closing(rows_if_large(tmp_path / "640.tif", 1)) as rows:
        assert rows.shape == (64, 64, channels)
        with pytest.raises(UnreadableError, match="holds more than the file says"):
            rows[:]


def test_a_tiff_that_says_two_sizes_is_no_picture():
    buffer = io.BytesIO()
    deep = np.full((64, 64, 3), 9, np.uint16)
    depth = [(65000, 4, 1, 2_000_000, True)]
    tifffile.imwrite(buffer, deep, photometric="rgb", metadata=None, extratags=depth)
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        place = file.pages[0].tags[65000].offset
    assert reading.read(bytes(data)).pixels.shape == (64, 64, 3)
    struct.pack_into("<H", data, place, 32997)  # ImageDepth, which Pillow passes over
    with pytest.raises(UnreadableError, match="two sizes"):
        reading.read(bytes(data))


def test_what_would_be_decoded_at_once_is_bounded_by_rows_too(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    (tmp_path / "tile.tif").write_bytes(tiff_with_tiles_of(30_016))
    (tmp_path / "usual.tif").write_bytes(tiff_with_tiles_of(64))
    tifffile.imwrite(tmp_path / "wide.tif", np.zeros((1, 64, 3), np.uint8), photometric="rgb")
    data = bytearray((tmp_path / "wide.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "wide.tif") as file:
        for tag, value in ((256, 60_000_000), (279, 180_000_000)):
            entry = file.pages[0].tags[tag]
            struct.pack_into({3: "<H", 4: "<I"}[int(entry.dtype)], data, entry.valueoffset, value)
    (tmp_path / "wide.tif").write_bytes(data)
    assert rows_if_large(tmp_path / "tile.tif", 1) is None
    assert rows_if_large(tmp_path / "wide.tif", 1) is None
    with contextlib.closing(rows_if_large(tmp_path / "usual.tif", 1)) as rows:
        assert rows[:].shape == (64, 64, 3)


def test_a_frame_beyond_the_picture_enlarges_all_frames_and_that_is_told(tmp_path):
    images = [Image.new("RGB", (60, 50), (level, 30, 20)) for level in (90, 20, 50)]
    data = bytearray(saved(images[0], "GIF", save_all=True, append_images=images[1:]))
    data[6:10] = struct.pack("<HH", 40, 30)  # the screen
    at = data.index(b",\0\0\0\0" + struct.pack("<HH", 60, 50))
    first = saved(images[0].crop((0, 0, 40, 30)), "GIF")
    begin = first.index(b",\0\0\0\0")
    data = data[:at] + first[begin:-1] + data[data.index(b"!\xf9", at) :]
    (tmp_path / "a.gif").write_bytes(data)
    with Image.open(tmp_path / "a.gif") as image:
        sizes = [frame.size for frame in ImageSequence.Iterator(image)]
    assert sizes == [(40, 30), (60, 50), (60, 50)]
    done = bounded("enhance", tmp_path / "a.gif", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert b"enlarged from 40x30 to 60x50 pixels" in done.stderr
    with Image.open(tmp_path / "out" / "a.gif") as image:
        sizes = [frame.size for frame in ImageSequence.Iterator(image)]
    assert sizes == [(60, 50)] * 3


@pytest.fixture
def large_file(tmp_path):
    """A file of 3 GB that takes no place on the disk."""
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.write(saved(Image.new("RGB", (8, 8)), "JPEG"))
        file.truncate(3 * 2**30)
    return path


def peak_of(*arguments, **options):
    """What the command does within 1 GiB, and how much memory it takes."""
    code = "import resource, subprocess, sys\n"
    code += "done = subprocess.run(sys.argv[1:])\n"
    code += "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    code += "print('peak', peak, done.returncode)"
    command = [sys.executable, "-c", code, COMMAND, *arguments, "--memory", "1G"]
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (BOUND, BOUND)),
        timeout=120,
        **options,
    )
    *_, peak, code = done.stdout.split()
    return done.stderr.decode(), int(peak) * 1024, int(code)


def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(tmp_path, large_file):
    said, peak, code = peak_of("enhance", large_file, "-o", tmp_path / "out")
    assert code == 1 and peak < 2**29
    assert "the file has 3.0G, more than the memory holds; use --memory 3.2G" in said
    with pytest.raises(TooLargeError, match=r"the file has 3\.0G"):
        scotopic.enhance(large_file, enhancer=scotopic.Enhancer(memory=2**30, threads=1))


def test_what_has_no_end_is_read_up_to_the_limit(tmp_path):
    for source in ("/dev/zero", "-"):
        with open("/dev/zero", "rb") as endless:
            said, peak, code = peak_of("enhance", source, "-o", tmp_path / "a.png", stdin=endless)
        assert code == 1 and peak < 1.1 * 2**30
        assert "there is more than 0.8G to be read" in said and len(said.splitlines()) == 1
    assert not (tmp_path / "a.png").exists()


def test_file_objects_are_read_up_to_the_limit_and_hold_bytes(tmp_path):
    enhancer = scotopic.Enhancer(memory=300 * 2**20, threads=1)
    with open("/dev/zero", "rb") as file, pytest.raises(TooLargeError, match="/dev/zero: there is"):
        scotopic.enhance(file, enhancer=enhancer)
    with pytest.raises(ValueError, match="binary mode"):
        scotopic.enhance(io.StringIO("text"), enhancer=enhancer)


def test_pictures_come_through_pipes_of_any_name(tmp_path):
    data = saved(Image.new("RGB", (24, 16), (20, 30, 9)), "TIFF")
    done = bounded("enhance", "/dev/stdin", "-o", tmp_path / "a.tif", input=data)
    assert done.returncode == 0, done.stderr
    assert reading.read(tmp_path / "a.tif").pixels.shape == (16, 24, 3)

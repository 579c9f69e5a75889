"""TIFF by rows: the same as whole."""

import contextlib
import json
import subprocess

import numpy as np
import pytest
from PIL import Image

tifffile = pytest.importorskip("tifffile", reason="TIFF by rows needs scotopic[deep]")
pytest.importorskip("imagecodecs", reason="TIFF by rows needs scotopic[deep]")

from places import COMMAND
from sample_files import PROFILE, encoded

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.jobs.many import run_job
from scotopic.jobs.settings import Encoding, Job, Settings
from scotopic.photo import limits
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read
from scotopic.photo.rows import rows_if_large
from scotopic.wish import Wish

LAYOUTS = [
    {"rowsperstrip": 7},
    {"tile": (32, 48)},
    {"rowsperstrip": 7, "compression": "zlib"},
    {"byteorder": ">", "bigtiff": True},
]


def dark(channels=3, kind=np.uint16, size=(90, 130)):
    rng = np.random.default_rng(0)
    most = np.iinfo(kind).max // 5
    return rng.integers(0, most, (*size, channels), dtype=kind)


def write(path, pixels, **options):
    kind = "rgb" if pixels.shape[-1] > 2 else "minisblack"
    extra = {"extrasamples": ["unassalpha"]} if pixels.shape[-1] in (2, 4) else {}
    tifffile.imwrite(path, np.squeeze(pixels), photometric=kind, metadata=None, **extra, **options)
    return path


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_rows_are_those_of_the_whole(tmp_path, everything_is_large, layout, channels, kind):
    pixels = dark(channels, kind)
    path = write(tmp_path / "a.tif", pixels, **layout)
    with contextlib.closing(rows_if_large(path, 1)) as rows:
        assert (rows.shape, rows.dtype) == (pixels.shape, pixels.dtype)
        for key in (np.s_[0:1], np.s_[5:90], np.s_[31:33], np.s_[40:200], np.s_[:0]):
            assert np.array_equal(rows[key], pixels[key])
        assert np.array_equal(rows[3:50, 7:20], pixels[3:50, 7:20])


@pytest.mark.parametrize("layout, channels", [(LAYOUTS[0], 1), (LAYOUTS[1], 4), (LAYOUTS[2], 3)])
def test_by_rows_a_picture_becomes_what_it_becomes_whole(tmp_path, monkeypatch, layout, channels):
    pixels = dark(channels, size=(1500, 300))
    source = write(tmp_path / "a.tif", pixels, iccprofile=PROFILE, **layout)
    enhancer = Enhancer(memory=2**20)
    whole = Job(source, tmp_path / "whole.tif")
    assert run_job(Enhancer(), whole, Settings()).report.tiles == 1
    monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    by_rows = Job(source, tmp_path / "rows.tif")
    assert run_job(enhancer, by_rows, Settings()).report.tiles > 1
    first, second = (tifffile.imread(job.target).astype(int) for job in (whole, by_rows))
    assert np.abs(first - second).max() <= 16, "of 65535"
    if channels == 4:
        assert np.array_equal(second[..., 3], pixels[..., 3])
    with Image.open(by_rows.target) as image:
        assert image.info["icc_profile"] == PROFILE and b"scotopic" in image.info["xmp"]


def test_bright_ones_are_copied_and_stripped_ones_keep_their_pixels(tmp_path, everything_is_large):
    bright = (dark() * 4 + 20_000).astype(np.uint16)
    source = write(tmp_path / "a.tif", bright, iccprofile=PROFILE, software="mine")
    settings = Settings(Wish(skip_bright=True))
    done = run_job(Enhancer(), Job(source, tmp_path / "b.tif"), settings)
    assert done.status == "copied"
    assert (tmp_path / "b.tif").read_bytes() == source.read_bytes()
    settings = Settings(Wish(skip_bright=True), Encoding(strip=True))
    done = run_job(Enhancer(), Job(source, tmp_path / "c.tif"), settings)
    assert done.status == "copied"
    assert np.array_equal(tifffile.imread(tmp_path / "c.tif"), bright)
    assert b"mine" not in (tmp_path / "c.tif").read_bytes()


def test_a_network_that_sees_the_picture_whole_does_not_get_rows(tmp_path, monkeypatch):
    source = write(tmp_path / "a.tif", dark())
    monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    with pytest.raises(ScotopicError, match="megapixels take about"):
        job = Job(source, tmp_path / "b.tif")
        run_job(Enhancer("mirnet_small_lol"), job, Settings())


def test_what_is_to_be_another_format_is_not_read_by_rows(tmp_path, everything_is_large):
    source = write(tmp_path / "a.tif", dark())
    job = Job(source, tmp_path / "b.tif")
    with pytest.raises(ScotopicError, match="megapixels take about"):
        run_job(Enhancer(), job, Settings(encoding=Encoding("png")))


def test_what_fits_is_read_whole(tmp_path):
    assert rows_if_large(write(tmp_path / "a.tif", dark()), 2**30) is None


def test_what_is_not_read_by_rows_is_left_to_the_usual_way(tmp_path, everything_is_large):
    turned = write(tmp_path / "a.tif", dark(), extratags=[(274, 3, 1, 6, True)])
    planes = tmp_path / "b.tif"
    tifffile.imwrite(planes, dark().transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    (tmp_path / "c.tif").write_bytes(b"II*\0 and no more")
    extra = tmp_path / "d.tif"
    more = {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    tifffile.imwrite(extra, dark(4), **more)
    for path in (extra, turned, planes, tmp_path / "c.tif", tmp_path / "absent.tif"):
        assert rows_if_large(path, 1) is None


def test_what_is_compressed_as_one_is_not_read_by_rows(tmp_path, everything_is_large, monkeypatch):
    source = write(tmp_path / "a.tif", dark(), rowsperstrip=90, compression="zlib")
    with contextlib.closing(rows_if_large(source, 1)) as rows:
        assert rows.shape == (90, 130, 3)
    monkeypatch.setattr("scotopic.photo.rows._HELD_BYTES", 1000)
    assert rows_if_large(source, 1) is None


def test_a_damaged_strip_leaves_no_file(tmp_path, everything_is_large):
    source = write(tmp_path / "a.tif", dark(), rowsperstrip=9, compression="zlib")
    data = bytearray(source.read_bytes())
    with tifffile.TiffFile(source) as file:
        place = file.pages[0].dataoffsets[5]
    data[place : place + 40] = bytes(40)
    source.write_bytes(data)
    job = Job(source, tmp_path / "out" / "a.tif")
    with pytest.raises(ScotopicError, match=r"a\.tif: damaged or unsupported"):
        run_job(Enhancer(), job, Settings())
    assert not job.target.exists() and not list(tmp_path.glob("out/*"))


@pytest.mark.slow
def test_the_command_takes_a_picture_larger_than_its_memory(tmp_path):
    pixels = np.tile(dark(size=(100, 100)), (34, 60, 1))  # 20 megapixels, 326 MB by the usual way
    source = write(tmp_path / "a.tif", pixels, tile=(256, 256), compression="zlib")
    command = [COMMAND, "enhance", source, "-o", tmp_path / "b.tif", "--memory", "400M", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["tiles"] > 1
    assert tifffile.imread(tmp_path / "b.tif").shape == pixels.shape
    Image.fromarray((pixels >> 8).astype(np.uint8)).save(tmp_path / "a.png", compress_level=0)
    command = [COMMAND, "enhance", tmp_path / "a.png", "--memory", "300M"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "20.4 megapixels take about 0.4G of memory; use --memory 0.4G" in refused.stderr


def test_sixteen_bits_written_by_rows_are_those_written_whole():
    pixels = dark()
    assert np.array_equal(read(encoded(Photo(pixels), "TIFF")).pixels, pixels)

"""The clean aperture of an AVIF: the part of the coded picture that is to be shown."""

import io
import struct

import numpy as np
import pytest
from cases_kinds import dark
from PIL import Image, features
from sample_files import saved

import scotopic
from scotopic.photo.boxes import boxes
from scotopic.photo.header import read_header
from scotopic.photo.reading import read

pytestmark = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")


def box(name, content):
    return (len(content) + 8).to_bytes(4, "big") + name + content


def inside(data, name, skipped=0):
    return {found: data[start:end] for found, start, end in boxes(data, skipped, len(data), name)}


def moved(places, by):
    """The box iloc, as libavif writes it, when what it points to has moved."""
    assert places[:6] == bytes(4) + b"\x44\0"
    result, at = bytearray(places), 8
    for _ in range(int.from_bytes(places[6:8], "big")):
        extents = int.from_bytes(places[at + 4 : at + 6], "big")
        at += 6
        for _ in range(extents):
            offset = int.from_bytes(places[at : at + 4], "big") + by
            result[at : at + 4] = offset.to_bytes(4, "big")
            at += 8
    return bytes(result)


def with_aperture(data, width, height, across=0, down=0):
    """An AVIF file whose first picture gets one more property, associated with it."""
    clap = struct.pack(">IIIIiIiI", width, 1, height, 1, across, 2, down, 2)
    top = list(boxes(data, 0, len(data), b""))
    (meta,) = (data[start:end] for name, start, end in top if name == b"meta")
    parts = []
    for name, start, end in boxes(meta, 4, len(meta), b""):
        content = meta[start:end]
        if name == b"iprp":
            old = inside(content, b"")
            count = len(list(boxes(old[b"ipco"], 0, len(old[b"ipco"]), b"")))
            table = old[b"ipma"]
            assert table[:4] == bytes(4) and table[8:10] == b"\0\1"
            many = bytes([table[10] + 1])
            first = table[11 : 11 + table[10]]
            table = table[:10] + many + first + bytes([0x80 | count + 1]) + table[11 + table[10] :]
            content = box(b"ipco", old[b"ipco"] + box(b"clap", clap)) + box(b"ipma", table)
        parts.append((name, content))
    grown = 4 + sum(len(content) + 8 for _, content in parts) - len(meta)
    made = []
    for name, content in parts:
        if name == b"iloc":
            content = moved(content, grown)
        made.append(box(name, content))
    result = [
        box(name, meta[:4] + b"".join(made) if name == b"meta" else data[start:end])
        for name, start, end in top
    ]
    return b"".join(result)


def avif(**options):
    return saved(Image.fromarray(dark()), "AVIF", quality=100, subsampling="4:4:4", **options)


def test_only_the_clean_aperture_is_shown(tmp_path):
    whole = read(avif()).pixels
    for width, height, across, down in ((40, 30, 0, 0), (20, 10, -16, 8), (56, 20, 0, -20)):
        data = with_aperture(avif(), width, height, across, down)
        left, top = (56 - width + across) // 2, (40 - height + down) // 2
        taken = read(data)
        assert np.array_equal(taken.pixels, whole[top : top + height, left : left + width])
        with Image.open(io.BytesIO(scotopic.enhance(data))) as image:
            assert image.size == (width, height)
        (tmp_path / "a.avif").write_bytes(data)
        assert read_header(tmp_path / "a.avif").size == (width, height)


def test_the_aperture_is_cut_before_the_picture_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = read(avif()).pixels
    taken = read(with_aperture(avif(exif=exif), 40, 20, 4, -6)).pixels
    assert np.array_equal(taken, np.rot90(whole[7:27, 10:50], -1))


def test_transparency_is_cut_as_colours_are():
    image = Image.fromarray(dark())
    image.putalpha(Image.fromarray((np.arange(40 * 56) % 251).astype(np.uint8).reshape(40, 56)))
    data = saved(image, "AVIF", quality=100)
    taken, whole = read(with_aperture(data, 40, 30)), read(data)
    assert np.array_equal(taken.alpha, whole.alpha[5:35, 8:48])


@pytest.mark.parametrize("wrong", [(80, 10, 0, 0), (20, 10, 60, 0), (0, 10, 0, 0)])
def test_an_aperture_outside_the_picture_is_not_used(wrong):
    assert np.array_equal(read(with_aperture(avif(), *wrong)).pixels, read(avif()).pixels)

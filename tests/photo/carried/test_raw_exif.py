"""EXIF out of camera RAW, mostly from files built by hand: real ones of each maker are not here."""

import io
import json
import shutil
import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from places import DATA
from sample_files import encoded, notes_of

from scotopic.photo import reading
from scotopic.photo.carried import exif_block, raw_exif, tiff_exif
from scotopic.photo.carried.exif_block import MAKER_NOTE, Tags, Value

CRW = DATA / "photos" / "canon_s40.crw"
NOTE = bytes(range(1, 102))
NOTE_AT = 2000
UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def directory(order, start, entries):
    """A directory, its values behind it; an entry's value is bytes, or a place."""
    mark = "<" if order == "little" else ">"
    head, values = struct.pack(mark + "H", len(entries)), b""
    behind = start + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        if isinstance(value, int):
            held = struct.pack(mark + "I", value)
        elif len(value) > 4:
            held = struct.pack(mark + "I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
        else:
            held = value.ljust(4, b"\0")
        head += struct.pack(mark + "HHI", tag, kind, count) + held
    return head + bytes(4) + values


def raw_tiff(order="little", start=None, note_at=NOTE_AT):
    """A RAW file as most makers build it: IFD0, EXIF, GPS, a MakerNote, and pixels."""
    mark = "<" if order == "little" else ">"
    start = start or (b"II*\0" if order == "little" else b"MM\0*")
    short = struct.Struct(mark + "H").pack
    main = [(0x010F, 2, 6, b"Maker\0"), (0x0110, 2, 4, b"M 1\0"), (0x0112, 3, 1, short(6))]
    main += [(0x0100, 4, 1, 6000), (0x0111, 4, 1, 9000), (0xC621, 2, 9, b"matrices\0")]
    main += [(0x8769, 4, 1, 600), (0x8825, 4, 1, 900)]
    exif = [(0x829A, 5, 1, struct.pack(mark + "II", 1, 30)), (0x8827, 3, 1, short(800))]
    exif += [(MAKER_NOTE, 7, len(NOTE), note_at), (0xA002, 4, 1, 6000), (0xA001, 3, 1, short(1))]
    exif += [(0x9003, 2, 20, b"2024:05:06 07:08:09\0")]
    gps = [(0x0001, 2, 2, b"N\0"), (0x0002, 5, 3, struct.pack(mark + "6I", 52, 1, 30, 1, 0, 1))]
    data = bytearray(note_at + 9000)
    data[:8] = start + struct.pack(mark + "I", 8)
    for at, entries in ((8, main), (600, exif), (900, gps)):
        part = directory(order, at, entries)
        data[at : at + len(part)] = part
    data[note_at : note_at + len(NOTE)] = NOTE
    return bytes(data)


def box(name, inside):
    return struct.pack(">I4s", 8 + len(inside), name) + inside


def raw_cr3():
    def small(entries):
        return b"II*\0" + struct.pack("<I", 8) + directory("little", 8, entries)

    parts = [
        box(b"CMT1", small([(0x010F, 2, 6, b"Canon\0"), (0x0112, 3, 1, b"\x08\0")])),
        box(b"CMT2", small([(0x829A, 5, 1, struct.pack("<II", 1, 30))])),
        box(b"CMT3", small([(0x0006, 2, 12, b"Canon EOS R\0")])),
        box(b"CMT4", small([(0x0001, 2, 2, b"N\0")])),
    ]
    canon = box(b"uuid", UUID + box(b"CNCV", b"CanonCR3") + b"".join(parts))
    start = box(b"ftyp", b"crx \0\0\0\1crx isom")
    return start + box(b"moov", canon + box(b"mvhd", bytes(100))) + box(b"mdat", bytes(64))


def raw_raf():
    block = exif_block.PREFIX + raw_tiff()[: NOTE_AT + len(NOTE)]
    app1 = b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block
    jpeg = b"\xff\xd8\xff\xe0\0\x04ab" + app1 + b"\xff\xda\0\x02\xff\xd9"
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">II", 148, len(jpeg))
    return head.ljust(148, b"\0") + jpeg + bytes(200)


def heap(records):
    """A CIFF heap of records, those of eight bytes in the directory itself."""
    values, entries = b"", b""
    for kind, value in records:
        if kind & 0x4000:
            entries += struct.pack("<H", kind) + value.ljust(8, b"\0")
        else:
            entries += struct.pack("<HII", kind, len(value), len(values))
            values += value
    return values + struct.pack("<H", len(records)) + entries + struct.pack("<I", len(values))


def raw_crw(shot=None):
    words = [0, 0, 160, 0, 0, 0, *[0] * 15, 128, 224, *[0] * 4] if shot is None else shot
    inner = [(0x1029, struct.pack("<4H", 2, 560, 0, 0)), (0x102A, struct.pack("<27h", *words))]
    inner += [(0x102D, struct.pack("<40h", *[0] * 25, 32, *[0] * 14))]
    inner += [(0x1818, struct.pack("<3f", 0, 5, 6))]
    outer = [(0x080A, b"Canon\0Canon EOS 0\0\x07\x07"), (0x580E, struct.pack("<II", 86400, 0))]
    outer += [(0x0810, b"A. Owner\0\x07"), (0x300B, heap(inner))]
    return b"II\x1a\0\0\0HEAPCCDR".ljust(26, b"\0") + heap([(0x300A, heap(outer))])


RAWS = {
    "tiff": raw_tiff(),
    "big": raw_tiff("big"),
    "cr3": raw_cr3(),
    "raf": raw_raf(),
    "crw": raw_crw(),
}


def read(block):
    assert block.startswith(exif_block.PREFIX)
    exif = Image.Exif()
    exif.load(block)
    return exif, exif.get_ifd(0x8769), exif.get_ifd(0x8825)


@pytest.mark.parametrize(
    ("order", "start"),
    [("little", None), ("big", None), ("little", b"IIRO"), ("little", b"IIRS"), ("big", b"MMOR")]
    + [("little", b"IIU\0")],
)
def test_what_is_built_like_a_tiff_keeps_what_tells_of_the_photo(order, start):
    block = raw_exif.exif_of(raw_tiff(order, start))
    main, exif, gps = read(block)
    assert (main[0x010F], main[0x0110]) == ("Maker", "M 1")
    assert float(exif[0x829A]) == pytest.approx(1 / 30) and exif[0x8827] == 800
    assert exif[0x9003] == "2024:05:06 07:08:09"
    assert gps[1] == "N" and gps[2] == (52, 30, 0)
    assert exif[MAKER_NOTE] == NOTE and block[6:][NOTE_AT:].startswith(NOTE)
    assert exif_block.order_of(block[6:]) == order


def test_what_tells_of_the_cameras_pixels_stays_behind():
    main, exif, _ = read(raw_exif.exif_of(raw_tiff()))
    assert set(main) == {0x010F, 0x0110, 0x8769, 0x8825}
    assert set(exif) == {0x829A, 0x8827, 0x9003, MAKER_NOTE}


@pytest.mark.parametrize("note_at", [1300, 2001, 60000, 70000])
def test_a_note_keeps_its_place_where_that_is_near(note_at):
    block = raw_exif.exif_of(raw_tiff(note_at=note_at))
    assert read(block)[1][MAKER_NOTE] == NOTE
    assert block[6:][note_at:].startswith(NOTE) == (note_at < 2**16)


def test_a_note_right_at_the_start_has_the_folders_behind_it():
    told = exif_block.of_tiff(raw_tiff())
    told.exif[MAKER_NOTE] = Value(7, len(NOTE), NOTE, 9)
    block = exif_block.written(told)
    assert block[6:][9:].startswith(NOTE) and read(block)[1][MAKER_NOTE] == NOTE


def test_large_values_are_left_out():
    entries = [(0x010E, 2, 20000, b"x" * 20000), (0x010F, 2, 6, b"Maker\0")]
    data = b"II*\0" + struct.pack("<I", 8) + directory("little", 8, entries)
    assert set(read(raw_exif.exif_of(data))[0]) == {0x010F}


def test_cr3_gives_what_its_four_boxes_hold():
    data = raw_cr3()
    block = raw_exif.exif_of(data)
    main, exif, gps = read(block)
    assert main[0x010F] == "Canon" and 0x0112 not in main and gps[1] == "N"
    note = data[data.index(b"CMT3") + 12 : data.index(b"CMT4") - 4]
    assert exif[MAKER_NOTE] == note and block[6 + 8 :].startswith(note)


def test_raf_gives_what_the_jpeg_in_it_holds():
    main, exif, gps = read(raw_exif.exif_of(raw_raf()))
    assert main[0x010F] == "Maker" and exif[MAKER_NOTE] == NOTE and gps[1] == "N"


def test_crw_gives_what_its_heap_holds():
    main, exif, _ = read(raw_exif.exif_of(raw_crw()))
    assert (main[0x010F], main[0x0110]) == ("Canon", "Canon EOS 0")
    values = [float(exif[tag]) for tag in (0x829A, 0x829D, 0x8827, 0x920A)]
    assert values == pytest.approx([1 / 128, 4, 100, 17.5])
    assert (exif[0x9003], exif[0xA430]) == ("1970:01:02 00:00:00", "A. Owner")


def test_crw_without_an_exposure_of_the_shot_gives_that_on_record():
    _, exif, _ = read(raw_exif.exif_of(raw_crw([0] * 27)))
    assert (float(exif[0x829A]), float(exif[0x829D])) == (1 / 32, 8)
    assert 0x8827 not in exif


def test_other_files_give_what_the_decoder_knows():
    other = SimpleNamespace(iso_speed=400.0, shutter_speed=0.004, aperture=0.0, focal_length=35.0)
    other.timestamp = datetime(2020, 1, 2, 3, 4, 5)
    main, exif, _ = read(raw_exif.exif_of(b"FOVb", other))
    assert float(exif[0x829A]) == 1 / 250 and exif[0x8827] == 400 and exif[0x920A] == 35
    assert exif[0x9003] == "2020:01:02 03:04:05" and 0x829D not in exif
    assert raw_exif.exif_of(b"FOVb") is None and raw_exif.exif_of(b"") is None


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), -1.0, 1e30])
def test_nonsense_of_the_decoder_is_not_told(nonsense):
    names = ("iso_speed", "shutter_speed", "aperture", "focal_length")
    assert raw_exif.exif_of(b"FOVb", SimpleNamespace(**dict.fromkeys(names, nonsense))) is None


@pytest.mark.parametrize("name", RAWS)
def test_damage_never_raises(name):
    data, random = RAWS[name], np.random.default_rng(0)
    used = min(len(data), 2600)
    for length in range(used):
        raw_exif.exif_of(data[:length])
    for _ in range(600):
        hurt = bytearray(data)
        for at in random.integers(0, used, random.integers(1, 8)):
            hurt[at] = random.choice([0, 1, 0x7F, 0xFF, random.integers(256)])
        block = raw_exif.exif_of(bytes(hurt))
        assert block is None or len(block) < 2**17


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 0x010E, 2, 2**14 - 12, 0) * 20000,
        b"\0\0\0\x10ftypcrx " + bytes(4) + box(b"moov", b"\0\0\0\x08uuid" * 100000),
        b"FUJIFILMCCD-RAW".ljust(84, b"\0")
        + struct.pack(">II", 90, 2**31)
        + b"\xff\xe0\0\0" * 10**5,
        b"II\x1a\0\0\0HEAPCCDR".ljust(26, b"\0")
        + struct.pack("<HII", 0x300A, 2562, 0) * 256
        + struct.pack("<I", 0),
    ],
    ids=["entries", "boxes", "segments", "heaps"],
)
def test_a_hostile_file_is_soon_done_with(data):
    block = raw_exif.exif_of(data)
    assert block is None or len(block) < 2**17


def as_raw(monkeypatch, data):
    """A picture read as if rawpy had developed it."""
    pixels = np.zeros((40, 60, 3), np.uint16)
    develop = lambda *_: (pixels, None, raw_exif.exif_of(data))  # noqa: E731
    monkeypatch.setattr(reading.raw, "develop_raw", develop)
    return reading.read(data, "a.nef")


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("form", ["TIFF", "JPEG", "PNG", "WEBP"])
def test_every_format_takes_the_block(monkeypatch, order, form):
    taken = as_raw(monkeypatch, raw_tiff(order))
    assert taken.notes == ("developed from camera RAW",)
    data = encoded(taken, form)
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        assert exif[0x010F] == "Maker" and exif.get(0x0112, 1) == 1
        assert exif.get_ifd(0x8769)[MAKER_NOTE] == NOTE and exif.get_ifd(0x8825)[1] == "N"
    assert form != "TIFF" or data[NOTE_AT:].startswith(NOTE)


def test_a_note_too_large_for_a_jpeg_is_said(monkeypatch):
    taken = as_raw(monkeypatch, raw_tiff(note_at=65500))
    with Image.open(io.BytesIO(encoded(taken, "JPEG"))) as image:
        assert image.getexif()[0x010F] == "Maker"
        assert MAKER_NOTE not in image.getexif().get_ifd(0x8769)
    assert "MakerNote not written: it is too large for a JPEG" in notes_of(taken, "JPEG")


def test_a_note_alone_and_too_large_for_a_jpeg_leaves_none():
    note = {MAKER_NOTE: Value(7, 70000, bytes(70000))}
    block = exif_block.written(Tags("big", exif=note))
    left, notes = tiff_exif.fitted(block, exif_block.JPEG_LIMIT)
    assert left is None and notes == ["MakerNote not written: it is too large for a JPEG"]


def test_no_exif_is_said(monkeypatch):
    taken = as_raw(monkeypatch, b"FOVb")
    assert taken.exif is None
    assert taken.notes == ("developed from camera RAW; no EXIF was found in it",)


def exiftool(path, *tags):
    command = [shutil.which("exiftool"), "-json", *[f"-{tag}" for tag in tags], str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    return {tag: told.get(tag) for tag in tags}


@pytest.mark.slow
@pytest.mark.skipif(not CRW.is_file(), reason="the real pictures are not here")
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not here")
def test_a_real_crw_tells_what_exiftool_reads_from_it(tmp_path):
    pytest.importorskip("rawpy", reason="camera RAW needs rawpy")
    command = shutil.which("scotopic", path=str(Path(sys.executable).parent))
    tags = ("Make", "Model", "ExposureTime", "FNumber", "DateTimeOriginal", "ISO", "FocalLength")
    wanted = exiftool(CRW, *tags)
    wanted["FocalLength"] = "7.1 mm"  # it rounds EXIF's own, not a maker's
    for name in ("x.tif", "x.jpg"):
        subprocess.run([command, "enhance", CRW, "-o", tmp_path / name], check=True)
        assert exiftool(tmp_path / name, *tags) == wanted


@pytest.mark.skipif(not CRW.is_file(), reason="the real pictures are not here")
def test_a_damaged_real_crw_never_raises():
    whole, random = CRW.read_bytes(), np.random.default_rng(0)
    hurt = bytearray(whole)
    for _ in range(300):
        places = random.integers(len(whole) - 7000, len(whole), 20)
        for at in places:
            hurt[at] = random.integers(256)
        raw_exif.exif_of(bytes(hurt))
        for at in places:
            hurt[at] = whole[at]
    assert bytes(hurt) == whole
    for length in range(0, 7000, 13):
        raw_exif.exif_of(whole[:-length])

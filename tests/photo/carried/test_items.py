"""The items of HEIC and AVIF, in files made by hand."""

import pytest

from scotopic.photo.boxes import box, boxes
from scotopic.photo.carried import companions, items


def entry(kind, number, version=2):
    """An item of a kind. ISO/IEC 14496-12, 8.11.6."""
    named = number.to_bytes(4 if version == 3 else 2, "big") + bytes(2)
    return box(b"infe", bytes([version, 0, 0, 0]) + named + kind + b"\0")


def heic(*entries, properties=(), associated=()):
    """A file of items, of which the first is the primary one."""
    table = bytes(4) + (1).to_bytes(4, "big") + b"\0\1" + bytes([len(associated), *associated])
    held = box(b"ipco", b"".join(properties)) + (box(b"ipma", table) if associated else b"")
    meta = [
        box(b"pitm", bytes(4) + b"\0\1"),
        box(b"iinf", bytes(4) + len(entries).to_bytes(2, "big") + b"".join(entries)),
        box(b"iprp", held),
    ]
    start = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    return start + box(b"meta", bytes(4) + b"".join(meta))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("tiles", [1, 200])
def test_every_kind_of_item_is_found(version, tiles):
    made = [entry(b"hvc1", 1 + i) for i in range(tiles)] + [entry(b"tmap", 9999, version)]
    data = heic(*made)
    assert list(items.kinds(data)) == [b"hvc1"] * tiles + [b"tmap"]
    assert companions.of_file("HEIF", data) == [companions.GAIN_MAP]


def test_properties_are_those_of_the_primary_item():
    properties = [box(b"clap", bytes(32)), box(b"irot", b"\1"), box(b"colr", b"nclx")]
    some = heic(entry(b"hvc1", 1), properties=properties, associated=(1, 0x80 | 3))
    assert [name for name, _, _ in items.of_the_picture(some)] == [b"clap", b"colr"]
    untold = heic(entry(b"hvc1", 1), properties=properties)
    assert [name for name, _, _ in items.of_the_picture(untold)] == [b"clap", b"irot", b"colr"]


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_damaged_file_ends_the_search(cut):
    data = heic(entry(b"hvc1", 1), properties=[box(b"clap", bytes(32))], associated=(1,))[:cut]
    assert set(items.kinds(data)) <= {b"hvc1"}
    assert {name for name, _, _ in items.of_the_picture(data)} <= {b"clap"}


def test_a_box_is_read_as_it_is_written():
    data = box(b"abcd", b"12345")
    ((name, start, end),) = boxes(data, 0, len(data), b"")
    assert (name, data[start:end]) == (b"abcd", b"12345")

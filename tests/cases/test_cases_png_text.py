"""PNG with much text or a large profile."""

import io
import zlib

import pytest
from cases_kinds import dark
from PIL import Image, ImageFile, PngImagePlugin
from sample_files import PROFILE, saved

import scotopic
from scotopic.photo.quiet import MOST_TEXT
from scotopic.photo.reading import read

LONG = "night and day, " * 150_000


def with_chunk(kind, content):
    data = saved(Image.fromarray(dark()), "PNG")
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return data[:33] + len(content).to_bytes(4, "big") + kind + content + check + data[33:]


def packed(text, level=9):
    return zlib.compress(text.encode(), level)


CHUNKS = {
    "zTXt": (b"zTXt", b"Comment\0\0" + packed(LONG)),
    "iTXt": (b"iTXt", b"Comment\0\1\0\0\0" + packed(LONG)),
    "iTXt that is not packed": (b"iTXt", b"Comment\0\0\0\0\0" + LONG.encode()),
}


@pytest.mark.parametrize("kind", CHUNKS)
def test_a_long_text_is_kept(kind):
    data = with_chunk(*CHUNKS[kind])
    made = scotopic.enhance(data)
    assert read(made).text["Comment"] == LONG
    assert read(scotopic.enhance(made)).text["Comment"] == LONG


def test_a_long_xmp_packet_is_kept():
    packet = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF>{LONG}</rdf:RDF></x:xmpmeta>"
    data = with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed(packet))
    assert LONG.encode() in read(scotopic.enhance(data)).xmp


def test_a_large_profile_is_kept():
    profile = PROFILE + bytes(1_500_000)
    profile = len(profile).to_bytes(4, "big") + profile[4:]
    data = with_chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))
    assert read(scotopic.enhance(data)).icc_profile == profile


def bomb(count):
    packing = zlib.compressobj(9)
    parts = [packing.compress(bytes(2**20)) for _ in range(count)]
    return b"".join([*parts, packing.flush()])


@pytest.mark.parametrize(
    ("kind", "head", "word"),
    [(b"zTXt", b"Comment\0\0", "text left out"), (b"iCCP", b"name\0\0", "colour profile left out")],
)
def test_what_is_too_long_when_unpacked_is_left_out_with_a_word(kind, head, word):
    data = with_chunk(kind, head + bomb(MOST_TEXT // 2**20 + 1))
    assert len(data) < 100_000
    taken = read(data)
    assert [note for note in taken.notes if word in note]
    assert taken.pixels.shape == dark().shape


def test_text_and_a_profile_that_are_damaged_are_left_out_with_a_word():
    for kind, content in ((b"zTXt", b"Comment\0\0none"), (b"iCCP", b"name\0\0none")):
        assert [note for note in read(with_chunk(kind, content)).notes if "left out" in note]


def test_plain_text_and_no_text_are_read_without_a_word():
    assert read(with_chunk(b"tEXt", b"Comment\0")).notes == ()
    assert read(saved(Image.fromarray(dark()), "PNG", icc_profile=PROFILE)).notes == ()


def test_the_limits_of_pillow_are_as_they_were():
    before = (PngImagePlugin._safe_zlib_decompress, ImageFile.LOAD_TRUNCATED_IMAGES)
    data = with_chunk(*CHUNKS["zTXt"])
    read(data)
    assert (PngImagePlugin._safe_zlib_decompress, ImageFile.LOAD_TRUNCATED_IMAGES) == before
    with pytest.raises(ValueError, match="too large"):
        Image.open(io.BytesIO(data))

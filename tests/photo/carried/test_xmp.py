from xml.etree import ElementTree as ET

import pytest

from scotopic.photo.carried import xmp

_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"


def test_credit_adds_and_drops_nothing():
    fresh = xmp.credit(None, "scotopic 1 (m)")
    assert b"algorithmicallyEnhanced" in fresh and b'CreatorTool="scotopic 1 (m)"' in fresh
    before = fresh.replace(b"scotopic 1 (m)", b"Other").replace(b"scotopic:Software", b"its:own")
    after = xmp.credit(before, "scotopic 2 (m)")
    assert after.count(b"DigitalSourceType=") == 1 and b"scotopic 2" in after
    assert before[:-60].split(b"</rdf:RDF>")[0] in after


def test_credit_twice_is_said_once():
    once = xmp.credit(None, "scotopic 1 (m)")
    twice = xmp.credit(once, "scotopic 2 (m)")
    assert twice.count(b"scotopic:Software=") == 1 and b'Software="scotopic 2 (m)"' in twice


def software_and_tool(packet):
    told = next(ET.fromstring(packet).iter(_DESCRIPTION))
    return [
        told.get("{https://ns.scotopic/1.0/}Software"),
        told.get("{http://ns.adobe.com/xap/1.0/}CreatorTool"),
    ]


def test_a_name_of_any_characters_stands_in_it_as_it_is():
    once = xmp.credit(None, 'a"<b&c')
    assert software_and_tool(once) == ['a"<b&c', 'a"<b&c']
    twice = xmp.credit(once, "d'>\"e")
    assert software_and_tool(twice) == ["d'>\"e", 'a"<b&c']


@pytest.mark.parametrize(
    "before, after",
    [
        (b'<a tiff:Orientation="6"/>', b'<a tiff:Orientation="1"/>'),
        (b"<tiff:Orientation>8</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
        (b'<a tiff:Make="6"/>', b'<a tiff:Make="6"/>'),
    ],
)
def test_an_orientation_becomes_upright(before, after):
    assert xmp.upright(before) == after

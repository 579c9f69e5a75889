"""XMP packets: their orientation, and the name of the software that made the picture."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_SHELL = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    '"http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>\s*))[2-8]""")
_OWN = re.compile(rb"""(scotopic:Software=")[^"]*""")


def upright(xmp: bytes) -> bytes:
    """The packet for pixels that have been turned upright: its orientation, if any, set to 1."""
    return _ORIENTATION.sub(rb"\g<1>1", xmp)


def credit(xmp: bytes | None, software: str) -> bytes:
    """The packet with the software that made the picture; everything in it stays.

    A packet that scotopic credited before gets the new software in that place. An
    existing ``CreatorTool`` or ``DigitalSourceType`` is kept.

    Parameters
    ----------
    xmp : bytes or None
        None for a new packet.
    software : str
        Name and version, which may have any characters.
    """
    software = escape(software, {'"': "&quot;"})
    packet = xmp or _SHELL.encode()
    if _OWN.search(packet):
        return _OWN.sub(lambda found: found[1] + software.encode(), packet)
    end = packet.rfind(b"</rdf:RDF>")
    if end < 0:
        return packet
    entry = (
        '<rdf:Description rdf:about="" xmlns:scotopic="https://ns.scotopic/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'scotopic:Software="{software}"'
    )
    if b"DigitalSourceType" not in packet:
        entry += f' Iptc4xmpExt:DigitalSourceType="{_SOURCE_TYPE}"'
    if b"CreatorTool" not in packet:
        entry += f' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="{software}"'
    return packet[:end] + (entry + "/>").encode() + packet[end:]

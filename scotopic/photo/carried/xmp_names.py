"""Names in an XMP packet that lead to what a result has not: videos, gain maps, depth maps.

Phones put them behind a picture, or into a further item of its file, and name them in
its XMP: as Google's Motion Photo 1.0, Ultra HDR 1.1 and Dynamic Depth 1.0 describe, and
Apple's gain maps as ExifTool's pages of XMP tags do.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from xml.parsers import expat

_CAMERAS = (
    "http://ns.google.com/photos/1.0/camera/",
    "http://ns.xiaomi.com/photos/1.0/camera/",
    "http://ns.oplus.com/photos/1.0/camera/",
    "http://ns.vivo.com/photos/1.0/camera/",
)
_VIDEO = ("Motion", "MicroVideo", "VideoLength", "OLivePhoto", "XMPMeta", "OpVideo")
"""How the names of a camera's tags begin that tell of a video or of other data behind a picture."""
_WHOLE = (
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/dd/1.0/",
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.apple.com/pixeldatainfo/1.0/",
)
"""Namespaces, or how they begin, all of whose tags tell of such data."""
_EXTENDED = (
    "http://ns.google.com/photos/1.0/depthmap/",
    "http://ns.google.com/photos/1.0/image/",
    "http://ns.google.com/photos/1.0/audio/",
)
"""The same for data in the extended XMP of a JPEG."""
_SEPARATOR = "\n"
_Unwanted = Callable[[str, str], bool]
"""Whether a name, by its namespace and itself, is to go."""
_NOTE = "http://ns.adobe.com/xmp/note/"
_TAG = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE = re.compile(rb"\s+([\w.-]+):([\w.-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def without_companions(xmp: bytes) -> bytes:
    """A packet without what names videos, gain maps and depth maps beside the picture.

    All other bytes of it stay. A packet that is no XML, or not UTF-8, stays as it is.
    """
    return _without(xmp, _names_companion)


def without_extension(xmp: bytes) -> bytes:
    """A packet without what leads to extended XMP, and to the data that phones put there."""
    return _without(xmp, _names_extension)


def names_depth(xmp: bytes) -> bool:
    """Whether a packet names a depth map, or other data of phones, in its extension."""
    return _without(xmp, lambda space, _: space in _EXTENDED) != xmp


def _names_companion(space: str, name: str) -> bool:
    return space.startswith(_WHOLE) or (space in _CAMERAS and name.startswith(_VIDEO))


def _names_extension(space: str, name: str) -> bool:
    return space in _EXTENDED or (space == _NOTE and name == "HasExtendedXMP")


def _without(xmp: bytes, is_unwanted: _Unwanted) -> bytes:
    if b"\0<" in xmp or b"<\0" in xmp:  # UTF-16, whose bytes are not searched here
        return xmp
    cutter = _Cutter(xmp, is_unwanted)
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartNamespaceDeclHandler = cutter.prefix
    parser.StartElementHandler = lambda name, _: cutter.start(name, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda _: cutter.end(parser.CurrentByteIndex)
    # What is allowed behind the packet in a file, such as zeros, is an error in XML.
    with contextlib.suppress(expat.ExpatError, UnicodeError):
        parser.Parse(xmp, True)
    return cutter.rest()


class _Cutter:
    """Finds the spans of bytes to be cut out of a packet, as expat reads it."""

    def __init__(self, xmp: bytes, is_unwanted: _Unwanted) -> None:
        self._xmp, self._is_unwanted = xmp, is_unwanted
        self._prefixes: dict[bytes, str] = {}
        self._spans: list[tuple[int, int]] = []
        self._depth, self._inside, self._from = 0, 0, 0

    def prefix(self, prefix: str | None, space: str | None) -> None:
        self._prefixes[(prefix or "").encode()] = space or ""

    def start(self, name: str, at: int) -> None:
        self._depth += 1
        if self._inside:
            return
        space, _, local = name.rpartition(_SEPARATOR)
        if self._is_unwanted(space, local):
            self._inside, self._from = self._depth, at
            return
        tag = _TAG.match(self._xmp, at)
        for found in _ATTRIBUTE.finditer(self._xmp, at, tag.end() if tag else at):
            if self._is_unwanted(self._prefixes.get(found[1], ""), found[2].decode()):
                self._spans.append(found.span())

    def end(self, at: int) -> None:
        if self._inside == self._depth:
            # Of an element without content, expat tells either end of its one tag.
            tag = _TAG.match(self._xmp, at)
            self._spans.append((self._from, tag.end() if tag else at))
            self._inside = 0
        self._depth -= 1

    def rest(self) -> bytes:
        """The packet without the spans, if it was whole."""
        if self._depth or not self._spans:
            return self._xmp
        parts, done = [], 0
        for first, last in self._spans:
            parts.append(self._xmp[done:first])
            done = last
        return b"".join([*parts, self._xmp[done:]])

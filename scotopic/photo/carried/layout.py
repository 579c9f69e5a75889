"""Descriptions in a TIFF that tell how many pictures of which size it has.

ImageJ, tifffile and the writers of OME-TIFF put them into the tag ImageDescription, and
some microscopes into tags of their own. A program that finds one believes it, and fails
if the file has another layout. A result has one picture.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from scotopic.photo.carried.exif_block import Value
from scotopic.photo.carried.tiff_exif import Found

_DESCRIPTION = 0x010E
_WIDTH, _HEIGHT, _SAMPLES, _COLOURS, _BITS, _PLANES, _EXTRA = 256, 257, 277, 262, 258, 284, 338
_IMAGEJ = (50838, 50839)
_OTHERS = {
    **dict.fromkeys((33628, 33629, 33630, 33631), "MetaMorph"),
    **dict.fromkeys((34361, 34362), "FluoView"),
    34412: "LSM",
    43314: "NIH Image",
    51123: "Micro-Manager",
    **dict.fromkeys((33471, 33560), "Olympus SIS"),
    **dict.fromkeys(range(65420, 65482), "NDPI"),
}
"""Tags by which tifffile takes a file for one of a microscope, and its name."""
_IMAGEJ_LAYOUT = re.compile(
    rb"(?m)^(images|channels|slices|frames|hyperstack|mode|loop|finterval|fps|spacing)=.*\n?"
)
_SLIDES = re.compile(rb"(?s)^\s*(<\?xml|<scn|<OME|<PerkinElmer|<DataObject|<MetaData|Aperio )")


@dataclass(frozen=True)
class _Page:
    """The first picture of a file: its sizes, and how many others there are."""

    width: int
    height: int
    samples: int
    is_kept: bool
    """Whether the result has the same size, channels and bits, and was the only picture."""

    def has(self, counts: list[int]) -> bool:
        """Whether some sizes, from the slowest to the fastest, are those of the result."""
        sizes = [count for count in counts if count != 1]
        own = [count for count in (self.height, self.width, self.samples) if count != 1]
        return self.is_kept and sizes == own


_NONE = _Page(0, 0, 0, False)


def forget(found: Found, pages: int, turned: bool) -> list[str]:
    """Take out of the tags of a TIFF what tells of a layout that the result has not.

    What else a description says stays, but for OME, which is about nothing else.

    Parameters
    ----------
    found : Found
        Is changed.
    pages : int
        Pictures in the file.
    turned : bool
        Whether the result is turned.

    Returns
    -------
    notes : list of str
        What was left out.
    """
    samples, bits = found.number_of(_SAMPLES, 1), found.number_of(_BITS, 1)
    is_plain = found.number_of(_COLOURS) in (1, 2) and bits in (8, 16)
    colours = 3 if found.number_of(_COLOURS) == 2 else 1
    has_alpha = found.number_of(_EXTRA) in (1, 2)
    is_plain = is_plain and samples == colours + has_alpha and found.number_of(_PLANES, 1) == 1
    size = found.number_of(_WIDTH), found.number_of(_HEIGHT)
    page = _Page(*size, samples, pages == 1 and is_plain and not turned)
    main, left = found.tags.main, []
    for text in found.descriptions:
        for name, without in _KINDS.items():
            kept = without(text, page)
            if kept == text:
                continue
            left.append(f"what {name} says of the layout of the file")
            _replace(found, text, kept)
            break
    if any(b"ImageJ=" in text for text in found.descriptions) and left:
        for tag in _IMAGEJ:
            main.pop(tag, None)
    for tag in sorted(main.keys() & _OTHERS.keys()):
        del main[tag]
        left.append(f"what {_OTHERS[tag]} says of the layout of the file")
    if any(_rest(text) for text in found.descriptions[1:]):
        left.append("a second description")
    return [f"{what} left out" for what in dict.fromkeys(left)]


def _rest(text: bytes) -> bytes | None:
    """A description without what it says of the layout."""
    kept: bytes | None = text
    for without in _KINDS.values():
        kept = without(kept, _NONE) if kept else None
    return kept


def _replace(found: Found, text: bytes, kept: bytes | None) -> None:
    """Put another description, or none, in the place of one."""
    main = found.tags.main
    if main.get(_DESCRIPTION, Value(2, 0, b"")).data.rstrip(b"\0") != text:
        return  # a second one, which is not kept
    del main[_DESCRIPTION]
    if kept:
        main[_DESCRIPTION] = Value(2, len(kept) + 1, kept + b"\0")


def _of_imagej(text: bytes, page: _Page) -> bytes | None:
    if not text.startswith(b"ImageJ="):
        return text
    images = re.search(rb"(?m)^images=(\d+)", text)
    is_one = images is None or int(images[1]) <= 1
    return text if is_one and page.is_kept else _IMAGEJ_LAYOUT.sub(b"", text)


def _of_tifffile(text: bytes, page: _Page) -> bytes | None:
    if re.match(rb"shape=\([\d, ]*\)$", text):  # as its first releases wrote
        return text if page.has([int(n) for n in re.findall(rb"\d+", text)]) else None
    if not text.startswith(b"{") or b'"shape":' not in text:
        return text
    try:
        told = json.loads(text)
        shape = [int(size) for size in told["shape"]]
    except (ValueError, TypeError, KeyError):
        return None
    if page.has(shape):
        return text
    rest = {key: told[key] for key in told if key not in ("shape", "axes", "truncate", "truncated")}
    return json.dumps(rest).encode() if rest else None


def _of_ome(text: bytes, page: _Page) -> bytes | None:
    if not re.search(rb"<(\w+:)?OME\b", text[:4096]):
        return text
    pixels = re.findall(rb"<(?:\w+:)?Pixels\b[^>]*>", text)
    if len(pixels) != 1 or b"<UUID" in text:
        return None
    sizes = dict(re.findall(rb"\bSize([XYZCT])=[\"'](\d+)[\"']", pixels[0]))
    told = [int(sizes.get(axis, b"0")) for axis in (b"T", b"Z", b"Y", b"X", b"C")]
    return text if page.has(told) else None


def _of_slides(text: bytes, page: _Page) -> bytes | None:
    return text if page.is_kept or not _SLIDES.match(text) else None


_KINDS = {"ImageJ": _of_imagej, "tifffile": _of_tifffile, "OME": _of_ome, "a scanner": _of_slides}

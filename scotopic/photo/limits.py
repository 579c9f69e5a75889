"""What pictures may take, told by their headers before anything is decoded."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from scotopic import machine
from scotopic.errors import Parameter, TooLargeError
from scotopic.photo import formats
from scotopic.photo.codecs import is_deep, is_lossless, most_pixels, tiff_numbers
from scotopic.photo.formats import LOSSLESS, PROGRESSIVE

MAX_MEGAPIXELS = 1000
"""Larger pictures are refused unless asked for: a small file can claim any size."""
_MORE_BYTES = {"CMYK": 4, "RGBA": 2, "F": 20}
"""Bytes per pixel that a mode adds in any format, as measured by benchmarks/memory.py."""


def bytes_needed(pixels: int, deep: bool, form: str = "", *traits: str) -> int:
    """About what the process takes at most to read, enhance and write a picture.

    Parameters
    ----------
    pixels : int
        Of all frames together.
    deep : bool
        Whether they have 16 bits a channel.
    form : str
        Name of the format, as in `Photo.format`.
    *traits : str
        `formats.LOSSLESS` and `formats.PROGRESSIVE` for a file that is, and Pillow's
        name of the mode.
    """
    row = formats.of_name(form)
    each = formats.OTHER_BYTES_PER_PIXEL if row is None else row.bytes_per_pixel
    more = _MORE_BYTES if row is None else {**_MORE_BYTES, **row.more_bytes}
    each += sum(more.get(trait, 0) for trait in traits)
    return machine.PROCESS_BYTES + (2 if deep else 1) * each * pixels


@dataclass(frozen=True)
class Limits:
    """What a picture may take; a larger one is refused before it is decoded.

    Attributes
    ----------
    max_megapixels : int
        Millions of pixels, of all frames together.
    memory : int or None
        Bytes that the whole process may take; None for pixels of any number, and for
        files as large as `storage.read_bytes` takes by default.
    """

    max_megapixels: int = MAX_MEGAPIXELS
    memory: int | None = None

    def check(self, image: Image.Image, data: bytes = b"") -> None:
        """Refuse an image that Pillow has opened and not decoded, by what its header says.

        Parameters
        ----------
        image : PIL image
        data : bytes, optional
            The file that it is of, to tell how its pixels are stored, and how large
            the frames of a GIF are. Only of a TIFF may it be left out.

        Raises
        ------
        TooLargeError
            With more megapixels than may be, or for more memory than may be.
        """
        form, traits = image.format or "", [image.mode]
        row = formats.of_name(form)
        frames = getattr(image, "n_frames", 1) if row and row.animated else 1
        if image.info.get("progressive"):
            traits = [PROGRESSIVE]
        if is_lossless(image, data):
            traits.append(LOSSLESS)
        if tiff_numbers.has_them(data):
            traits.append("F")
        pixels = max(image.width * image.height * frames, most_pixels(image, data))
        self.check_size(pixels, "F" in traits or is_deep(image, data), form, *traits)

    def check_part(self, size: tuple[int, int]) -> None:
        """Refuse pixels that a decoder is about to take memory for, by width and height."""
        self.check_size(size[0] * size[1], False, "")

    def check_size(self, pixels: int, is_deep: bool, form: str, *traits: str) -> None:
        """The same, by what `bytes_needed` is told."""
        megapixels = pixels / 1e6
        if megapixels > self.max_megapixels:
            raise TooLargeError(
                f"{megapixels:.4g} megapixels, over the limit of {self.max_megapixels}",
                remedy=Parameter("max_megapixels", math.ceil(megapixels)),
            )
        if self.memory is None:
            return
        needed = bytes_needed(pixels, is_deep, form, *traits)
        if needed > self.memory:
            enough = math.ceil(10 * needed / 2**30) / 10
            raise TooLargeError(
                f"{megapixels:.4g} megapixels take about {enough:.1f}G of memory",
                remedy=Parameter("memory", needed, "Enhancer"),
            )


USUAL = Limits()
"""The limits unless others are asked for: megapixels, and no bound for the memory."""

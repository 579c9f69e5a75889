"""What pictures may take, told by their headers before anything is decoded."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from scotopic import machine
from scotopic.errors import ScotopicError, TooLargeError
from scotopic.photo import animation
from scotopic.photo.codecs import deep, webp

MAX_MEGAPIXELS = 1000
"""Larger pictures are refused unless asked for: a small file can claim any size."""
LOSSLESS_WEBP = "lossless WEBP"
_BYTES_PER_PIXEL = {"WEBP": 12, LOSSLESS_WEBP: 30, "AVIF": 42, "HEIF": 12, "GIF": 12, "BMP": 11}
_USUAL_BYTES_PER_PIXEL = 8
_MORE_FOR = {"progressive": 3, "CMYK": 4, "RGBA": 2}
"""As measured by benchmarks/memory.py, for 8 bits a channel."""


def bytes_needed(pixels: int, deep: bool, form: str = "", more_for: str = "") -> int:
    """About what the process takes at most to read, enhance and write a picture.

    Parameters
    ----------
    pixels : int
        Of all frames.
    deep : bool
        Whether they have 16 bits a channel.
    form : str
        Pillow's name of the format, or `LOSSLESS_WEBP`.
    more_for : str
        ``progressive`` for a JPEG that is, else Pillow's name of the mode.
    """
    each = _BYTES_PER_PIXEL.get(form, _USUAL_BYTES_PER_PIXEL) + _MORE_FOR.get(more_for, 0)
    return machine.PROCESS_BYTES + (2 if deep else 1) * each * pixels


@dataclass(frozen=True)
class Limits:
    """What a picture may take.

    Attributes
    ----------
    max_megapixels : int
        Of all frames.
    memory : int or None
        Bytes of the whole process.
    """

    max_megapixels: int
    memory: int | None

    def check(self, image: Image.Image, name: str, data: bytes = b"") -> None:
        """Refuse by what the header says, before anything is decoded.

        Raises
        ------
        ScotopicError
            Over the megapixels; a `TooLargeError` over the memory.
        """
        pixels, form = image.width * image.height, image.format or ""
        pixels *= getattr(image, "n_frames", 1) if form in animation.FORMATS else 1
        form = LOSSLESS_WEBP if form == "WEBP" and webp.is_lossless(data) else form
        more_for = "progressive" if image.info.get("progressive") else image.mode
        self.check_size(name, pixels, deep.is_deep(image, data), form, more_for)

    def check_size(
        self, name: str, pixels: int, is_deep: bool, form: str, more_for: str = ""
    ) -> None:
        """The same, by what `bytes_needed` is told."""
        megapixels = pixels / 1e6
        if megapixels > self.max_megapixels:
            raise ScotopicError(
                f"{name}: {megapixels:.4g} megapixels, over the limit of {self.max_megapixels}; "
                "raise it by --max-megapixels"
            )
        if self.memory is None:
            return
        needed = bytes_needed(pixels, is_deep, form, more_for)
        if needed > self.memory:
            enough = f"{math.ceil(10 * needed / 2**30) / 10:.1f}G"
            raise TooLargeError(
                f"{name}: {megapixels:.4g} megapixels take about {enough} of memory; "
                f"allow that by --memory {enough}"
            )

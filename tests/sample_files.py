"""Files and what they carry, made by hand for tests."""

import io
import zlib

import numpy as np
from PIL import Image, ImageCms

from scotopic.photo import writing

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif_with(orientation, order=b"II"):
    """An EXIF block by hand: orientation, and a note of bytes that must stay as they are."""
    name = "little" if order == b"II" else "big"

    def n(value, size):
        return value.to_bytes(size, name)

    note = bytes(range(256))
    entries = n(0x0112, 2) + n(3, 2) + n(1, 4) + n(orientation, 2) + n(0, 2)
    entries += n(0x927C, 2) + n(7, 2) + n(len(note), 4) + n(8 + 2 + 24 + 4, 4)
    return b"Exif\0\0" + order + n(42, 2) + n(8, 4) + n(2, 2) + entries + n(0, 4) + note


def smooth_pixels(height=40, width=56, channels=3):
    """A picture without noise: (height, width, channels), uint8."""
    coarse = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)[..., :channels]


def saved(image, form, **options):
    """A file that Pillow writes of an image."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def encoded(photo, form, quality=None):
    """A file that scotopic writes of a photo."""
    return writing.encode(photo, form, quality)[0]


def notes_of(photo, form):
    """What scotopic says that it could not keep when it writes a photo."""
    return writing.encode(photo, form)[1]


def png_that_claims(width, height):
    """A PNG file whose header tells of more pixels than it has."""
    claimed = bytearray(saved(Image.new("L", (8, 8)), "PNG"))
    claimed[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    claimed[29:33] = zlib.crc32(bytes(claimed[12:29])).to_bytes(4, "big")
    return bytes(claimed)

"""What files carry, made by hand for tests."""

from PIL import ImageCms

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif_with(orientation, order=b"II"):
    """An EXIF block by hand: orientation, and a note of bytes that no one may touch."""
    name = "little" if order == b"II" else "big"

    def n(value, size):
        return value.to_bytes(size, name)

    note = bytes(range(256))
    entries = n(0x0112, 2) + n(3, 2) + n(1, 4) + n(orientation, 2) + n(0, 2)
    entries += n(0x927C, 2) + n(7, 2) + n(len(note), 4) + n(8 + 2 + 24 + 4, 4)
    return b"Exif\0\0" + order + n(42, 2) + n(8, 4) + n(2, 2) + entries + n(0, 4) + note

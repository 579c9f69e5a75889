import io

import pytest
from PIL import ExifTags, Image
from sample_files import exif_with

from scotopic.photo.carried import exif


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_the_orientation_is_set_and_no_other_byte_changes(order):
    before = exif_with(6, order)
    after = exif.of_result(before)
    assert len(after) == len(before)
    assert [i for i in range(len(before)) if before[i] != after[i]] == [
        i for i in range(len(before)) if before[i] != exif_with(1, order)[i]
    ]


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_damaged_exif_is_left_alone(cut):
    block = exif_with(6)[:cut]
    assert len(exif.of_result(block)) == len(block)


def with_thumbnail(order, last=True):
    """Orientation and a maker's name, and a second directory with a JPEG, which may end it."""
    name = "little" if order == b"II" else "big"

    def n(value, size):
        return value.to_bytes(size, name)

    buffer = io.BytesIO()
    Image.new("RGB", (16, 12)).save(buffer, "JPEG")
    small, rest = buffer.getvalue(), b"" if last else b"after it"
    first = n(2, 2) + n(0x010F, 2) + n(2, 2) + n(4, 4) + b"who\0"
    first += n(0x0112, 2) + n(3, 2) + n(1, 4) + n(6, 2) + n(0, 2) + n(38, 4)
    second = n(2, 2) + n(0x0201, 2) + n(4, 2) + n(1, 4) + n(68, 4)
    second += n(0x0202, 2) + n(4, 2) + n(1, 4) + n(len(small), 4) + n(0, 4)
    return b"Exif\0\0" + order + n(42, 2) + n(8, 4) + first + second + small + rest, small


@pytest.mark.parametrize("order", [b"II", b"MM"])
@pytest.mark.parametrize("last", [True, False])
def test_the_thumbnail_is_dropped(order, last):
    before, small = with_thumbnail(order, last)
    given = Image.Exif()
    given.load(before)
    assert given.get_ifd(ExifTags.IFD.IFD1)[0x0202] == len(small), "it was there"
    after = exif.of_result(before)
    taken = Image.Exif()
    taken.load(after)
    assert not taken.get_ifd(ExifTags.IFD.IFD1) and taken[0x010F] == "who"
    assert (small in after) == (not last), "its bytes go where they are the last"
    assert after.endswith(b"after it") == (not last)


def test_width_and_height_change_places_for_what_was_on_its_side():
    given = Image.Exif()
    given[0x0112] = 6
    given[0x8769] = {0xA002: 400, 0xA003: 300}
    for on_its_side, wanted in ((True, (300, 400)), (False, (400, 300))):
        taken = Image.Exif()
        taken.load(exif.of_result(given.tobytes(), on_its_side))
        told = taken.get_ifd(0x8769)
        assert (told[0xA002], told[0xA003]) == wanted

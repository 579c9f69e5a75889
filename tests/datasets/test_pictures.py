import numpy as np
import pytest
from PIL import Image
from sample_files import exif_with

from scotopic.datasets.pictures import list_pictures, picture_size, read_image
from scotopic.errors import MissingFileError, ScotopicError, UnreadableError

RED_TO_BLUE = np.zeros((24, 40, 3), np.uint8)
RED_TO_BLUE[:, :20, 0], RED_TO_BLUE[:, 20:, 2] = 200, 200


def test_a_picture_that_is_stored_lying_is_read_upright(tmp_path):
    path = tmp_path / "turned.jpg"
    Image.fromarray(RED_TO_BLUE).save(path, exif=exif_with(6), quality=95)
    pixels = read_image(path)
    assert pixels.shape == (40, 24, 3) and picture_size(path) == (24, 40)
    assert pixels[:18, :, 0].min() > 150, "orientation 6: the left side of the file is the top"
    assert pixels[22:, :, 2].min() > 150


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_the_size_told_is_that_of_the_pixels(tmp_path, suffix, orientation):
    path = tmp_path / f"picture{suffix}"
    exif = exif_with(orientation) if suffix != ".tif" else None
    options = {"tiffinfo": {0x0112: orientation}} if exif is None else {"exif": exif}
    Image.fromarray(RED_TO_BLUE).save(path, **options)
    height, width = read_image(path).shape[:2]
    assert picture_size(path) == (width, height)
    assert (width, height) == ((40, 24) if orientation < 5 else (24, 40))


def test_sixteen_bits_of_gray_become_eight_by_rounding(tmp_path):
    path = tmp_path / "deep.png"
    values = np.array([[0, 128, 129, 257, 30000, 32896, 65407, 65535]], np.uint16)
    Image.fromarray(values).save(path)
    pixels = read_image(path)
    assert pixels.dtype == np.uint8 and pixels.shape == (1, 8, 3)
    assert pixels[0, :, 0].tolist() == [0, 0, 1, 1, 117, 128, 255, 255]
    assert pixels[0, :, 0].tolist() == np.rint(values[0] / 257).tolist()
    assert (pixels == pixels[..., :1]).all()


def test_gray_is_repeated_and_alpha_is_dropped(tmp_path):
    gray = np.arange(60, dtype=np.uint8).reshape(6, 10)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    assert np.array_equal(read_image(tmp_path / "gray.png"), np.repeat(gray[..., None], 3, -1))
    alpha = np.full((24, 40, 1), 7, np.uint8)
    Image.fromarray(np.concatenate([RED_TO_BLUE, alpha], -1)).save(tmp_path / "alpha.png")
    assert np.array_equal(read_image(tmp_path / "alpha.png"), RED_TO_BLUE)


@pytest.mark.parametrize("read", [read_image, picture_size])
def test_a_file_that_is_missing_or_no_picture_is_named(tmp_path, read):
    with pytest.raises(MissingFileError, match=r"a\.png"):
        read(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableError, match=r"a\.png"):
        read(tmp_path / "a.png")


def test_pictures_are_listed_by_name_and_other_files_are_not(tmp_path):
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    assert list(list_pictures(tmp_path).items()) == [
        ("a", tmp_path / "a.JPG"),
        ("b", tmp_path / "b.png"),
    ]
    (tmp_path / "a.png").touch()
    with pytest.raises(ScotopicError, match=r"a\.JPG and a\.png share one name"):
        list_pictures(tmp_path)
    with pytest.raises(MissingFileError, match="no such folder"):
        list_pictures(tmp_path / "c")

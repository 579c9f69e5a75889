"""Settings of the process that imports the package stay as they are, for all its threads."""

import io
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile
from sample_files import PROFILE, exif_with, png_that_claims, saved, smooth_pixels

from scotopic.errors import TooLargeError
from scotopic.photo import writing
from scotopic.photo.animation import Animation
from scotopic.photo.codecs import ENCODERS
from scotopic.photo.photo import Photo
from scotopic.photo.quiet import quiet, unlimited
from scotopic.photo.reading import from_image, read, read_carried

BOMB_CHECK = Image._decompression_bomb_check
SETTINGS = [
    {},
    {"MAX_IMAGE_PIXELS": 1000},
    {"MAX_IMAGE_PIXELS": None},
    {"MAXBLOCK": 2**12, "LOAD_TRUNCATED_IMAGES": True, "MAX_IMAGE_PIXELS": 7},
]


def settings():
    return {
        "MAX_IMAGE_PIXELS": Image.MAX_IMAGE_PIXELS,
        "MAXBLOCK": ImageFile.MAXBLOCK,
        "LOAD_TRUNCATED_IMAGES": ImageFile.LOAD_TRUNCATED_IMAGES,
        "filters": list(warnings.filters),
        "check": Image._decompression_bomb_check,
    }


@pytest.fixture(params=SETTINGS)
def unusual(request, monkeypatch):
    for name, value in request.param.items():
        monkeypatch.setattr(Image if name == "MAX_IMAGE_PIXELS" else ImageFile, name, value)


def animated(form):
    """An animation with transparency, which Pillow composes and crops."""
    frames = [smooth_pixels(), smooth_pixels()[::-1].copy(), smooth_pixels()[:, ::-1].copy()]
    clear = np.full(frames[0].shape[:2], 255, np.uint8)
    clear[:, 20:] = 0
    later = [(frame, clear.copy()) for frame in frames[1:]]
    return Photo(frames[0], clear, form, animation=Animation(later, [50.0, 60.0, 70.0], 0))


def every_kind_of_picture():
    """Files by name, each of more pixels than 1000."""
    files = {form: writing.encode(Photo(smooth_pixels()), form)[0] for form in ENCODERS}
    moving = ("GIF", "PNG", "WEBP", "AVIF")
    files |= {f"{form}, moving": writing.encode(animated(form), form)[0] for form in moving}
    files["tiles"] = saved(Image.fromarray(smooth_pixels()), "TIFF", compression="tiff_lzw")
    files["palette"] = saved(Image.fromarray(smooth_pixels()).convert("P"), "PNG")
    return files


def test_reading_and_writing_change_no_setting_and_need_none(unusual, tmp_path):
    before = settings()
    files = every_kind_of_picture()
    (tmp_path / "a.tif").write_bytes(files["TIFF"])

    def go(name):
        taken = read(files[name])
        for form in {taken.format, "GIF", "JPEG", "TIFF"}:
            writing.encode(taken, form)
        writing.to_image(from_image(Image.fromarray(taken.pixels[..., :3])))
        read_carried(tmp_path / "a.tif")
        with pytest.raises(TooLargeError):
            read(png_that_claims(40_000, 40_000))
        return taken.pixels.shape

    with ThreadPoolExecutor(8) as pool:
        shapes = list(pool.map(go, files))
    assert set(shapes) == {(40, 56, 3)}
    assert settings() == before


def test_noise_that_exceeds_pillows_buffer_leaves_the_buffer_as_it_is(unusual):
    before = settings()
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    tables = {"qtables": [[1] * 64] * 2, "subsampling": 0, "progressive": True}
    assert writing.encode(Photo(noise, jpeg=tables), "JPEG")[1]
    assert settings() == before


def test_other_threads_keep_pillows_limit_while_one_is_without(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    data = saved(Image.new("L", (100, 100)), "PNG")

    def opened():
        with Image.open(io.BytesIO(data)) as image:
            return image.size

    with ThreadPoolExecutor(1) as other:
        with unlimited():
            assert opened() == (100, 100)
            with pytest.raises(Image.DecompressionBombError):
                other.submit(opened).result()
        with pytest.raises(Image.DecompressionBombError):
            opened()
    assert Image._decompression_bomb_check is BOMB_CHECK


def test_other_threads_keep_their_warnings_while_one_is_quiet():
    with ThreadPoolExecutor(1) as other, quiet():
        warnings.warn("not to be seen", UserWarning, stacklevel=1)
        with pytest.raises(UserWarning, match="to be seen"):
            other.submit(warnings.warn, "to be seen", UserWarning).result()


def test_the_last_thread_that_leaves_takes_the_filter_along():
    before, entered, leave = list(warnings.filters), threading.Barrier(2), threading.Event()

    def stay():
        with quiet():
            entered.wait(5)
            leave.wait(5)
            warnings.warn("not to be seen", UserWarning, stacklevel=1)

    with ThreadPoolExecutor(1) as other:
        with quiet():
            running = other.submit(stay)
            entered.wait(5)
        leave.set()
        running.result()
    assert list(warnings.filters) == before


def test_a_thread_stays_quiet_when_the_host_adds_filters_in_between():
    with warnings.catch_warnings():
        before = list(warnings.filters)
        with quiet():
            warnings.simplefilter("error", ResourceWarning)
            with quiet():
                warnings.warn("not to be seen", ResourceWarning, stacklevel=1)
        assert [each for each in warnings.filters if each not in before] == [
            ("error", None, ResourceWarning, None, 0)
        ]


def test_filters_are_as_before_when_the_host_leaves_its_own_block_later():
    before = list(warnings.filters)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
    assert list(warnings.filters) == before


def test_metadata_and_damage_make_no_warnings():
    data = saved(Image.fromarray(smooth_pixels()), "JPEG", exif=exif_with(6), icc_profile=PROFILE)
    hurt = data.replace(b"Exif\0\0II*\0\x08\0\0\0", b"Exif\0\0II*\0\xff\xff\0\0")
    assert hurt != data
    assert read(hurt).pixels.shape == (40, 56, 3)  # warnings are errors in these tests

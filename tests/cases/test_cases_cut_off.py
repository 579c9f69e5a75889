"""Files that were cut off."""

import subprocess
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from cases_kinds import chunk, dark, tiff
from PIL import Image, ImageFile
from sample_files import saved

import scotopic
from scotopic.errors import Parameter, UnreadableError
from scotopic.photo.reading import read

FRAMES = 3


def grainy(channels=3):
    """A dark picture that does not compress to almost nothing: 120 x 160."""
    grain = np.random.default_rng(0).integers(0, 12, (120, 160, channels), dtype=np.uint8)
    return dark(channels, 120, 160) + grain


def pillow(form, pixels=None, **options):
    pixels = grainy() if pixels is None else pixels
    return saved(
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels), form, **options
    )


def moving(form):
    others = [Image.fromarray(np.roll(grainy(), 40 * index, axis=1)) for index in range(1, FRAMES)]
    return pillow(form, save_all=True, append_images=others, duration=90)


def deep_png():
    imagecodecs = pytest.importorskip("imagecodecs", reason="16 bits need scotopic[deep]")
    return bytes(imagecodecs.png_encode(grainy().astype(np.uint16) * 257))


def interlaced():
    """An interlaced PNG; no library at hand writes one."""
    pixels, rows = grainy(), b""
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    for left, top, across, down in [*steps, (0, 1, 1, 2)]:
        rows += b"".join(b"\0" + row.tobytes() for row in pixels[top::down, left::across])
    height, width = pixels.shape[:2]
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 1])
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


KINDS = {
    "JPEG": lambda: pillow("JPEG"),
    "JPEG, progressive": lambda: pillow("JPEG", progressive=True),
    "JPEG, gray": lambda: pillow("JPEG", grainy(1)),
    "PNG": lambda: pillow("PNG"),
    "PNG, gray": lambda: pillow("PNG", grainy(1)),
    "PNG, 16 bits": deep_png,
    "PNG, interlaced": interlaced,
    "WebP": lambda: pillow("WEBP", quality=95),
    "WebP, lossless": lambda: pillow("WEBP", lossless=True),
    "GIF": lambda: pillow("GIF", interlace=0),
    "BMP": lambda: pillow("BMP"),
    "TIFF": lambda: tiff(grainy(), rowsperstrip=10),
    "TIFF, one strip": lambda: tiff(grainy()),
    "TIFF, deflate": lambda: tiff(grainy(), rowsperstrip=10, compression="zlib"),
    "TIFF, LZW": lambda: tiff(grainy(), rowsperstrip=10, compression="lzw"),
    "TIFF, PackBits": lambda: tiff(grainy(), rowsperstrip=10, compression="packbits"),
    "TIFF, tiles": lambda: tiff(grainy(), tile=(32, 32), compression="zlib"),
    "TIFF, 16 bits": lambda: tiff(grainy().astype(np.uint16) * 257, rowsperstrip=10),
    "TIFF, float32": lambda: tiff((grainy() / 255).astype(np.float32), rowsperstrip=10),
}


def test_a_jpeg_that_lacks_only_its_end_marker_is_enhanced_with_a_note():
    for options in ({}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}):
        whole = pillow("JPEG", **options)
        taken = read(whole[:-2])
        assert np.array_equal(taken.pixels, read(whole).pixels)
        assert taken.notes == ("the end of the file is missing; all of its picture is there",)
        assert np.array_equal(
            read(scotopic.enhance(whole[:-2])).pixels, read(scotopic.enhance(whole)).pixels
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.4, 0.7, 0.9])
def test_a_file_that_was_cut_off_is_refused_with_the_remedy(kind, share):
    data = KINDS[kind]()
    with pytest.raises(UnreadableError, match="cut off, and a part of the picture") as caught:
        scotopic.enhance(data[: int(share * len(data))])
    assert caught.value.remedy == Parameter("allow_truncated")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.4, 0.7, 0.9])
def test_a_file_that_was_cut_off_is_enhanced_as_far_as_it_goes_if_asked_for(kind, share):
    data = KINDS[kind]()
    cut = data[: int(share * len(data))]
    whole, part = read(data), read(cut, allow_truncated=True)
    assert part.pixels.shape == whole.pixels.shape and part.pixels.dtype == whole.pixels.dtype
    assert part.notes[-1] == "the file is cut off: what is missing of the picture is empty"
    if kind not in ("JPEG, progressive", "PNG, interlaced", "TIFF, tiles", "BMP", "WebP"):
        same = (part.pixels == whole.pixels).all(axis=(1, 2))
        assert same[: int((share - 0.4) * len(same))].all()
    made = scotopic.enhance(cut, allow_truncated=True)
    assert read(made).pixels.shape == whole.pixels.shape


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF"])
def test_frames_that_are_missing_are_never_passed_over_in_silence(form):
    data = moving(form)
    cut = data[: int(0.8 * len(data))]
    with pytest.raises(UnreadableError, match="a part of the picture is missing"):
        read(cut)
    part = read(cut, allow_truncated=True)
    frames = [part.pixels] + [
        pixels for pixels, _ in (part.animation.frames if part.animation else [])
    ]
    assert 1 < len(frames) <= FRAMES
    assert np.array_equal(frames[0], read(data).pixels)


def test_a_progressive_jpeg_that_lacks_scans_does_not_count_as_whole():
    data = pillow("JPEG", progressive=True)
    starts = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    for start in starts[1:]:
        with pytest.raises(UnreadableError, match="a part of the picture is missing"):
            read(data[: start - 1])


def test_what_was_cut_before_any_pixels_is_refused():
    for kind in ("JPEG", "PNG", "WebP", "GIF", "TIFF, deflate"):
        with pytest.raises(UnreadableError):
            read(KINDS[kind]()[:24], allow_truncated=True)


def test_the_command_names_its_option_and_takes_it(tmp_path):
    data = KINDS["JPEG"]()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    command = [
        sys.executable,
        "-m",
        "scotopic",
        "enhance",
        tmp_path / "a.jpg",
        "-o",
        tmp_path / "b.jpg",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "use --allow-truncated" in done.stderr
    command.append("--allow-truncated")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "the file is cut off" in done.stderr and (tmp_path / "b.jpg").exists()


def test_folders_take_the_option_too(tmp_path):
    data = KINDS["PNG"]()
    (tmp_path / "a.png").write_bytes(data[: len(data) // 2])
    for allowed, status in ((False, "failed"), (True, "enhanced")):
        output = tmp_path.parent / f"{tmp_path.name}_{allowed}"
        (outcome,) = scotopic.enhance_folder(tmp_path, output, allow_truncated=allowed)
        assert outcome.status == status


def test_the_flag_of_pillow_is_as_it_was():
    data = KINDS["GIF"]()
    assert read(data[: len(data) // 2], allow_truncated=True)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("length", range(9, 60))
def test_a_png_that_ends_in_its_first_chunks_is_refused_with_the_truth(length):
    with pytest.raises(UnreadableError) as caught:
        read(pillow("PNG")[:length])
    assert "index" not in str(caught.value) and len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("claimed", [2**26 + 1, 2**29, 2**30 - 100])
def test_a_length_that_is_claimed_takes_no_memory(claimed):
    data = bytearray(pillow("WEBP")[:300])
    data[16:20] = claimed.to_bytes(4, "little")
    tracemalloc.start()
    with pytest.raises(UnreadableError):
        read(bytes(data), allow_truncated=True)
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()

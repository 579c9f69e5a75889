"""Animated pictures go frame by frame, at one exposure, with their timing."""

import io
import subprocess

import numpy as np
import pytest
from PIL import Image, ImageSequence
from places import COMMAND
from sample_files import encoded, notes_of

from scotopic.enhancer import Enhancer
from scotopic.jobs import one
from scotopic.photo import animation
from scotopic.photo.photo import Photo
from scotopic.photo.reading import read
from scotopic.wish import Wish

TIMES = [40, 80, 120, 300]
FORMS = ["GIF", "PNG", "WEBP", "AVIF"]


def frames(gray=False):
    """A dark scene with a bright square that moves."""
    coarse = np.random.default_rng(0).integers(10, 40, (4, 6, 3), dtype=np.uint8)
    scene = np.asarray(Image.fromarray(coarse).resize((96, 64), Image.Resampling.BICUBIC)).copy()
    scene = np.repeat(scene[..., :1], 3, axis=-1) if gray else scene
    result = [scene.copy() for _ in TIMES]
    for index, frame in enumerate(result):
        frame[10:20, 10 + 20 * index : 20 + 20 * index] = 200
    return result


def animated(form, pictures, **options):
    images = [Image.fromarray(picture) for picture in pictures]
    options = {"duration": TIMES, "loop": 0, **options}
    if form in ("WEBP", "AVIF"):
        options |= {"lossless": True} if form == "WEBP" else {"quality": 100}
    buffer = io.BytesIO()
    images[0].save(buffer, form, save_all=True, append_images=images[1:], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_frames_and_their_times_come_through(form):
    given = frames()
    taken = read(animated(form, given))
    assert taken.animation.milliseconds == TIMES and not taken.notes
    again = read(encoded(taken, form))
    assert again.animation.milliseconds == TIMES
    assert again.animation.plays == taken.animation.plays
    shown = [again.pixels, *(pixels for pixels, _ in again.animation.frames)]
    for wanted, frame in zip(given, shown, strict=True):
        assert np.abs(wanted.astype(int) - frame).mean() < 4


@pytest.mark.parametrize("form", FORMS)
def test_all_frames_get_one_exposure(form):
    taken = read(animated(form, frames()))
    report, _ = one.enhance_photo(Enhancer(), taken, Wish())
    assert report.gain > 1.5
    shown = [taken.pixels, *(pixels for pixels, _ in taken.animation.frames)]
    levels = [frame[40:, :].mean() for frame in shown]
    assert np.ptp(levels) < 1.5, "what does not move does not flicker"


def test_gray_frames_stay_gray():
    taken = read(animated("PNG", [frame[..., 0] for frame in frames(gray=True)]))
    assert taken.pixels.shape[-1] == 1
    one.enhance_photo(Enhancer(), taken, Wish())
    again = read(encoded(taken, "PNG"))
    assert again.pixels.shape[-1] == 1 and len(again.animation.frames) == 3


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_a_frame_that_is_clear_does_not_show_the_one_before(form):
    alphas = [np.full((64, 96), 255, np.uint8) for _ in TIMES]
    alphas[1][:, 40:] = 0
    pictures = list(zip(frames(), alphas, strict=True))
    rest = animation.Animation(pictures[1:], TIMES, 0)
    data = encoded(Photo(*pictures[0], animation=rest), form)
    taken = read(data)
    found = [taken.alpha, *(alpha for _, alpha in taken.animation.frames)]
    assert [alpha[30, 80] for alpha in found] == [255, 0, 255, 255]
    with Image.open(io.BytesIO(encoded(taken, form))) as image:
        shown = [np.asarray(f.convert("RGBA")) for f in ImageSequence.Iterator(image)]
    assert [frame[30, 80, 3] for frame in shown] == [255, 0, 255, 255]


def test_a_first_frame_that_is_apart_stays_so():
    taken = read(animated("PNG", frames(), duration=TIMES[1:], default_image=True))
    again = read(encoded(taken, "PNG"))
    assert again.animation.apart and again.animation.milliseconds == TIMES[1:]


def test_what_is_apart_is_left_out_where_it_cannot_be():
    taken = read(animated("PNG", frames(), duration=TIMES[1:], default_image=True))
    for form in ("GIF", "WEBP"):
        again = read(encoded(taken, form))
        assert again.animation.milliseconds == TIMES[1:] and len(again.animation.frames) == 2
        assert "the picture that is apart from the animation left out" in notes_of(taken, form)
    taken.animation.frames, taken.animation.milliseconds = taken.animation.frames[:1], TIMES[1:2]
    taken.alpha = np.full((64, 96), 99, np.uint8)
    assert read(encoded(taken, "GIF")).animation is None


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "given, options", [("GIF", {}), ("GIF", {"loop": 4}), ("WEBP", {"loop": 2})]
)
def test_it_is_shown_as_often_in_any_format(form, given, options):
    buffer = io.BytesIO()
    images = [Image.fromarray(frame) for frame in frames()]
    images[0].save(buffer, given, save_all=True, append_images=images[1:], duration=50, **options)
    taken = read(buffer.getvalue())
    wanted = {None: 1, 4: 5, 2: 2}[options.get("loop")]
    assert taken.animation.plays == wanted
    assert read(encoded(taken, form)).animation.plays == wanted


def test_a_format_that_holds_one_picture_gets_the_first_with_a_word(tmp_path):
    (tmp_path / "a.gif").write_bytes(animated("GIF", frames()))
    command = [COMMAND, "enhance", tmp_path / "a.gif", "-o", tmp_path / "b.jpg"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "4 frames: the first is written, JPEG holds one" in done.stderr
    command = [COMMAND, "enhance", tmp_path / "a.gif", "-o", tmp_path / "b.gif"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "colours reduced to 256" in done.stderr
    with Image.open(tmp_path / "b.gif") as image:
        assert image.n_frames == 4 and image.info["loop"] == 0


def test_of_an_animation_of_16_bits_the_first_frame_is_read_whole_and_that_is_told():
    deep = [frame[..., 0].astype(np.uint16) for frame in frames()]
    taken = read(animated("PNG", deep))
    assert np.array_equal(taken.pixels[..., 0], deep[0]) and taken.animation is None
    assert taken.notes == ("4 pictures in the file: the first is taken",)

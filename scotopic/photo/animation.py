"""Animated pictures: their frames, composed, and how long each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from scotopic.photo import images
from scotopic.types import Array

Frame = tuple[Array, Array | None]
"""Pixels, (height, width, 3 or 1), and alpha, (height, width), or None; uint8."""

FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
"""Formats that hold animations, as Pillow names them."""

_CLEAR = 255


@dataclass
class Animation:
    """What an animated picture has beside its first frame.

    Attributes
    ----------
    frames : list of Frame
        The frames after the first, each whole, as it is seen.
    milliseconds : list of float
        How long each frame is shown, the first among them.
    plays : int
        How often it is shown; 0 without end.
    apart : bool
        Whether the first frame is shown only by what shows no animations (of
        a PNG); it has no time then.
    """

    frames: list[Frame]
    milliseconds: list[float]
    plays: int
    apart: bool = False


def take(image: Image.Image) -> tuple[Array, Array | None, Animation]:
    """The first frame's pixels and alpha, and the others.

    Parameters
    ----------
    image : PIL image
        Of several frames.
    """
    whole, milliseconds, may_be_gray = [], [], images.is_gray(image)
    for frame in ImageSequence.Iterator(image):
        whole.append(images.from_image(frame, "RGBA"))
        milliseconds.append(float(frame.info.get("duration", 0)))
    apart = bool(image.info.get("default_image"))
    opaque = all(frame[..., 3].min() == 255 for frame in whole)
    gray = may_be_gray and all(_is_gray(frame) for frame in whole)
    channels = 1 if gray else 3
    frames: list[Frame] = [
        (np.ascontiguousarray(frame[..., :channels]), None if opaque else frame[..., 3])
        for frame in whole
    ]
    rest = Animation(frames[1:], milliseconds[apart:], _plays(image), apart)
    return (*frames[0], rest)


def _is_gray(frame: Array) -> bool:
    return bool(np.ptp(frame[..., :3], axis=-1).max() == 0)


def _plays(image: Image.Image) -> int:
    """A GIF tells how often it is shown again, if it is; the others how often in all."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else loop and loop + 1
    return loop or 0


def save_options(animation: Animation, form: str) -> dict[str, Any]:
    """What Pillow is told to save the frames after the first."""
    options: dict[str, Any] = {
        "save_all": True,
        "append_images": [for_format(images.to_image(*frame), form) for frame in animation.frames],
        "duration": [round(time) for time in animation.milliseconds],
    }
    if form == "GIF" and animation.plays:
        options |= {"loop": animation.plays - 1} if animation.plays > 1 else {}
    else:
        options["loop"] = animation.plays
    if form == "PNG":
        options["default_image"] = animation.apart
    if form == "GIF" and animation.frames[0][1] is not None:
        options["disposal"] = 2  # frames are whole: what is clear must not show the one before
    return options


def for_format(image: Image.Image, form: str) -> Image.Image:
    """The image as a format takes it: for GIF, what is clear made a colour of its own.

    Pillow would do that for one picture, but not for frames that differ in it.
    """
    if form != "GIF" or not image.mode.endswith("A"):
        return image
    clear = image.getchannel("A").point(lambda level: 255 * (level < 128))
    colours = Image.Palette.ADAPTIVE
    result = image.convert("RGB").convert("P", palette=colours, colors=_CLEAR)
    result.paste(_CLEAR, mask=clear)
    result.info["transparency"] = _CLEAR
    return result

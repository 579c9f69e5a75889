"""Animated pictures: their frames and how long each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from scotopic.photo import formats, images
from scotopic.photo.formats import Format
from scotopic.types import Array

Frame = tuple[Array, Array | None]
"""Pixels, (height, width, 3 or 1), and alpha, (height, width), or None; uint8."""


@dataclass
class Animation:
    """What an animated picture has beside its first frame.

    Attributes
    ----------
    frames : list of Frame
        The frames after the first, each composed to what is seen.
    milliseconds : list of float
        How long each frame is shown, the first one included.
    plays : int
        How often the animation is played; 0 for without end.
    apart : bool
        Whether the first frame is not part of the animation, and is shown only by
        programs that show no animations. Only a PNG has that; the first frame then
        has no time in `milliseconds`.
    """

    frames: list[Frame]
    milliseconds: list[float]
    plays: int
    apart: bool = False


def take(image: Image.Image) -> tuple[Array, Array | None, Animation]:
    """Pixels and alpha of the first frame, and the other frames.

    Parameters
    ----------
    image : PIL image
        Opened from a file of several frames.
    """
    whole, milliseconds, may_be_gray = [], [], images.is_gray(image)
    for frame in ImageSequence.Iterator(image):
        whole.append(images.from_image(frame, "RGBA"))
        milliseconds.append(float(frame.info.get("duration", 0)))
    whole = _of_one_size(whole)
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


def _of_one_size(frames: list[Array]) -> list[Array]:
    """Frames with clear margins, as large as those after a frame that reached beyond the picture."""
    height, width = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    return [
        np.pad(frame, ((0, height - frame.shape[0]), (0, width - frame.shape[1]), (0, 0)))
        if frame.shape[:2] != (height, width)
        else frame
        for frame in frames
    ]


def _is_gray(frame: Array) -> bool:
    return bool(np.ptp(frame[..., :3], axis=-1).max() == 0)


def _plays(image: Image.Image) -> int:
    """How often an animation is played; its file may say how often it is repeated instead."""
    row, loop = formats.of_name(image.format or ""), image.info.get("loop")
    if row is not None and row.counts_repeats:
        return 1 if loop is None else loop and loop + 1
    return loop or 0


def timing(animation: Animation, row: Format) -> dict[str, Any]:
    """What Pillow is told, beside the frames, to save an animation in a format."""
    options: dict[str, Any] = {
        "duration": [round(time) for time in animation.milliseconds],
    }
    if row.counts_repeats and animation.plays:
        options |= {"loop": animation.plays - 1} if animation.plays > 1 else {}
    else:
        options["loop"] = animation.plays
    if row.holds_frame_apart:
        options["default_image"] = animation.apart
    return options

"""Animated pictures: their frames and how long each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

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


class Drawn:
    """Where a GIF has drawn so far: what no frame has drawn to is transparent.

    Pillow fills that with a colour of the palette, as the specification said once; all
    that show GIFs leave it clear. GIF89a specification, 20 and 23 (disposal).
    """

    _CLEARED, _RESTORED = 2, 3

    def __init__(self) -> None:
        self._mask: Array | None = None
        self._place: Any = (slice(0), slice(0))
        self._disposal = 0
        self._before: Array = np.empty((0, 0))

    def clear(self, image: Any, alpha: Array) -> None:
        """Set the alpha of a frame, (height, width), to 0 where nothing was drawn.

        Parameters
        ----------
        image : PIL image
            At that frame; one that is no GIF stays as it is.
        alpha : array
        """
        extent = getattr(image, "dispose_extent", None)
        if image.format != "GIF" or extent is None:
            return
        mask: Array = np.zeros(alpha.shape, bool)
        if self._mask is not None:
            old = self._disposed()[: mask.shape[0], : mask.shape[1]]
            mask[: old.shape[0], : old.shape[1]] = old
        left, top, right, bottom = extent
        self._place = (slice(top, bottom), slice(left, right))
        self._disposal, self._before = image.disposal_method, mask[self._place].copy()
        mask[self._place] = True
        self._mask = mask
        if not mask.all():
            alpha[~mask] = 0

    def _disposed(self) -> Array:
        """The mask after the last frame was taken away as it says."""
        mask = cast("Array", self._mask)
        if self._disposal == self._CLEARED:
            mask[self._place] = False
        elif self._disposal == self._RESTORED:
            mask[self._place] = self._before
        return mask


def take(image: Image.Image) -> tuple[Array, Array | None, Animation]:
    """Pixels and alpha of the first frame, and the other frames.

    Parameters
    ----------
    image : PIL image
        Opened from a file of several frames.
    """
    whole, milliseconds, may_be_gray = [], [], images.is_gray(image)
    drawn = Drawn()
    for frame in ImageSequence.Iterator(image):
        whole.append(images.from_image(frame, "RGBA"))
        drawn.clear(image, whole[-1][..., 3])
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

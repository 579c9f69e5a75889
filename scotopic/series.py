"""Many frames at one exposure, as of an animation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scotopic.enhancer import Enhancer, Report
from scotopic.pixels.thumbnail import thumbnail
from scotopic.types import Array
from scotopic.wish import Wish


def enhance_frames(
    enhancer: Enhancer,
    frames: Sequence[Array],
    wish: Wish,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Enhance frames in place, all of them as the frame of middle level asks for.

    Parameters
    ----------
    enhancer : Enhancer
    frames : sequence of arrays, (height, width, 3 or 1)
        uint8 or uint16, of one size; they are overwritten.
    wish : Wish
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    Report
        Of the last frame; one without tiles says that the frames were left as
        they are, since they are bright enough.
    """
    look = enhancer.decide(frames[_of_middle_level(frames)], wish)
    report = enhancer.report(look, 0)
    if enhancer.leaves(look):
        return report
    for index, frame in enumerate(frames):

        def told(share: float, done: int = index) -> None:
            if progress is not None:
                progress((done + share) / len(frames))

        report = enhancer.apply(frame, look, frame, told)
    return report


def _of_middle_level(frames: Sequence[Array]) -> int:
    if len(frames) == 1:
        return 0
    levels = [thumbnail(frame).mean() for frame in frames]
    return int(np.argsort(levels)[len(levels) // 2])

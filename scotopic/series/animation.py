"""All frames of an animation at one exposure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scotopic.enhancer import Enhancer, Report
from scotopic.networks.network import Look
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.pixels.visible import cut_out, is_seen, small
from scotopic.types import Array, Pixels
from scotopic.wish import Wish


def enhance_animation(
    enhancer: Enhancer,
    frames: Sequence[Array],
    alphas: Sequence[Array | None],
    wish: Wish,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Enhance the frames of an animation in place, all as the one of middle level asks for.

    An animation is short and begins anew at its end, so that nothing may change between
    its last frame and its first.

    Parameters
    ----------
    enhancer : Enhancer
    frames : sequence of arrays, (height, width, 3 or 1)
        uint8 or uint16, of one size; they are overwritten.
    alphas : sequence of arrays, (height, width), or None
        Opacity of each frame; what is hidden counts for nothing.
    wish : Wish
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    Report
        Of the last frame; one without tiles says that the frames were left as
        they are, since they are bright enough.
    """
    seen = [cut_out(frame, alpha) for frame, alpha in zip(frames, alphas, strict=True)]
    look = decide_frames(enhancer, seen, alphas, wish)
    report = enhancer.report(look, 0)
    if enhancer.leaves(look):
        return report
    for index, frame in enumerate(frames):

        def told(share: float, done: int = index) -> None:
            if progress is not None:
                progress((done + share) / len(frames))

        report = enhancer.apply(seen[index], look, frame, told)
    return report


def decide_frames(
    enhancer: Enhancer, frames: Sequence[Pixels], alphas: Sequence[Array | None], wish: Wish
) -> Look:
    """Decide how frames are exposed, by the one of middle level.

    Parameters
    ----------
    enhancer : Enhancer
    frames : sequence of arrays, (height, width, 3 or 1), as from `cut_out`
    alphas : sequence of arrays, (height, width), or None
    wish : Wish
    """
    return enhancer.decide(frames[_of_middle_level(frames, alphas)], wish)


def _of_middle_level(frames: Sequence[Pixels], alphas: Sequence[Array | None]) -> int:
    """The frame of middle level among those of which anything is seen, if there are any."""
    if len(frames) == 1:
        return 0
    seen = [index for index, alpha in enumerate(alphas) if alpha is None or is_seen(alpha)]
    seen = seen or list(range(len(frames)))
    levels = [_level(frames[index]) for index in seen]
    return seen[int(np.argsort(levels)[len(levels) // 2])]


def _level(frame: Pixels) -> float:
    thumb, weights = small(frame, THUMBNAIL_SIZE, THUMBNAIL_SIZE)
    return float(np.average(thumb.mean(axis=-1), weights=weights))

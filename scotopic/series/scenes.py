"""Where the scenes of a film begin, and what is told of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from scotopic.networks.network import Look
from scotopic.pixels.exposure import brightest, logit
from scotopic.pixels.thumbnail import reduced
from scotopic.types import Array

FAINT = 0.15
"""Mean level of a frame relative to that of its scene, below which it tells little."""
SUDDEN = 0.4
"""The same relative to the frame before, below which it became dark at once and does not fade."""
_CELLS = 16
"""Sides of the picture that scenes are told apart by."""
LIKE = 0.45
"""Least correlation of that picture with the one before within a scene."""
_PLAIN = 0.02
"""Standard deviation in logit units below which that picture shows nothing."""


@dataclass(frozen=True)
class SceneReport:
    """A scene of a film, as it was exposed.

    Attributes
    ----------
    first, last : int
        Its frames, counted from 0.
    start, end : float
        Times of both in seconds.
    exposure_before, exposure_after : float
        Mean levels, 0 to 1, averaged over its frames; the second as planned.
    gain : float
        Geometric mean of the gain, over the picture and over its frames.
    gain_range : (float, float)
        Smallest and largest gain of any frame.
    limited_by : str or None
        What limited its first frame; see `scotopic.pixels.restraint.Decision`.
    """

    first: int
    last: int
    start: float
    end: float
    exposure_before: float
    exposure_after: float
    gain: float
    gain_range: tuple[float, float]
    limited_by: str | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "gain_range": list(self.gain_range)}

    def with_frame(self, look: Look, index: int, time: float) -> SceneReport:
        """The scene with one frame more."""
        share = 1 / (index - self.first + 1)
        low, high = look.gain_range
        return replace(
            self,
            last=index,
            end=time,
            exposure_before=mixed(self.exposure_before, look.exposure_before, share),
            exposure_after=mixed(self.exposure_after, look.exposure_after, share),
            gain=float(np.exp(mixed(np.log(self.gain), np.log(look.gain), share))),
            gain_range=(min(self.gain_range[0], low), max(self.gain_range[1], high)),
        )

    @classmethod
    def begun(cls, look: Look, index: int, time: float) -> SceneReport:
        """The scene of one frame."""
        decision = look.automatic
        return cls(
            index,
            index,
            time,
            time,
            look.exposure_before,
            look.exposure_after,
            look.gain,
            look.gain_range,
            decision.limited_by if decision else None,
        )


@dataclass(frozen=True)
class Seen:
    """A frame that was looked at, before it is exposed like those around it.

    Attributes
    ----------
    look : Look
        What would be decided for it alone.
    is_cut : bool
        Whether a scene begins with it.
    memory : Memory
        What is remembered to tell whether one begins with the next.
    """

    look: Look
    is_cut: bool
    memory: Memory


@dataclass(frozen=True)
class Memory:
    """What is remembered of the frames of a scene.

    Attributes
    ----------
    shown : array or None
        What the last frame showed that showed anything.
    level : float
        Mean gray of the last frame, 0 to 1.
    mean_level : float
        The same, averaged over the scene.
    frames : int
        Of the scene so far.
    """

    shown: Array | None = None
    level: float = 0.0
    mean_level: float = 0.0
    frames: int = 0

    def faint(self, look: Look) -> bool:
        """Whether a frame is so dark beside its scene that it tells little."""
        return self.frames > 0 and look.exposure_before < FAINT * self.mean_level

    def with_frame(self, look: Look) -> tuple[bool, Memory]:
        """Whether a frame shows another scene than those before, and what is remembered then."""
        shown, level = _structure(look), look.exposure_before
        is_sudden = level < SUDDEN * self.level
        tells = shown.std() >= _PLAIN and (is_sudden or not self.faint(look))
        is_cut = self.frames == 0 or (tells and not self._resembles(shown))
        frames = 1 if is_cut else self.frames + 1
        mean = level if is_cut else mixed(self.mean_level, level, 1 / frames)
        return is_cut, Memory(shown if tells else self.shown, level, mean, frames)

    def _resembles(self, shown: Array) -> bool:
        before = self.shown
        if before is None:
            return True
        return float((shown * before).mean() / (shown.std() * before.std())) >= LIKE


def _structure(look: Look) -> Array:
    """What a frame shows, however bright it is: small, in logit units, about its mean."""
    small = reduced(look.thumb, _CELLS, _CELLS).astype(np.float64)
    level = logit(brightest(small))[..., 0]
    shown: Array = level - level.mean()
    return shown


def mixed(before: float, new: float, share: float) -> float:
    """A value moved towards a new one by a share of the way, 0 to 1."""
    return float(before + share * (new - before))

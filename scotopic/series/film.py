"""A film frame by frame: exposed alike from one to the next, each scene for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from scotopic.enhancer import PLAIN_WISH, Enhancer
from scotopic.errors import InvalidValueError
from scotopic.networks.network import Look
from scotopic.pixels.exposure import brightest, logit
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.steadying import steadied
from scotopic.pixels.thumbnail import reduced
from scotopic.types import Array
from scotopic.wish import Wish

TEMPORAL = 0.5
"""How strongly noise is averaged over time unless something else is asked for."""
SETTLING = 1.0
"""Time constant of the filter, in seconds."""
HURRYING = 0.25
"""The same where the gain is too large by `FAR` in its logarithm, or more."""
FAR = 0.5
WAITING = 4.0
"""The same while a frame is `FAINT` beside its scene, as in a fade to black."""
JUMP = 0.1
"""By how much a frame's middle, in logit units, is brighter when the light has changed."""
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
            exposure_before=_mixed(self.exposure_before, look.exposure_before, share),
            exposure_after=_mixed(self.exposure_after, look.exposure_after, share),
            gain=float(np.exp(_mixed(np.log(self.gain), np.log(look.gain), share))),
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


class FrameSeries:
    """The frames of a film in their order, exposed without flicker.

    Each frame is looked at, and what is decided for it (slope and offset of
    its gain map, and the context of the network) goes through a filter: an
    exponential mean with a time constant of `SETTLING` seconds, which shortens
    to `HURRYING` where the mean gain is too large by `FAR`; over the first
    frames of a scene it is their plain mean. What is filtered is the logit to
    which a frame's middle is exposed: its median logit plus ln g there. That
    median itself is filtered, but follows at once where it rises by `JUMP` or
    more: when a light is switched on, the gain falls at once by as much as the
    frame became brighter, and what is exposed then changes smoothly to what the
    new light asks for, without overshoot. When it becomes dark, the gain rises
    slowly, so that a fade stays one. A cut, where the picture no longer
    resembles that before in its structure, begins a scene and a filter anew.

    Parameters
    ----------
    enhancer : Enhancer
    wish : Wish
    fps : float
        Frames a second, above 0.
    temporal : float
        How strongly noise is averaged over time, 0 (not at all) to 1; see
        `scotopic.pixels.steadying`.

    Raises
    ------
    InvalidValueError
        When a number is out of its range.
    """

    def __init__(
        self,
        enhancer: Enhancer,
        wish: Wish = PLAIN_WISH,
        fps: float = 25.0,
        temporal: float = TEMPORAL,
    ) -> None:
        if not (np.isfinite(fps) and fps > 0):
            raise InvalidValueError(f"fps must be above 0, not {fps!r}")
        if not 0 <= temporal <= 1:
            raise InvalidValueError(f"temporal must be from 0 to 1, not {temporal!r}")
        self.enhancer, self.wish, self.fps, self.temporal = enhancer, wish, fps, temporal
        self._index = self._begun = 0
        self._closed: list[SceneReport] = []
        self._open: SceneReport | None = None
        self._kept: dict[str, Array] = {}
        self._shown: Array | None = None
        self._level = 0.0
        self._steadied: Array | None = None

    @property
    def scenes(self) -> list[SceneReport]:
        """All scenes so far; the last one may go on."""
        return self._closed + ([self._open] if self._open else [])

    def decide(self, frame: Array, time: float | None = None) -> Look:
        """Look at the next frame, and decide how it is exposed.

        Parameters
        ----------
        frame : array, (height, width, 3 or 1), uint8 or uint16
        time : float, optional
            Of the frame in seconds; by default its number divided by `fps`.
        """
        look = self.enhancer.decide(frame, self.wish)
        time = self._index / self.fps if time is None else time
        if self._is_cut(look):
            if self._open:
                self._closed.append(self._open)
            self._open, self._kept, self._steadied = None, {}, None
            self._begun = self._index
        look = self._filtered(look)
        begun = self._open
        self._open = (
            begun.with_frame(look, self._index, time)
            if begun
            else SceneReport.begun(look, self._index, time)
        )
        self._index += 1
        return look

    def apply(self, frame: Array, look: Look, result: Array) -> None:
        """Enhance a frame, in the order of `decide`.

        Parameters
        ----------
        frame : array, as for `decide`
        look : Look
            As `decide` gave it for this frame.
        result : array of the same shape and type
            Is filled; may be the frame itself.
        """
        if self.enhancer.leaves(look):
            result[:] = frame
        else:
            self.enhancer.apply(frame, look, result)
        if self.temporal:
            result[:], self._steadied = steadied(result, self._steadied, self.temporal)

    def enhance(self, frames: Iterable[Array]) -> Iterator[Array]:
        """Enhance frames one after the other; each result is a new array."""
        for frame in frames:
            result = np.empty_like(frame)
            self.apply(frame, self.decide(frame), result)
            yield result

    def state(self) -> dict[str, Any]:
        """All that the next frames depend on, for `from_state`: plain values and arrays.

        Numbers are kept exactly, so that a film that is continued has the frames
        of one that was not interrupted.
        """
        return {
            "index": self._index,
            "begun": self._begun,
            "scenes": [scene.as_dict() for scene in self.scenes],
            "is_open": self._open is not None,
            "kept": {name: array.copy() for name, array in self._kept.items()},
            "level": self._level,
            "shown": None if self._shown is None else self._shown.copy(),
            "steadied": self._steadied,
        }

    @classmethod
    def from_state(
        cls,
        enhancer: Enhancer,
        wish: Wish,
        fps: float,
        state: dict[str, Any],
        temporal: float = TEMPORAL,
    ) -> FrameSeries:
        """Continue after the frames that a state was taken after."""
        series = cls(enhancer, wish, fps, temporal)
        series._restore(state)
        return series

    def _restore(self, state: dict[str, Any]) -> None:
        self._index, self._begun = int(state["index"]), int(state["begun"])
        scenes = [
            SceneReport(**{**one, "gain_range": tuple(one["gain_range"])})
            for one in state["scenes"]
        ]
        self._open = scenes.pop() if state["is_open"] else None
        self._closed = scenes
        self._kept = {name: np.array(array) for name, array in state["kept"].items()}
        self._shown = None if state["shown"] is None else np.array(state["shown"])
        self._level = float(state["level"])
        self._steadied = state["steadied"]

    def _is_cut(self, look: Look) -> bool:
        """Whether a frame shows another scene than the last one that showed anything."""
        shown = _structure(look)
        spread = float(shown.std())
        is_sudden = look.exposure_before < SUDDEN * self._level
        self._level = look.exposure_before
        if spread < _PLAIN or (self._is_faint(look) and not is_sudden):
            return self._index == 0
        before, self._shown = self._shown, shown
        if before is None:
            return self._index == 0
        return float((shown * before).mean()) / (spread * float(before.std())) < LIKE

    def _is_faint(self, look: Look) -> bool:
        scene = self._open
        return scene is not None and look.exposure_before < FAINT * scene.exposure_before

    def _filtered(self, look: Look) -> Look:
        middle = self._middle(float(np.median(logit(brightest(look.thumb)))))
        slope, offset = (x.astype(np.float64) for x in (look.gains.slope, look.gains.offset))
        given = {"slope": slope, "lifted": offset + (1 + slope) * middle}
        if look.context is not None:
            given["context"] = look.context.astype(np.float64)
        kept = self._kept
        if kept:
            share = self._share(look, kept, middle)
            given = {
                name: kept[name] + share * (array - kept[name]) for name, array in given.items()
            }
        self._kept = {**given, "middle": np.array(middle)}
        context = given["context"].astype(np.float32) if "context" in given else None
        return replace(look, context=context).exposed(_map_of(given, middle), look.chosen_by)

    def _middle(self, middle: float) -> float:
        """The median logit of a frame without its noise."""
        if "middle" not in self._kept:
            return middle
        before = float(self._kept["middle"])
        follow = min(1.0, max(0.0, middle - before) / JUMP) ** 2
        return _mixed(before, middle, max(self._least_share(SETTLING), follow))

    def _share(self, look: Look, kept: dict[str, Array], middle: float) -> float:
        """How much of the filter's value a frame is."""
        if self._is_faint(look):
            return self._least_share(WAITING)
        means = [
            gains.mean_log_gain(look.thumb, look.weights)
            for gains in (_map_of(kept, middle), look.gains)
        ]
        hurry = min(1.0, max(0.0, means[0] - means[1]) / FAR) ** 2
        return self._least_share(SETTLING + hurry * (HURRYING - SETTLING))

    def _least_share(self, seconds: float) -> float:
        """That of an exponential mean, or of the plain mean of a scene's first frames."""
        exponential = 1 - np.exp(-1 / (self.fps * seconds))
        return float(max(exponential, 1 / (self._index - self._begun + 1)))


def _map_of(kept: dict[str, Array], middle: float) -> GainMap:
    slope = kept["slope"]
    offset = kept["lifted"] - (1 + slope) * middle
    return GainMap(slope.astype(np.float32), offset.astype(np.float32))


def _structure(look: Look) -> Array:
    """What a frame shows, however bright it is: small, in logit units, about its mean."""
    small = reduced(look.thumb, _CELLS, _CELLS).astype(np.float64)
    level = logit(brightest(small))[..., 0]
    shown: Array = level - level.mean()
    return shown


def _mixed(before: float, new: float, share: float) -> float:
    return float(before + share * (new - before))

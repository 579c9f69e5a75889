"""A film frame by frame: exposed alike from one to the next, each scene for itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from scotopic.enhancer import PLAIN_WISH, Enhancer
from scotopic.errors import InvalidValueError
from scotopic.networks.network import Look
from scotopic.pixels.exposure import brightest, logit
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.steadying import steadied
from scotopic.series.scenes import Memory, SceneReport, Seen, mixed
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

    Frames that follow may be looked at before a frame is exposed (`look`, `expose`): a scene then
    begins as the mean of its first frames asks for, and not as the first one alone does,
    which may be darker than all that come after it.

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
        self._known = 0
        self._looked = self._exposed = Memory()
        self._begins = False
        self._steadied: Array | None = None

    @property
    def frames(self) -> int:
        """How many were exposed so far."""
        return self._index

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
        return self.expose(self.look(frame), (), time)

    def look(self, frame: Array) -> Seen:
        """Look at the next frame, without exposing it yet; as for `decide`."""
        return self.seen(self.enhancer.decide(frame, self.wish))

    def seen(self, look: Look) -> Seen:
        """Take note of what the enhancer decides for the next frame alone; as `look`."""
        is_cut, self._looked = self._looked.with_frame(look)
        return Seen(look, is_cut, self._looked)

    def expose(self, seen: Seen, following: Sequence[Seen], time: float | None = None) -> Look:
        """Decide how a frame is exposed that was looked at, in the order of `look`.

        Parameters
        ----------
        seen : Seen
        following : sequence of Seen
            Frames after it, as many as are known; those of another scene do not count.
        time : float, optional
            As for `decide`.
        """
        time = self._index / self.fps if time is None else time
        own = [one.look for one in itertools.takewhile(lambda one: not one.is_cut, following)]
        if seen.is_cut:
            if self._open:
                self._closed.append(self._open)
            self._open, self._kept = None, {}
            self._begun, self._known = self._index, len(own)
        look = self._filtered(seen.look, own)
        begun = self._open
        self._open = (
            begun.with_frame(look, self._index, time)
            if begun
            else SceneReport.begun(look, self._index, time)
        )
        self._index += 1
        self._exposed, self._begins = seen.memory, seen.is_cut
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
        self.enhance_frame(frame, look, result)
        self.steady(result, self._begins)

    def enhance_frame(self, frame: Array, look: Look, result: Array) -> None:
        """Enhance a frame without averaging its noise; as `apply`, but in any order and thread."""
        if self.enhancer.leaves(look):
            result[:] = frame
        else:
            self.enhancer.apply(frame, look, result)

    def steady(self, result: Array, begins: bool) -> None:
        """Average the noise of a frame with that of the one before, in the order of the film.

        Parameters
        ----------
        result : array
            Of `enhance_frame`; is replaced.
        begins : bool
            Whether a scene begins with it.
        """
        if self.temporal:
            before = None if begins else self._steadied
            result[:], self._steadied = steadied(result, before, self.temporal)

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
            "known": self._known,
            "memory": asdict(self._exposed),
            "steadied": self._steadied,
        }

    def state_of_steadied(self, exposed: dict[str, Any]) -> dict[str, Any]:
        """The state after the frame steadied last, from `state` as it was when that was exposed."""
        return {**exposed, "steadied": self._steadied}

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
        self._known = int(state["known"])
        self._looked = self._exposed = Memory(**state["memory"])
        self._steadied = state["steadied"]

    def _filtered(self, look: Look, following: Sequence[Look]) -> Look:
        middle = self._middle(_middle_of(look))
        kept, given = self._kept, _asked(look, middle)
        if kept:
            share = self._share(look, kept, middle)
            given = {
                name: kept[name] + share * (array - kept[name]) for name, array in given.items()
            }
        else:
            looks = [given, *(_asked(one, _middle_of(one)) for one in following)]
            given = {name: np.mean([one[name] for one in looks], axis=0) for name in given}
        self._kept = {**given, "middle": np.array(middle)}
        context = given["context"].astype(np.float32) if "context" in given else None
        return replace(look, context=context).exposed(_map_of(given, middle), look.chosen_by)

    def _middle(self, middle: float) -> float:
        """The median logit of a frame without its noise."""
        if "middle" not in self._kept:
            return middle
        before = float(self._kept["middle"])
        follow = min(1.0, max(0.0, middle - before) / JUMP) ** 2
        return mixed(before, middle, max(self._least_share(SETTLING), follow))

    def _share(self, look: Look, kept: dict[str, Array], middle: float) -> float:
        """How much of the filter's value a frame is."""
        if self._exposed.faint(look):
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
        frames = self._index - self._begun + 1 + self._known
        return float(max(exponential, 1 / frames))


def _middle_of(look: Look) -> float:
    """The median logit of a frame."""
    return float(np.median(logit(brightest(look.thumb))))


def _asked(look: Look, middle: float) -> dict[str, Array]:
    """What is filtered of what is decided for a frame, float64."""
    slope, offset = (x.astype(np.float64) for x in (look.gains.slope, look.gains.offset))
    asked = {"slope": slope, "lifted": offset + (1 + slope) * middle}
    if look.context is not None:
        asked["context"] = look.context.astype(np.float64)
    return asked


def _map_of(kept: dict[str, Array], middle: float) -> GainMap:
    slope = kept["slope"]
    offset = kept["lifted"] - (1 + slope) * middle
    return GainMap(slope.astype(np.float32), offset.astype(np.float32))

"""Frames of a film enhanced several at once, as if one after the other.

A network that uses all processors for one frame waits for its slowest thread
after each layer, and for everything around it that uses one: reading,
deciding, rounding. Frames that are enhanced side by side with one thread each
keep all processors busy, also beside a decoder and an encoder.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from scotopic import machine
from scotopic.enhancer import Enhancer
from scotopic.networks.network import Look
from scotopic.series.film import FrameSeries
from scotopic.series.scenes import Seen
from scotopic.types import Array

Item = TypeVar("Item")
Result = TypeVar("Result")
_COPIES = 6
"""Copies of a frame on its way: read, its result, and what is made in between."""
_MARGIN = 1.05
"""Of a network's memory, for sides that are made multiples."""


@dataclass(frozen=True)
class Given(Generic[Item]):
    """A frame to be enhanced.

    Attributes
    ----------
    item : anything
        Comes back with the result.
    picture : array, (height, width, 3), uint8 or uint16
    time : float
        In seconds.
    """

    item: Item
    picture: Array
    time: float


@dataclass(frozen=True)
class Enhanced(Generic[Item]):
    """An enhanced frame.

    Attributes
    ----------
    item : anything
        As it was given.
    picture : array, as given
    state : dict or None
        That of the series after this frame, for `FrameSeries.from_state`.
    """

    item: Item
    picture: Array
    state: dict[str, Any] | None


@dataclass(frozen=True)
class _Exposed(Generic[Item]):
    """A frame, how it is exposed, whether a scene begins with it, and the series' state then."""

    item: Item
    picture: Array
    look: Look
    begins: bool
    state: dict[str, Any] | None


@contextlib.contextmanager
def for_several(
    enhancer: Enhancer, pixels: int, frame_bytes: int, held: int
) -> Iterator[tuple[Enhancer, int]]:
    """Divide an enhancer's threads and memory among as many frames at once as they allow.

    Parameters
    ----------
    enhancer : Enhancer
    pixels, frame_bytes : int
        Of a frame, and of its array.
    held : int
        Bytes of frames that wait.

    Yields
    ------
    enhancer : Enhancer
        For each of the frames. It is the given one where no two fit the memory,
        and on graphics cards, which have enough to do with one.
    count : int
        Frames at once.
    """
    needed = _MARGIN * enhancer.network.spec.bytes_per_pixel * pixels
    needed += _COPIES * frame_bytes
    free = enhancer.memory - machine.PROCESS_BYTES - held
    count = min(enhancer.threads, int(free // needed))
    if count < 2 or enhancer.network.provider != "cpu":
        yield enhancer, 1
        return
    with enhancer.with_threads(enhancer.threads // count) as own:
        yield own.with_memory(machine.PROCESS_BYTES + free // count), count


def enhance_several(
    series: FrameSeries, frames: Iterable[Given[Item]], count: int, ahead: int, every: int
) -> Generator[Enhanced[Item], None, None]:
    """Enhance frames in their order, several at once.

    Parameters
    ----------
    series : FrameSeries
    frames : iterable
        Is gone through in the calling thread.
    count : int
        Frames at once.
    ahead : int
        Frames that are looked at before one is exposed; see `FrameSeries`.
    every : int
        After how many frames of the film the state of the series is given.

    Yields
    ------
    Enhanced
    """

    def look(given: Given[Item]) -> tuple[Given[Item], Look]:
        return given, series.enhancer.decide(given.picture, series.wish)

    def enhance(one: _Exposed[Item]) -> tuple[_Exposed[Item], Array]:
        result = np.empty_like(one.picture)
        series.enhance_frame(one.picture, one.look, result)
        return one, result

    pool = ThreadPoolExecutor(count)
    try:
        seen = ((one, series.seen(found)) for one, found in side_by_side(pool, look, frames, count))
        exposed = _exposed(series, seen, ahead, every)
        for one, result in side_by_side(pool, enhance, exposed, count):
            series.steady(result, one.begins)
            state = None if one.state is None else series.state_of_steadied(one.state)
            yield Enhanced(one.item, result, state)
    finally:
        pool.shutdown(cancel_futures=True)


def side_by_side(
    pool: Executor, work: Callable[[Item], Result], items: Iterable[Item], count: int
) -> Iterator[Result]:
    """Results of a function for items, in the order of the items.

    Parameters
    ----------
    pool : Executor
        Whose threads do the work; an error in it is raised here.
    work : callable
    items : iterable
        Is gone through in the calling thread.
    count : int
        Items that are taken ahead of the one whose result is yielded.
    """
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _exposed(
    series: FrameSeries, frames: Iterable[tuple[Given[Item], Seen]], ahead: int, every: int
) -> Iterator[_Exposed[Item]]:
    """Frames as they are exposed; in how each is, those that follow have a say."""
    waiting: deque[tuple[Given[Item], Seen]] = deque()

    def first() -> _Exposed[Item]:
        given, seen = waiting.popleft()
        look = series.expose(seen, [later for _, later in waiting], given.time)
        state = series.state() if series.frames % every == 0 else None
        return _Exposed(given.item, given.picture, look, seen.is_cut, state)

    for frame in frames:
        waiting.append(frame)
        if len(waiting) > ahead:
            yield first()
    while waiting:
        yield first()

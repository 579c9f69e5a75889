"""Stages of a pipeline in threads of their own, joined by short queues."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
_WAIT = 0.1
"""Seconds after which a stage that waits looks whether all is to end."""


class _End:
    """Comes last; with the error that ended the stage, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Generic[Item]):
    """Goes through an iterable in a thread, at most so many items ahead of who iterates this.

    An error in it is raised here. `close` ends the thread.

    Parameters
    ----------
    items : iterable
    depth : int
        Items that may wait.
    """

    def __init__(self, items: Iterable[Item], depth: int) -> None:
        self._items, self._stop = items, threading.Event()
        self._queue: queue.Queue[Any] = queue.Queue(depth)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        end = _End()
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as error:
            end = _End(error)
        self._put(end)

    def _put(self, item: Any) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_WAIT)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._stop.set()
        self._thread.join()


class Behind(Generic[Item]):
    """Calls a function with each item in a thread, in order, while who gives them goes on.

    An error in it is raised at the next `put`, or by `finish`.

    Parameters
    ----------
    work : callable
    depth : int
        Items that may wait.
    """

    def __init__(self, work: Callable[[Item], None], depth: int) -> None:
        self._work, self._stop = work, threading.Event()
        self._error: BaseException | None = None
        self._queue: queue.Queue[Any] = queue.Queue(depth)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    item = self._queue.get(timeout=_WAIT)
                except queue.Empty:
                    continue
                if isinstance(item, _End):
                    return
                self._work(item)
        except BaseException as error:
            self._error = error

    def put(self, item: Item) -> None:
        """Give an item; waits while the queue is full."""
        self._give(item)

    def _give(self, item: Any) -> None:
        while True:
            if self._error is not None:
                raise self._error
            try:
                self._queue.put(item, timeout=_WAIT)
            except queue.Full:
                continue
            return

    def finish(self) -> None:
        """Wait until everything that was given is done."""
        self._give(_End())
        self._thread.join()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """End the thread without what waits, and wait for it."""
        self._stop.set()
        self._thread.join()

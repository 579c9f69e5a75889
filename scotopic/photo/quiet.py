"""Warnings of decoders and Pillow's limit of pixels, switched off for one thread alone.

Both hold for the whole process, and belong to the program that imports this package.
While a thread reads or writes a picture here, a filter is added to `warnings.filters`
and Pillow's check of `PIL.Image.MAX_IMAGE_PIXELS` is replaced, in a way that only that
thread notices. When the last such thread has left, no setting is left changed.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

from PIL import Image


class _Switch:
    """Something that is off in the threads that are inside a ``with`` block.

    Instead of it each thread may have something of its own.

    Parameters
    ----------
    install, remove : callable
        Called, one thread at a time, whenever a thread enters, and when the last
        one has left.
    """

    def __init__(self, install: Callable[[], None], remove: Callable[[], None]) -> None:
        self._install, self._remove = install, remove
        self._lock, self._inside = threading.Lock(), 0
        self._local = threading.local()

    def is_off(self) -> bool:
        """Whether the calling thread is inside."""
        return bool(self._depth())

    def instead(self) -> Any:
        """What the calling thread, which is inside, has instead of it."""
        return self._depth()[-1]

    @contextlib.contextmanager
    def off(self, instead: Any = None) -> Iterator[None]:
        """Switch it off for the calling thread, which gets something instead."""
        depth = self._depth()  # of this thread, even if another one should leave the block
        with self._lock:
            self._inside += 1
            self._install()
        depth.append(instead)
        try:
            yield
        finally:
            depth.pop()
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._remove()

    def _depth(self) -> list[Any]:
        if not hasattr(self._local, "depth"):
            self._local.depth = []
        return cast("list[Any]", self._local.depth)


class _MessageOfQuietThreads:
    """Stands in a filter of warnings where the pattern for the message does."""

    def match(self, _message: str) -> bool:
        return _warnings.is_off()


_FILTER = ("ignore", _MessageOfQuietThreads(), Warning, None, 0)
_changed_lists: list[list[Any]] = []


def _add_filter() -> None:
    filters = cast("list[Any]", warnings.filters)
    if not filters or filters[0] is not _FILTER:
        filters.insert(0, _FILTER)
        _changed_lists.append(filters)


def _remove_filter() -> None:
    for filters in [*_changed_lists, cast("list[Any]", warnings.filters)]:
        filters[:] = [each for each in filters if each is not _FILTER]
    _changed_lists.clear()


_warnings = _Switch(_add_filter, _remove_filter)


def quiet() -> contextlib.AbstractContextManager[None]:
    """Ignore all warnings that the calling thread raises inside the block.

    `warnings.catch_warnings` replaces the filters of the whole process, and leaves
    wrong ones behind if two threads are inside and the first leaves first.
    """
    return _warnings.off()


_CHECK = "_decompression_bomb_check"
_pillows_check: Callable[..., None] | None = None


def _check(size: tuple[int, int], *arguments: Any, **options: Any) -> None:
    """Pillow's check, and for the threads that have switched it off their own."""
    if not _limit.is_off():
        if _pillows_check is not None:
            _pillows_check(size, *arguments, **options)
    elif _limit.instead() is not None:
        _limit.instead()(size)


def _replace_check() -> None:
    global _pillows_check
    current = getattr(Image, _CHECK, None)
    if current is not None and current is not _check:
        _pillows_check = current
        setattr(Image, _CHECK, _check)


def _restore_check() -> None:
    if getattr(Image, _CHECK, None) is _check:
        setattr(Image, _CHECK, _pillows_check)


_limit = _Switch(_replace_check, _restore_check)


def unlimited(
    check: Callable[[tuple[int, int]], None] | None = None,
) -> contextlib.AbstractContextManager[None]:
    """Lift Pillow's limit of pixels for what the calling thread does inside the block.

    Pillow checks its limit wherever it is about to take memory for pixels: when it opens
    a file, before it decodes a frame of a GIF or a tile of a TIFF, for the picture within
    an icon. What `limits` allows is checked in these places instead.

    Parameters
    ----------
    check : callable, optional
        Is told width and height, and raises an error if they are too large.
    """
    return _limit.off(check)

"""Warnings of decoders and Pillow's limits, switched off for one thread alone.

They hold for the whole process, and belong to the program that imports this package.
While a thread reads or writes a picture here, a filter is added to `warnings.filters`,
and Pillow's check of `PIL.Image.MAX_IMAGE_PIXELS`, its unpacking of a PNG's text and
profile, and its flag `LOAD_TRUNCATED_IMAGES` are replaced, in a way that only that thread
notices. When the last such thread has left, no setting is left changed.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any, cast

from PIL import Image, ImageFile, PngImagePlugin


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


def _check_pixels(size: tuple[int, int], *arguments: Any, **options: Any) -> None:
    """Pillow's check, and for the threads that have switched it off their own."""
    if not _limit.is_off():
        _pillows[_check_pixels](size, *arguments, **options)
    elif _limit.instead() is not None:
        _limit.instead()(size)


MOST_TEXT = PngImagePlugin.MAX_TEXT_MEMORY
"""Most bytes of one unpacked text or profile of a PNG: Pillow's bound for all texts together."""


def _unpacked(packed: bytes) -> bytes:
    """Pillow's function for the text and the profile of a PNG, with a wider limit.

    Its own refuses pictures for texts of 1 MB, which whole Photoshop documents exceed.
    """
    if not _limit.is_off():
        return cast("bytes", _pillows[_unpacked](packed))
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(packed, MOST_TEXT)
    if unpacking.unconsumed_tail:
        raise zlib.error("too long")  # as damage, for which Pillow leaves a text out
    return text


_REPLACED: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (Image, "_decompression_bomb_check", _check_pixels),
    (PngImagePlugin, "_safe_zlib_decompress", _unpacked),
)
"""Modules of Pillow, names of their functions, and what stands in for them."""
_pillows: dict[Callable[..., Any], Callable[..., Any]] = {}


def _replace_checks() -> None:
    for module, name, ours in _REPLACED:
        current = getattr(module, name, None)
        if current is not None and current is not ours:
            _pillows[ours] = current
            setattr(module, name, ours)


def _restore_checks() -> None:
    for module, name, ours in _REPLACED:
        if getattr(module, name, None) is ours:
            setattr(module, name, _pillows[ours])


_limit = _Switch(_replace_checks, _restore_checks)


def unlimited(
    check: Callable[[tuple[int, int]], None] | None = None,
) -> contextlib.AbstractContextManager[None]:
    """Lift Pillow's limit of pixels for what the calling thread does inside the block.

    Pillow checks its limit wherever it is about to take memory for pixels: when it opens
    a file, before it decodes a frame of a GIF or a tile of a TIFF, for the picture within
    an icon. What `limits` allows is checked in these places instead.

    The text and the profile of a PNG may be of `MOST_TEXT` bytes each.

    Parameters
    ----------
    check : callable, optional
        Is told width and height, and raises an error if they are too large.
    """
    return _limit.off(check)


class _Leniency:
    """Stands for Pillow's flag: whether pictures that were cut off are decoded."""

    before: object = False

    def __bool__(self) -> bool:
        return _strictness.is_off() or bool(self.before)


_LENIENCY = _Leniency()


def _replace_flag() -> None:
    if ImageFile.LOAD_TRUNCATED_IMAGES is not cast("bool", _LENIENCY):
        _LENIENCY.before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = cast("bool", _LENIENCY)


def _restore_flag() -> None:
    if ImageFile.LOAD_TRUNCATED_IMAGES is cast("bool", _LENIENCY):
        ImageFile.LOAD_TRUNCATED_IMAGES = cast("bool", _LENIENCY.before)


_strictness = _Switch(_replace_flag, _restore_flag)


def lenient() -> contextlib.AbstractContextManager[None]:
    """Let Pillow decode what was cut off as far as it goes, in the calling thread alone."""
    return _strictness.off()

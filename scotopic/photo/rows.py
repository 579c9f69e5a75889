"""TIFF pictures too large for the memory: their rows, decoded as they are asked for."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scotopic.errors import UnreadableError
from scotopic.photo import limits, reading
from scotopic.photo.carried import icc
from scotopic.photo.codecs import deep, tiff
from scotopic.photo.photo import Photo
from scotopic.types import Array

_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PLAIN_BYTES = 2**20
_CUT_OFF = "damaged: the file is cut off, and too large for the memory to enhance what is there"
_HELD_BYTES = 2**26
"""Decoded segments that are held at once, beyond those asked for."""


class Rows:
    """A TIFF picture as `scotopic.types.Pixels`: it gives its rows by slices, as an array does.

    Parameters
    ----------
    path : path
        Of the file, for errors.
    page : tifffile.TiffPage
        Of the open file; `close` closes it.

    Attributes
    ----------
    shape : (height, width, 1 or 3)
        Without alpha, which `alpha`, `with_alpha` and `in_bands` give.
    dtype : uint8 or uint16
    nbytes : int
        Bytes that it holds in memory at most.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    nbytes: int

    def __init__(self, path: Path, page: Any) -> None:
        self.path, self._page = path, page
        self.shape = (page.imagelength, page.imagewidth, 1 if page.samplesperpixel < 3 else 3)
        self.dtype = page.dtype
        self.nbytes = _HELD_BYTES
        self._held: OrderedDict[int, Array] = OrderedDict()
        self._height = _rows_of_segment(page)
        if _is_plain(page):
            self._height = max(1, _PLAIN_BYTES // _bytes_of_row(page))

    def __getitem__(self, key: Any) -> Array:
        """Colours of the rows of a slice, or of a slice of rows and one of columns."""
        rows, *columns = key if isinstance(key, tuple) else (key,)
        part = self._rows(rows)[..., : self.shape[-1]]
        return part[:, columns[0]] if columns else part

    @property
    def alpha(self) -> Alpha | None:
        """The picture's straight alpha, if it has any."""
        return Alpha(self) if self._has_alpha() else None

    def close(self) -> None:
        """Close the file."""
        self._page.parent.close()

    def with_alpha(self, band: Array, rows: slice) -> Array:
        """A band of the picture's colours, with its alpha if it has any."""
        if not self._has_alpha():
            return band
        return np.concatenate([band, self._rows(rows)[..., self.shape[-1] :]], axis=-1)

    def in_bands(self) -> Iterator[Array]:
        """All rows with all channels, alpha among them, in bands from top to bottom."""
        for top in range(0, self.shape[0], self._height):
            yield self._rows(slice(top, top + self._height))

    def all_of(self, rows: slice) -> Array:
        """Rows with all channels, alpha among them."""
        return self._rows(rows)

    def carried(self, max_megapixels: int) -> Photo:
        """A photo without pixels, of all else that the file carries.

        Parameters
        ----------
        max_megapixels : int
            As in `limits.Limits`.
        """
        return reading.read_carried(self.path, max_megapixels)

    def _has_alpha(self) -> bool:
        return bool(self._page.samplesperpixel > self.shape[-1])

    def _rows(self, rows: slice) -> Array:
        start, stop, _ = rows.indices(self.shape[0])
        first, last = start // self._height, max(start, stop - 1) // self._height
        parts = [self._segment(index) for index in range(first, last + 1)]
        joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return joined[start - first * self._height : stop - first * self._height]

    def _segment(self, index: int) -> Array:
        """A strip, or a row of tiles."""
        if index not in self._held:
            while self._held and self._bytes_held() > _HELD_BYTES:
                self._held.popitem(last=False)
            self._held[index] = self._decoded(index)
        self._held.move_to_end(index)
        return self._held[index]

    def _bytes_held(self) -> int:
        return sum(segment.nbytes for segment in self._held.values())

    def _decoded(self, index: int) -> Array:
        page, width = self._page, self.shape[1]
        if _is_plain(page):
            return self._plain(index)
        across = -(-width // page.tilewidth) if page.is_tiled else 1
        parts = [self._piece(index * across + column) for column in range(across)]
        return np.concatenate(parts, axis=1)[:, :width] if len(parts) > 1 else parts[0][:, :width]

    def _plain(self, index: int) -> Array:
        """Rows as they stand in the file."""
        page, file = self._page, self._page.parent.filehandle
        first = index * self._height
        shape = (min(self._height, self.shape[0] - first), self.shape[1], page.samplesperpixel)
        size = shape[0] * _bytes_of_row(page)
        file.seek(page.dataoffsets[0] + first * _bytes_of_row(page))
        stored = file.read(size)
        if len(stored) < size:
            raise UnreadableError(_CUT_OFF, path=self.path)
        kind = self.dtype.newbyteorder(page.parent.byteorder)
        return np.frombuffer(stored, kind).reshape(shape).astype(self.dtype)

    def _piece(self, index: int) -> Array:
        page = self._page
        file = page.parent.filehandle
        file.seek(page.dataoffsets[index])
        if page.databytecounts[index] > 2 * _HELD_BYTES:
            problem = "damaged or unsupported: more is stored than a strip or tile may hold"
            raise UnreadableError(problem, path=self.path)
        stored = file.read(page.databytecounts[index])
        if len(stored) < page.databytecounts[index]:
            raise UnreadableError(_CUT_OFF, path=self.path)
        try:
            deep.check_segment(page, stored)
            tables = {"jpegtables": page.jpegtables} if page.jpegtables else {}
            decoded, _, shape = page.decode(stored, index, **tables, _fullsize=True)
            return np.asarray(decoded).reshape(-1, shape[2], shape[3])[: self._height]
        except Exception as error:
            problem = f"damaged or unsupported: {error}"
            raise UnreadableError(problem, path=self.path) from error


class Alpha:
    """The alpha of a picture that is read by rows: slices give it as (rows, columns)."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.shape, self.dtype, self.nbytes = rows.shape[:2], rows.dtype, 0

    def __getitem__(self, key: Any) -> Array:
        rows, *columns = key if isinstance(key, tuple) else (key,)
        part = self._rows.all_of(rows)[..., -1]
        return part[:, columns[0]] if columns else part


def rows_if_large(path: Path, memory: int) -> Rows | None:
    """The rows of a TIFF that would exceed the memory; None for any other file.

    Parameters
    ----------
    path : path
    memory : int
        Bytes that the whole process may take.

    Returns
    -------
    Rows or None
        None also for a TIFF that cannot be read by rows: that is to be turned
        upright, has its colours in separate planes, has other than 8 or 16 bits a
        channel, has channels beside colours and straight alpha, has a linear colour
        profile, or is compressed in one piece; and if tifffile is not installed.
    """
    if not os.path.isfile(path):  # what comes through a pipe can be read only once
        return None
    try:
        with path.open("rb") as file:
            if file.read(4) not in _STARTS:
                return None
        import tifffile
    except (ImportError, OSError):  # reading.read will raise the error
        return None
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(tifffile.TiffFile(path))
            page: Any = opened.pages.first
            if not _can_be_read(page) or _fits(page, memory):
                return None
        except Exception:  # of a damaged file: likewise
            return None
        stack.pop_all()
    return Rows(path, page)


def _fits(page: Any, memory: int) -> bool:
    size = page.imagelength * page.imagewidth
    mode = "RGBA" if page.samplesperpixel == 4 else ""
    return limits.bytes_needed(size, page.bitspersample > 8, "TIFF", mode) <= memory


def _is_plain(page: Any) -> bool:
    """Whether the rows stand one after the other in the file."""
    return bool(page.compression == 1 and page.is_contiguous)


def _rows_of_segment(page: Any) -> int:
    return int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength))


def _bytes_at_once(page: Any) -> int:
    """Bytes that are decoded together: a row, a strip, or the tiles beside each other."""
    if _is_plain(page):
        return _bytes_of_row(page)
    width = max(page.imagewidth, page.tilewidth if page.is_tiled else 0)
    return int(_rows_of_segment(page) * width * page.samplesperpixel * page.dtype.itemsize)


def _bytes_of_row(page: Any) -> int:
    return int(page.imagewidth * page.samplesperpixel * page.dtype.itemsize)


def _can_be_read(page: Any) -> bool:
    profile = page.tags.get(tiff.ICC_PROFILE)
    return (
        page.dtype in (np.uint8, np.uint16)
        and page.bitspersample in (8, 16)
        and page.photometric in (1, 2)
        and page.planarconfig == 1
        and page.imagedepth == 1
        and (page.samplesperpixel in (1, 3) or tuple(page.extrasamples) == (2,))
        and _bytes_at_once(page) <= _HELD_BYTES
        and (page.tags.get(274) is None or page.tags[274].value == 1)
        and not icc.is_linear(profile.value if profile else None)
    )

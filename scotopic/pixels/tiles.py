"""Tiles for a memory budget: plan, cut and join.

Where a tile's margin covers the network's receptive field and its sides are
multiples of the network's period, the tiles joined equal the picture computed
whole. Tiles of networks that see the whole picture are blended over their
margins instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scotopic.errors import TooLargeError

Span = tuple[int, int]


@dataclass(frozen=True)
class Tile:
    """A part of a picture, in pixels of the padded picture.

    Attributes
    ----------
    source_rows, source_columns : (start, stop)
        What the network is given.
    rows, columns : (start, stop)
        The part of its result that is kept; those of all tiles cover the
        picture exactly once.
    """

    source_rows: Span
    source_columns: Span
    rows: Span
    columns: Span


def round_up(length: int, multiple: int) -> int:
    """The smallest multiple that is not below a length."""
    return -(-length // multiple) * multiple


def plan(height: int, width: int, pixels: int, radius: int, multiple: int) -> list[Tile]:
    """Divide a picture so that no tile has more pixels than allowed.

    Parameters
    ----------
    height, width : int
        Of the picture; it is taken as padded up to the multiple.
    pixels : int
        Most pixels of one tile, margins included.
    radius, multiple : int
        The network's receptive radius and the period of its result.

    Returns
    -------
    list of Tile
        The division that computes the fewest pixels in all.

    Raises
    ------
    TooLargeError
        When not even the smallest tile fits.
    """
    height, width = round_up(height, multiple), round_up(width, multiple)
    margin = round_up(radius, multiple)
    best: tuple[int, int, int] | None = None
    for count in range(1, width // multiple + 1):
        core_width = round_up(-(-width // count), multiple)
        tile_width = min(width, core_width + 2 * margin)
        tile_height = min(height, pixels // tile_width // multiple * multiple)
        core_height = height if tile_height == height else tile_height - 2 * margin
        if core_height < multiple:
            continue
        rows = -(-height // core_height)
        core_height = round_up(-(-height // rows), multiple)
        columns = -(-width // core_width)
        cost = (height + 2 * margin * (rows - 1)) * (width + 2 * margin * (columns - 1))
        if best is None or cost < best[0]:
            best = (cost, core_height, core_width)
    if best is None:
        raise TooLargeError("too little memory for even one tile", remedy="allow more memory")
    _, core_height, core_width = best
    return [
        Tile(
            _with_margin(rows, margin, height), _with_margin(columns, margin, width), rows, columns
        )
        for rows in _spans(height, core_height)
        for columns in _spans(width, core_width)
    ]


def halves(tile: Tile, radius: int, multiple: int) -> list[Tile]:
    """Divide a tile along its longer side; an empty list if it is the smallest possible.

    Parameters
    ----------
    tile : Tile
    radius, multiple : int
        As for `plan`.
    """
    (top, bottom), (left, right) = tile.rows, tile.columns
    if max(bottom - top, right - left) < 2 * multiple:
        return []
    margin = round_up(radius, multiple)
    if bottom - top >= right - left:
        spans = _cut_in_two(tile.source_rows, tile.rows, margin, multiple)
        return [Tile(source, tile.source_columns, kept, tile.columns) for source, kept in spans]
    spans = _cut_in_two(tile.source_columns, tile.columns, margin, multiple)
    return [Tile(tile.source_rows, source, tile.rows, kept) for source, kept in spans]


def _cut_in_two(source: Span, kept: Span, margin: int, multiple: int) -> list[tuple[Span, Span]]:
    middle = kept[0] + round_up((kept[1] - kept[0]) // 2, multiple)
    return [
        ((source[0], min(source[1], middle + margin)), (kept[0], middle)),
        ((max(source[0], middle - margin), source[1]), (middle, kept[1])),
    ]


def ramp(source: Span, kept: Span) -> NDArray[np.float32]:
    """Weights of a tile's rows or columns, for tiles that are blended.

    They rise over the overlap with the tile before, and fall over the overlap
    with the tile after. Weights of neighbours sum to 1 where tiles are of one
    size; beside a smaller last tile they do not, so divide by their sum.
    """
    places = np.arange(source[1] - source[0], dtype=np.float32) + 0.5
    before, after = 2 * (kept[0] - source[0]), 2 * (source[1] - kept[1])
    rise = np.minimum(1, places / before) if before else np.ones_like(places)
    fall = np.minimum(1, places[::-1] / after) if after else np.ones_like(places)
    weights: NDArray[np.float32] = rise * fall
    return weights


def _spans(length: int, step: int) -> Iterator[Span]:
    for start in range(0, length, step):
        yield start, min(start + step, length)


def _with_margin(span: Span, margin: int, length: int) -> Span:
    return max(0, span[0] - margin), min(length, span[1] + margin)

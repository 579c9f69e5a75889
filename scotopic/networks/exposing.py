"""Networks that predict an exposure from a thumbnail, and correct tiles at any gain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

import numpy as np

from scotopic.errors import TooLargeError
from scotopic.networks.network import Band, Look, Progress, color_thumbnail, step_by_step
from scotopic.networks.session import Session
from scotopic.pixels import planes
from scotopic.pixels.contrast import with_contrast
from scotopic.pixels.evidence import evidence
from scotopic.pixels.guide import Guide
from scotopic.pixels.restraint import restrain
from scotopic.pixels.shadows import with_calm_shadows
from scotopic.pixels.tiles import Tile, halves, plan
from scotopic.pixels.units import is_gray, size_of
from scotopic.types import Array, Pixels
from scotopic.wish import Wish

MAX_TILE_PIXELS = 6 * 2**20
"""Most pixels of a tile, however much memory there is."""
_STRIPS_HELD = 4
"""Copies of the rows of a row of tiles: read, kept for the next, joined, enhanced."""


@dataclass(frozen=True)
class _Strip:
    """Rows of a picture over its whole width, and the row that is the first of them."""

    top: int
    pixels: Array

    def below(self, row: int) -> Array:
        """The strip's rows from one of the picture's rows on."""
        return self.pixels[row - self.top :]

    def kept_of(self, tile: Tile) -> Array:
        """The pixels that a tile is to fill; fewer at the picture's edge."""
        (top, bottom), columns = tile.rows, tile.columns
        return self.pixels[top - self.top : bottom - self.top, slice(*columns)]


@dataclass(frozen=True)
class _Seen:
    """What a picture is like, pixel by pixel: where it holds a signal, and whether it is gray."""

    evidence: Array
    gray: bool

    def weights_at(self, rows: slice, columns: slice) -> Array:
        """How much of the correction pixels are given, 0 to 1."""
        return planes.weights_at(self.evidence, rows, columns)


class ExposingNetwork:
    """A network of three branches in one graph.

    Two branches look at a thumbnail: one predicts a gain map, the other a
    context. The local branch exposes tiles by a gain map and corrects them,
    and sees no further than its receptive field: tiles joined are the picture
    whole.

    Parameters
    ----------
    session : Session
        Whose spec says that it predicts an exposure.

    Raises
    ------
    ModelError
        When the graph is not as its spec says.
    """

    sees_whole = False

    def __init__(self, session: Session) -> None:
        self._session, self.spec = session, session.spec
        self.sha256, self.provider = session.sha256, session.provider
        side, multiple = self.spec.thumbnail_size or 0, self.spec.size_multiple
        # The smallest inputs, given to the branches whose outputs are not asked for.
        self._blank = {
            "thumbnail": np.zeros((1, 3, side, side), np.float32),
            "picture": np.zeros((1, 3, multiple, multiple), np.float32),
            "slope": np.zeros((1, 1), np.float32),
            "offset": np.zeros((1, 1), np.float32),
            "rows": np.ones((multiple, 1), np.float32),
            "columns": np.ones((multiple, 1), np.float32),
            "context": np.zeros((1, self.spec.context_size or 0), np.float32),
        }
        shapes: dict[str, tuple[int | None, ...]] = {k: v.shape for k, v in self._blank.items()}
        shapes["thumbnail"] = (None, 3, side, side)
        shapes["picture"] = (1, 3, None, None)
        for name in ("slope", "offset", "rows", "columns"):
            shapes[name] = (None, None)
        session.require(shapes, {"log_gain", "seen", "exposed", "enhanced"})

    def check(self, wish: Wish) -> None:
        """Every wish can be granted; see `Network`."""

    def decide(self, pixels: Pixels, wish: Wish) -> Look:
        """Predict a gain map, limit it, and bring it to the exposure asked for; see `Network`."""
        thumb, weights = color_thumbnail(pixels, self._blank["thumbnail"].shape[-1])
        predicted, context = self.look(thumb)
        guide = Guide.of(pixels)
        decision, limited = restrain(pixels, guide, thumb, predicted, weights)
        gains = guide.guided(limited if wish.limited else predicted)
        gains = with_contrast(gains, guide, thumb, weights)
        size, chosen = size_of(pixels), "automatic"
        look = Look(wish, size, thumb, gains, chosen, 0.0, decision, context, weights)
        return look.asked(wish)

    def plan(self, shape: tuple[int, ...], dtype: np.dtype[Any], memory: int) -> list[Tile]:
        """Tiles whose margins cover the receptive field; see `Network`."""
        height, width, channels = shape
        radius, multiple = self._reach()
        smallest = (2 * radius + 24 * multiple) ** 2
        allowed = min(MAX_TILE_PIXELS, max(memory // self.spec.bytes_per_pixel, smallest))
        row = width * channels * dtype.itemsize
        while True:
            tiles = plan(height, width, int(allowed), radius, multiple)
            top, bottom = tiles[0].source_rows
            rows_held = _STRIPS_HELD * (bottom - top) * row if len(tiles) > 1 else 0
            needed = allowed * self.spec.bytes_per_pixel + rows_held
            if allowed == smallest or needed <= max(memory, 0):
                return tiles
            allowed = max(int(0.8 * allowed), smallest)

    def bands(
        self, pixels: Pixels, look: Look, tiles: list[Tile], progress: Progress | None = None
    ) -> Iterator[Band]:
        """Enhance one row of tiles after the other; see `Network`."""
        try:
            yield from self._bands(pixels, look, tiles, step_by_step(progress, len(tiles)))
        except MemoryError as error:
            raise TooLargeError("not enough memory to enhance the picture") from error
        finally:
            if len(tiles) > 1:
                self.release()

    def _bands(
        self, pixels: Pixels, look: Look, tiles: list[Tile], done: Callable[[], None]
    ) -> Iterator[Band]:
        height = pixels.shape[0]
        seen = _Seen(evidence(pixels), is_gray(pixels))
        kept = pixels[:0]
        rows_of_tiles = [list(row) for _, row in groupby(tiles, lambda tile: tile.rows)]
        for row, following in zip_longest(rows_of_tiles, rows_of_tiles[1:]):
            top, bottom = row[0].source_rows
            read = pixels[top + len(kept) : min(bottom, height)]
            source = _Strip(top, np.concatenate([kept, read]) if len(kept) else read)
            rows = slice(row[0].rows[0], min(row[0].rows[1], height))
            shape = (rows.stop - rows.start, *pixels.shape[1:])
            target = _Strip(rows.start, np.empty(shape, pixels.dtype))
            for tile in row:
                self._fill(target, source, tile, look, seen)
                done()
            if following:
                kept = source.below(following[0].source_rows[0]).copy()
            yield Band(rows, target.pixels, len(row), look)

    def _fill(self, target: _Strip, source: _Strip, tile: Tile, look: Look, seen: _Seen) -> None:
        """Fill a tile's part of the target; in halves, where memory is short."""
        try:
            kept = target.kept_of(tile)
            part = planes.cut(source.below(tile.source_rows[0]), tile)
            kept[:] = self._enhanced(part, tile, kept, look, seen)
        except MemoryError as error:
            smaller = halves(tile, *self._reach())
            if not smaller:
                raise TooLargeError("not enough memory for even the smallest tile") from error
        else:
            return
        for half in smaller:
            self._fill(target, source, half, look, seen)

    def _enhanced(self, part: Array, tile: Tile, kept: Array, look: Look, seen: _Seen) -> Array:
        """A tile's planes, enhanced, as pixels of the kind and place of those kept of it."""
        (top, left), (height, width) = (tile.rows[0], tile.columns[0]), kept.shape[:2]
        down, across = top - tile.source_rows[0], left - tile.source_columns[0]
        inner = np.s_[0, :, down : down + height, across : across + width]
        weight = seen.weights_at(slice(top, top + height), slice(left, left + width))
        outputs = ["enhanced"] if weight.min() == 1 else ["enhanced", "exposed"]
        calm = with_calm_shadows(part, look.gain, axis=1)
        exact, *exposed = (
            plane[inner]
            for plane in self.correct(calm, _grid_at(tile, look), look.context, outputs)
        )
        if exposed:
            exact = exposed[0] + weight * (exact - exposed[0])
        if seen.gray:
            exact = planes.in_gray(exact)
        return planes.finished(part[inner], exact, look.wish.strength, kept)

    def look(self, thumb: Array) -> tuple[Array, Array]:
        """Run the branches that look at a thumbnail, on its eight flips and turns.

        How bright a picture should be does not depend on which way up it is,
        so the mean of the eight maps is used.

        Parameters
        ----------
        thumb : array, (size, size, 3), float32 in 0..1

        Returns
        -------
        log_gain : array, (cells, cells), float32
            ln of the gain.
        context : array, (1, context_size), float32
            Of the thumbnail as it stands.
        """
        upright = [np.rot90(thumb, turns) for turns in range(4)]
        views = upright + [view[:, ::-1] for view in upright]
        log_gains, context = self.glance(np.stack(views))
        flipped_back = [*log_gains[:4], *log_gains[4:, :, ::-1]]
        turned_back = [np.rot90(log_gain, -n % 4) for n, log_gain in enumerate(flipped_back)]
        mean: Array = np.mean(turned_back, axis=0)
        return mean, context

    def glance(self, thumbs: Array) -> tuple[Array, Array]:
        """Run the same branches on thumbnails as they stand.

        Parameters
        ----------
        thumbs : array, (count, size, size, 3), float32 in 0..1

        Returns
        -------
        log_gains : array, (count, cells, cells), float32
        context : array, (1, context_size), float32
            Of the first thumbnail.
        """
        batch = np.ascontiguousarray(np.moveaxis(thumbs, -1, 1), np.float32)
        inputs = {**self._blank, "thumbnail": batch}
        log_gains, context = self._session.run(["log_gain", "seen"], inputs)
        # Copies: what the runtime gives keeps all the memory that the runtime has alive.
        return log_gains[:, 0].copy(), context.copy()

    def correct(
        self,
        tile: Array,
        grid: dict[str, Array],
        context: Array | None,
        outputs: Sequence[str] = ("enhanced",),
    ) -> list[Array]:
        """Run the local branch.

        Parameters
        ----------
        tile : array, (1, 3, height, width), float32 in 0..1
            Sides multiples of ``spec.size_multiple``.
        grid : dict
            ``slope`` and ``offset`` of a `GainMap`, and the weights ``rows``
            and ``columns`` of its cells at the tile's pixels.
        context : array, as from `look`
        outputs : sequence of str
            ``enhanced`` and ``exposed``, or one of them.

        Returns
        -------
        list of array, (1, 3, height, width), float32
            ``enhanced`` is not clipped.

        Raises
        ------
        MemoryError
            When there is not enough for a tile of this size.
        """
        inputs = {**self._blank, "picture": tile, **grid}
        if context is not None:
            inputs["context"] = context
        return self._session.run(list(outputs), inputs)

    def release(self) -> None:
        """Give back what is kept for the next picture; see `Network`."""
        self._session.release(["log_gain"], self._blank)

    def close(self) -> None:
        """Free the network's memory; see `Network`."""
        self._session.close()

    def _reach(self) -> tuple[int, int]:
        """The receptive radius, and what sides are multiples of."""
        return self.spec.receptive_radius or 0, self.spec.size_multiple


def _grid_at(tile: Tile, look: Look) -> dict[str, Array]:
    """The gain map, and the weights of its cells at the pixels of a tile."""
    spans = slice(*tile.source_rows), slice(*tile.source_columns)
    rows, columns = look.gains.weights(look.size, *spans)
    grid = look.gains
    return {"slope": grid.slope, "offset": grid.offset, "rows": rows, "columns": columns}

"""Networks that predict an exposure from a thumbnail, and correct tiles at any gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

import numpy as np

from scotopic.errors import TooLargeError
from scotopic.networks.network import Band, Look, color_thumbnail, size_of
from scotopic.networks.session import Session
from scotopic.pixels import planes
from scotopic.pixels.evidence import evidence
from scotopic.pixels.exposure import gain_for
from scotopic.pixels.gain_map import interpolation
from scotopic.pixels.guide import Guide
from scotopic.pixels.restraint import restrain
from scotopic.pixels.tiles import Tile, halves, plan
from scotopic.pixels.units import gray
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
        shapes["picture"] = (1, 3, None, None)
        for name in ("slope", "offset", "rows", "columns"):
            shapes[name] = (None, None)
        session.require(shapes, {"log_gain", "seen", "exposed", "enhanced"})

    def check(self, wish: Wish) -> None:
        """Every wish can be granted; see `Network`."""

    def decide(self, pixels: Pixels, wish: Wish) -> Look:
        """Predict a gain map, limit it, and bring it to the exposure asked for; see `Network`."""
        thumb = color_thumbnail(pixels, self._blank["thumbnail"].shape[-1])
        predicted, context = self.look(thumb)
        guide = Guide.of(pixels)
        decision, limited = restrain(pixels, guide, thumb, predicted)
        gains = guide.guided(limited if wish.limited else predicted)
        gains = gains.balanced(wish.balance, gains.mean_log_gain(thumb))
        look = Look(wish, thumb, gains, "automatic", 0.0, decision, context, size_of(pixels))
        if wish.exposure is not None:
            relative = np.exp(gains.log_gain_whole(thumb))
            factor = gain_for(thumb, wish.exposure, relative=relative)
            return look.exposed(gains.shifted(float(np.log(factor))), "exposure")
        if wish.ev:
            return look.exposed(gains.shifted(wish.ev * float(np.log(2))), "ev")
        return look.exposed(gains, "automatic")

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

    def bands(self, pixels: Pixels, look: Look, tiles: list[Tile]) -> Iterator[Band]:
        """Enhance one row of tiles after the other; see `Network`."""
        try:
            yield from self._bands(pixels, look, tiles)
        except MemoryError as error:
            raise TooLargeError("not enough memory to enhance the picture") from error
        finally:
            if len(tiles) > 1:
                self._session.release(["log_gain"], self._blank)

    def _bands(self, pixels: Pixels, look: Look, tiles: list[Tile]) -> Iterator[Band]:
        height = pixels.shape[0]
        weights = evidence(pixels)
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
                self._fill(target, source, tile, look, weights)
            if following:
                kept = source.below(following[0].source_rows[0]).copy()
            yield Band(rows, target.pixels, len(row), look)

    def _fill(self, target: _Strip, source: _Strip, tile: Tile, look: Look, weights: Array) -> None:
        """Fill a tile's part of the target; in halves, where memory is short."""
        try:
            kept = target.kept_of(tile)
            part = planes.cut(source.below(tile.source_rows[0]), tile)
            kept[:] = self._enhanced(part, tile, kept, look, weights)
        except MemoryError as error:
            smaller = halves(tile, *self._reach())
            if not smaller:
                raise TooLargeError("not enough memory for even the smallest tile") from error
        else:
            return
        for half in smaller:
            self._fill(target, source, half, look, weights)

    def _enhanced(self, part: Array, tile: Tile, kept: Array, look: Look, weights: Array) -> Array:
        """A tile's planes, enhanced, as pixels of the kind and place of those kept of it."""
        (top, left), (height, width) = (tile.rows[0], tile.columns[0]), kept.shape[:2]
        down, across = top - tile.source_rows[0], left - tile.source_columns[0]
        inner = np.s_[0, :, down : down + height, across : across + width]
        enhanced, exposed = self.correct(part, self._gains_at(tile, look), look.context)
        exact = enhanced[inner]
        place = slice(top, top + height), slice(left, left + width)
        weight = planes.weights_at(weights, *place)
        if weight.min() < 1:
            exact = exposed[inner] + weight * (exact - exposed[inner])
        if look.is_gray:
            exact = np.broadcast_to(gray(np.moveaxis(exact, 0, -1)), exact.shape)
        return planes.finished(part[inner], exact, look.wish.strength, kept)

    def _gains_at(self, tile: Tile, look: Look) -> dict[str, Array]:
        """The gain map, and the weights of its cells at the pixels of a tile."""
        gains, (height, width) = look.gains, look.size
        rows, columns = gains.slope.shape
        return {
            "slope": gains.slope,
            "offset": gains.offset,
            "rows": interpolation(*tile.source_rows, height, rows),
            "columns": interpolation(*tile.source_columns, width, columns),
        }

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
        maps, contexts = [], []
        for flip in (False, True):
            for turns in range(4):
                view = np.rot90(thumb[:, ::-1] if flip else thumb, turns)
                log_gain, context = self.glance(view)
                seen = np.rot90(log_gain, -turns)
                maps.append(seen[:, ::-1] if flip else seen)
                contexts.append(context)
        mean: Array = np.mean(maps, axis=0)
        return mean, contexts[0]

    def glance(self, thumb: Array) -> tuple[Array, Array]:
        """Run the same branches on a thumbnail as it stands; see `look`."""
        batch = np.ascontiguousarray(np.moveaxis(thumb, -1, 0)[None], np.float32)
        inputs = {**self._blank, "thumbnail": batch}
        log_gain, context = self._session.run(["log_gain", "seen"], inputs)
        # Copies: what the runtime gives keeps all the memory that the runtime has alive.
        return log_gain[0, 0].copy(), context.copy()

    def correct(
        self, tile: Array, gains: dict[str, Array], context: Array | None
    ) -> tuple[Array, Array]:
        """Run the local branch.

        Parameters
        ----------
        tile : array, (1, 3, height, width), float32 in 0..1
            Sides multiples of ``spec.size_multiple``.
        gains : dict
            ``slope`` and ``offset`` of a `GainMap`, and the weights ``rows``
            and ``columns`` of its cells at the tile's pixels.
        context : array, as from `look`

        Returns
        -------
        enhanced, exposed : array, (1, 3, height, width), float32
            The first not clipped.

        Raises
        ------
        MemoryError
            When there is not enough for a tile of this size.
        """
        inputs = {**self._blank, "picture": tile, **gains}
        if context is not None:
            inputs["context"] = context
        enhanced, exposed = self._session.run(["enhanced", "exposed"], inputs)
        return enhanced, exposed

    def close(self) -> None:
        """Free the network's memory; see `Network`."""
        self._session.close()

    def _reach(self) -> tuple[int, int]:
        """The receptive radius, and what sides are multiples of."""
        return self.spec.receptive_radius or 0, self.spec.size_multiple

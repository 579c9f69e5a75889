"""Networks that take the picture alone and pool over all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scotopic.errors import InvalidValueError, TooLargeError
from scotopic.networks import blending
from scotopic.networks.network import Band, Look, Progress, color_thumbnail, step_by_step
from scotopic.networks.session import Session
from scotopic.pixels import planes
from scotopic.pixels.exposure import expose, exposure_of, gain_for
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.tiles import Tile, plan, round_up
from scotopic.pixels.units import is_gray, size_of
from scotopic.types import Array, Pixels
from scotopic.wish import Wish

_BAND = 256
"""Rows that are finished at a time."""
_BLENDED_BYTES_PER_PIXEL = 16
"""The blended picture, three float32, and its weights."""


class WholeNetwork:
    """A network from picture to picture, which decides on the exposure by itself.

    A picture that is too large is enhanced in tiles that are blended over
    their margins. An exposure asked for is given to the network's result by
    the exposing curve.

    Parameters
    ----------
    session : Session
        Whose spec says that it takes the picture alone.

    Raises
    ------
    ModelError
        When the graph is not as its spec says.
    """

    sees_whole = True

    def __init__(self, session: Session) -> None:
        self._session, self.spec = session, session.spec
        self.sha256, self.provider = session.sha256, session.provider
        session.require({"picture": (1, 3, None, None)}, {"enhanced"})

    def check(self, wish: Wish) -> None:
        """What is bright enough is known by the predicted exposure alone; see `Network`."""
        if wish.skip_bright:
            raise InvalidValueError(
                f"{self.spec.name} predicts no exposure, so it cannot skip bright pictures"
            )

    def decide(self, pixels: Pixels, wish: Wish) -> Look:
        """Look at the picture as it is; the network decides when it runs; see `Network`."""
        self.check(wish)
        thumb, weights = color_thumbnail(pixels)
        size, before = size_of(pixels), exposure_of(thumb, weights=weights)
        gains = GainMap.uniform(1.0)
        return Look(wish, size, thumb, gains, "automatic", before, weights=weights)

    def plan(self, shape: tuple[int, ...], dtype: np.dtype[Any], memory: int) -> list[Tile]:
        """One tile where memory allows, else tiles to be blended; see `Network`."""
        height, width = shape[:2]
        multiple = self.spec.size_multiple
        free = memory - _BLENDED_BYTES_PER_PIXEL * height * width
        whole = round_up(height, multiple) * round_up(width, multiple)
        smallest = (4 * blending.MARGIN) ** 2
        allowed = min(whole, max(free // self.spec.bytes_per_pixel, smallest))
        return plan(height, width, int(allowed), blending.MARGIN, multiple)

    def bands(
        self, pixels: Pixels, look: Look, tiles: list[Tile], progress: Progress | None = None
    ) -> Iterator[Band]:
        """Enhance the whole picture, then finish it row by row; see `Network`."""
        try:
            runs = len(tiles) + (len(tiles) > 1)  # the last one, of the whole, levels the tiles
            done = step_by_step(progress, runs + -(-pixels.shape[0] // _BAND))
            yield from self._bands(pixels, look, tiles, done)
        except MemoryError as error:
            raise TooLargeError("not enough memory to enhance the picture") from error

    def _bands(
        self, pixels: Pixels, look: Look, tiles: list[Tile], done: Callable[[], None]
    ) -> Iterator[Band]:
        def enhance(tile: Array) -> Array:
            result = self.enhance(tile)
            done()
            return result

        enhanced = blending.blended(enhance, pixels, tiles, self.spec.size_multiple)
        if is_gray(pixels):  # before the exposure asked for is looked for: it is that of the gray
            enhanced = planes.in_gray(enhanced)
        look, computed = _exposed(look, enhanced), len(tiles)
        gain = look.gain
        height, like = pixels.shape[0], pixels[:0]
        for top in range(0, height, _BAND):
            rows = slice(top, min(top + _BAND, height))
            band = enhanced[:, rows]
            if gain != 1:
                band = np.moveaxis(expose(np.moveaxis(band, 0, -1), gain), -1, 0)
            source = planes.planes(pixels[rows])[0]
            yield Band(
                rows, planes.finished(source, band, look.wish.strength, like), computed, look
            )
            computed = 0
            done()

    def enhance(self, tile: Array) -> Array:
        """Run the network.

        Parameters
        ----------
        tile : array, (1, 3, height, width), float32 in 0..1
            Sides multiples of ``spec.size_multiple``.

        Returns
        -------
        array, (1, 3, height, width), float32, not clipped

        Raises
        ------
        MemoryError
            When there is not enough for a tile of this size.
        """
        return self._session.run(["enhanced"], {"picture": tile})[0]

    def release(self) -> None:
        """Give back what is kept for the next picture; see `Network`."""
        side = self.spec.size_multiple
        blank = np.zeros((1, 3, side, side), np.float32)
        self._session.release(["enhanced"], {"picture": blank})

    def close(self) -> None:
        """Free the network's memory; see `Network`."""
        self._session.close()


def _exposed(look: Look, enhanced: Array) -> Look:
    """The look, with the gain that brings the network's result to what was asked for."""
    thumb = thumbnail(np.moveaxis(enhanced, 0, -1))
    wish = look.wish
    if wish.exposure is not None:
        gain = gain_for(thumb, wish.exposure, look.weights)
        return look.exposed(GainMap.uniform(gain), "exposure", thumb)
    if wish.ev:
        return look.exposed(GainMap.uniform(2**wish.ev), "ev", thumb)
    return look.exposed(look.gains, "automatic", thumb)

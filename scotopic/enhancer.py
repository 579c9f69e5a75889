"""The way of a picture, from pixels to pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import groupby, zip_longest
from typing import Any

import numpy as np

from scotopic import machine
from scotopic.errors import ScotopicError
from scotopic.networks import blending
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.networks.session import Session
from scotopic.pixels import planes
from scotopic.pixels.evidence import evidence
from scotopic.pixels.exposure import MAX_GAIN, expose, exposure_of, gain_for
from scotopic.pixels.restraint import Decision, restrain
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.tiles import Tile, halves, plan, round_up
from scotopic.types import Array

DEFAULT_MEMORY = 2 * 2**30
_BAND = 256
_STRIPS_HELD = 4
"""Copies of the rows of a row of tiles: read, kept for the next, joined, enhanced."""
MAX_TILE_PIXELS = 6 * 2**20
"""What a tile never exceeds, however much memory there is."""


@dataclass(frozen=True)
class Report:
    """What was done to a picture; levels are mean grays, 0 to 1.

    Attributes
    ----------
    model : str
    exposure_before, exposure_after : float
        After by the exposing curve alone, as planned.
    gain : float
        Of the exposing curve. A network that takes the picture alone decides
        by itself; for it this is the curve applied to its result, and the
        exposure after is the result's.
    chosen_by : str
        ``automatic``, ``exposure`` or ``ev``.
    automatic : Decision or None
        What the automatic exposure was and what limited it; None for a
        network that takes the picture alone.
    tiles : int
    """

    model: str
    exposure_before: float
    exposure_after: float
    gain: float
    chosen_by: str
    automatic: Decision | None
    tiles: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Look:
    """What was seen in a whole picture and decided for it.

    Attributes
    ----------
    thumb : array, (64, 64, 3), float32 in 0..1
    automatic : Decision or None
    context : array or None
        For the local network; None for one that takes the picture alone.
    gain : float
    chosen_by : str
        These as in `Report`.
    exposure : float or None
    ev : float
        As asked for.
    """

    thumb: Array
    automatic: Decision | None
    context: Array | None
    gain: float
    chosen_by: str
    exposure: float | None
    ev: float


def check_settings(exposure: float | None, ev: float, strength: float) -> None:
    """Refuse values outside their ranges, with a `ScotopicError`."""
    if exposure is not None and not 0 < exposure < 1:
        raise ScotopicError(f"exposure must lie between 0 and 1, not {exposure}")
    if exposure is not None and ev:
        raise ScotopicError("give either an exposure or ev, not both")
    if not -8 <= ev <= 8:
        raise ScotopicError(f"ev must lie between -8 and 8 stops, not {ev}")
    if not 0 <= strength <= 1:
        raise ScotopicError(f"strength must lie between 0 and 1, not {strength}")


class Enhancer:
    """A loaded network, ready for any number of pictures.

    Parameters
    ----------
    model : str
        A registered name or a file.
    memory : int
        Bytes that the whole process should stay near; chooses the tiles.
    provider : str
        Execution provider of ONNX Runtime.
    threads : int, optional

    Raises
    ------
    ScotopicError
        When the model or the provider cannot be had.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        memory: int = DEFAULT_MEMORY,
        provider: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.session = Session(model, provider, threads)
        self.memory = memory

    def enhance_array(
        self,
        picture: Array,
        *,
        exposure: float | None = None,
        ev: float = 0.0,
        strength: float = 1.0,
        limited: bool = True,
        skip_bright: bool = False,
    ) -> tuple[Array, Report]:
        """Enhance pixels.

        Parameters
        ----------
        picture : array, (height, width, 3) or (height, width)
            uint8, uint16, or floats in 0..1.
        exposure : float, optional
            Mean level wanted, 0 to 1; never limited.
        ev : float
            Stops added to the automatic exposure; never limited.
        strength : float
            0 gives the picture back, 1 the whole effect.
        limited : bool
            Whether the automatic exposure is limited by what the picture
            can bear (`scotopic.pixels.restraint.restrain`).
        skip_bright : bool
            Whether a picture that is as bright as predicted already comes
            back unchanged, with no tiles in its report.

        Returns
        -------
        picture : array
            Same shape and type.
        report : Report
        """
        pixels = _as_rgb(picture)
        look = self.decide(pixels, exposure=exposure, ev=ev, limited=limited)
        if skip_bright and self.is_bright(look):
            return picture.copy(), self.report(look, 0)
        result = np.empty_like(pixels)
        report = self.apply(pixels, look, strength, result)
        return result.reshape(picture.shape), report

    def decide(
        self,
        pixels: Array,
        *,
        exposure: float | None = None,
        ev: float = 0.0,
        limited: bool = True,
    ) -> Look:
        """Look at a whole picture, and decide how it is exposed.

        Parameters
        ----------
        pixels : array, (height, width, 3 or 1)
            Or what gives its rows by slices, as an array does.
        exposure, ev, limited
            As for `enhance_array`.

        Returns
        -------
        Look
            For `apply`, to this picture or to others of the same series.
        """
        check_settings(exposure, ev, 1)
        thumb = _color_thumbnail(pixels)
        if not self.session.spec.predicts_exposure:
            return Look(thumb, None, None, 1.0, "automatic", exposure, ev)
        predicted, context = self.session.look(thumb)
        decision = restrain(pixels, thumb, predicted)
        gain = decision.gain if limited else decision.predicted_gain
        chosen_by = "automatic"
        if exposure is not None:
            gain, chosen_by = gain_for(thumb, exposure), "exposure"
        elif ev:
            gain, chosen_by = float(np.clip(gain * 2**ev, 1 / MAX_GAIN, MAX_GAIN)), "ev"
        return Look(thumb, decision, context, gain, chosen_by, exposure, ev)

    def is_bright(self, look: Look) -> bool:
        """Whether a picture is as bright as predicted, and may be left as it is.

        Raises
        ------
        ScotopicError
            When the network predicts no exposure.
        """
        if look.context is None:
            name = self.session.spec.name
            raise ScotopicError(f"{name} predicts no exposure, so it cannot skip bright ones")
        return look.chosen_by == "automatic" and look.gain <= 1

    def report(self, look: Look, tiles: int) -> Report:
        """What was done to a picture as decided."""
        return Report(
            model=self.session.spec.name,
            exposure_before=exposure_of(look.thumb),
            exposure_after=exposure_of(look.thumb, look.gain),
            gain=look.gain,
            chosen_by=look.chosen_by,
            automatic=look.automatic,
            tiles=tiles,
        )

    def apply(self, pixels: Array, look: Look, strength: float, result: Array) -> Report:
        """Enhance a picture as decided.

        Parameters
        ----------
        pixels : array, (height, width, 3 or 1)
        look : Look
        strength : float, 0 to 1
        result : array of the same shape and type
            Is filled; may be `pixels` itself, which spares as much memory.
        """
        check_settings(None, 0, strength)
        if look.context is None:
            return self._enhance_alone(pixels, look, strength, result)
        tiles = 0
        for rows, band, count in self.bands(pixels, look, strength):
            result[rows] = band
            tiles += count
        if tiles > 1:
            self.session.release()
        return self.report(look, tiles)

    def bands(
        self, pixels: Array, look: Look, strength: float
    ) -> Iterator[tuple[slice, Array, int]]:
        """Enhance as decided, from the top down.

        Parameters
        ----------
        pixels : array, (height, width, 3 or 1)
            Or what gives its rows by slices; no row is asked for once those
            below it are given back, so the result may take its place.
        look, strength
            As for `apply`.

        Yields
        ------
        rows : slice
        band : array
            Those rows, enhanced.
        tiles : int
            That were needed.
        """
        height = pixels.shape[0]
        weights = evidence(pixels)
        kept = pixels[:0]
        rows_of_tiles = [list(row) for _, row in groupby(self._plan(pixels), lambda t: t.rows)]
        for row, following in zip_longest(rows_of_tiles, rows_of_tiles[1:]):
            top, bottom = row[0].source_rows
            source = pixels[top + len(kept) : min(bottom, height)]
            source = np.concatenate([kept, source]) if len(kept) else source
            rows = slice(row[0].rows[0], min(row[0].rows[1], height))
            band = np.empty((rows.stop - rows.start, *pixels.shape[1:]), pixels.dtype)
            for tile in row:
                self._fill(band, rows.start, source, top, tile, look, strength, weights)
            if following:
                kept = source[following[0].source_rows[0] - top :].copy()
            yield rows, band, len(row)

    def _enhance_alone(self, pixels: Array, look: Look, strength: float, result: Array) -> Report:
        """Enhance by a network that takes the picture alone.

        An exposure asked for is then given to its result by the exposing curve.
        """
        tiles = self._plan(pixels)
        enhanced = blending.blended(self.session, pixels, tiles)
        thumb = thumbnail(np.moveaxis(enhanced, 0, -1))
        gain, chosen_by = 1.0, "automatic"
        if look.exposure is not None:
            gain, chosen_by = gain_for(thumb, look.exposure), "exposure"
        elif look.ev:
            gain, chosen_by = float(2**look.ev), "ev"
        for top in range(0, pixels.shape[0], _BAND):
            band = np.s_[top : min(top + _BAND, pixels.shape[0])]
            rows = expose(enhanced[:, band], gain) if gain != 1 else enhanced[:, band]
            result[band] = planes.finished(planes.planes(pixels[band])[0], rows, strength, pixels)
        done = self.report(look, len(tiles))
        after = exposure_of(thumb, gain)
        return replace(done, exposure_after=after, gain=gain, chosen_by=chosen_by)

    def _fill(
        self,
        band: Array,
        band_top: int,
        source: Array,
        source_top: int,
        tile: Tile,
        look: Look,
        strength: float,
        weights: Array,
    ) -> None:
        """Fill a tile's part of a band; in halves, if the memory is not to be had."""
        (top, bottom), (left, right) = tile.rows, tile.columns
        down, across = top - tile.source_rows[0], left - tile.source_columns[0]
        target = band[top - band_top : bottom - band_top, left:right]
        inner = np.s_[0, :, down : down + target.shape[0], across : across + target.shape[1]]
        try:
            part = planes.cut(source[tile.source_rows[0] - source_top :], tile)
            exact = self.session.correct(part, look.gain, look.context)[inner]
            place = (slice(top, top + target.shape[0]), slice(left, left + target.shape[1]))
            weight = planes.weights_at(weights, *place)
            if weight.min() < 1:
                exposed = expose(part[inner], look.gain)
                exact = exposed + weight * (exact - exposed)
            target[:] = planes.finished(part[inner], exact, strength, band)
        except MemoryError as error:
            spec = self.session.spec
            parts = halves(tile, spec.receptive_radius or 0, spec.size_multiple)
            if not parts:
                raise ScotopicError("not enough memory for even the smallest tile") from error
            for part in parts:
                self._fill(band, band_top, source, source_top, part, look, strength, weights)

    def _plan(self, pixels: Array) -> list[Tile]:
        spec, (height, width, channels) = self.session.spec, pixels.shape
        free = self.memory - machine.PROCESS_BYTES - 2 * pixels.nbytes
        if spec.receptive_radius is None:
            free -= 16 * height * width
            multiple = spec.size_multiple
            whole = round_up(height, multiple) * round_up(width, multiple)
            smallest = (4 * blending.MARGIN) ** 2
            allowed = min(whole, max(free // spec.bytes_per_pixel, smallest))
            return plan(height, width, int(allowed), blending.MARGIN, multiple)
        smallest = (2 * spec.receptive_radius + 24 * spec.size_multiple) ** 2
        allowed = min(MAX_TILE_PIXELS, max(free // spec.bytes_per_pixel, smallest))
        row = width * channels * pixels.dtype.itemsize
        while True:
            tiles = plan(height, width, int(allowed), spec.receptive_radius, spec.size_multiple)
            top, bottom = tiles[0].source_rows
            rows_held = _STRIPS_HELD * (bottom - top) * row if len(tiles) > 1 else 0
            if allowed == smallest or allowed * spec.bytes_per_pixel + rows_held <= max(free, 0):
                return tiles
            allowed = max(int(0.8 * allowed), smallest)


def _as_rgb(picture: Array) -> Array:
    """Check pixels; give gray ones a channel axis."""
    if picture.dtype not in (np.uint8, np.uint16) and not np.issubdtype(picture.dtype, np.floating):
        raise ScotopicError(f"pixels must be uint8, uint16 or floats, not {picture.dtype}")
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.shape[-1] not in (1, 3) or 0 in picture.shape:
        raise ScotopicError(f"pixels must be H x W x 3 or H x W, not {picture.shape}")
    if np.issubdtype(picture.dtype, np.floating) and not (
        np.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1
    ):
        raise ScotopicError("float pixels must lie in 0..1")
    return picture


def _color_thumbnail(pixels: Array) -> Array:
    thumb = thumbnail(pixels)
    return np.repeat(thumb, 3, axis=-1) if thumb.shape[-1] == 1 else thumb

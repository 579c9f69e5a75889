"""The way of a picture, from pixels to pixels."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scotopic.errors import ScotopicError
from scotopic.exposure import (
    EVIDENCE_BLOCK,
    MAX_GAIN,
    Decision,
    evidence,
    expose,
    exposure_of,
    gain_for,
    gray,
    restrain,
    thumbnail,
    unit_scale,
)
from scotopic.session import DEFAULT_MODEL, Session
from scotopic.tiling import Tile, plan, ramp, round_up

Array = NDArray[Any]

DEFAULT_MEMORY = 2 * 2**30
_PROCESS_BYTES = 200 * 2**20
BLEND_MARGIN = 64
"""Pixels that tiles of a network that pools reach beyond what is theirs."""
LEVEL_GRID = 32
"""Cells each way in which blended tiles are given the levels of the whole."""
_BAND = 256
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
            can bear (`scotopic.exposure.restrain`).
        skip_bright : bool
            Whether a picture that is as bright as predicted already comes
            back unchanged, with no tiles in its report.

        Returns
        -------
        picture : array
            Same shape and type.
        report : Report
        """
        check_settings(exposure, ev, strength)
        pixels = _as_rgb(picture)
        if not self.session.spec.predicts_exposure:
            if skip_bright:
                name = self.session.spec.name
                raise ScotopicError(f"{name} predicts no exposure, so it cannot skip bright ones")
            result, report = self._enhance_alone(pixels, exposure, ev, strength)
            return result.reshape(picture.shape), report
        thumb = _color_thumbnail(pixels)
        predicted, context = self.session.look(thumb)
        decision = restrain(pixels, thumb, predicted)
        gain = decision.gain if limited else decision.predicted_gain
        chosen_by = "automatic"
        if exposure is not None:
            gain, chosen_by = gain_for(thumb, exposure), "exposure"
        elif ev:
            gain, chosen_by = float(np.clip(gain * 2**ev, 1 / MAX_GAIN, MAX_GAIN)), "ev"
        skipped = skip_bright and chosen_by == "automatic" and gain <= 1
        tiles = [] if skipped else self._plan(pixels)
        result = pixels.copy() if skipped else np.empty_like(pixels)
        weights = evidence(pixels)
        for tile in tiles:
            weight = _weight_of_tile(weights, tile, pixels.shape)
            self._enhance_tile(pixels, result, tile, gain, context, strength, weight)
        report = Report(
            model=self.session.spec.name,
            exposure_before=exposure_of(thumb),
            exposure_after=exposure_of(thumb, gain),
            gain=gain,
            chosen_by=chosen_by,
            automatic=decision,
            tiles=len(tiles),
        )
        return result.reshape(picture.shape), report

    def _enhance_alone(
        self, pixels: Array, exposure: float | None, ev: float, strength: float
    ) -> tuple[Array, Report]:
        """Enhance by a network that takes the picture alone.

        An exposure asked for is then given to its result by the exposing curve.
        """
        tiles = self._plan(pixels)
        enhanced = self._blended(pixels, tiles)
        thumb = thumbnail(np.moveaxis(enhanced, 0, -1))
        gain, chosen_by = 1.0, "automatic"
        if exposure is not None:
            gain, chosen_by = gain_for(thumb, exposure), "exposure"
        elif ev:
            gain, chosen_by = float(2**ev), "ev"
        result = np.empty_like(pixels)
        for top in range(0, pixels.shape[0], _BAND):
            band = np.s_[top : min(top + _BAND, pixels.shape[0])]
            rows = expose(enhanced[:, band], gain) if gain != 1 else enhanced[:, band]
            result[band] = _finished(_planes(pixels[band])[0], rows, strength, pixels)
        report = Report(
            model=self.session.spec.name,
            exposure_before=exposure_of(_color_thumbnail(pixels)),
            exposure_after=exposure_of(thumb, gain),
            gain=gain,
            chosen_by=chosen_by,
            automatic=None,
            tiles=len(tiles),
        )
        return result, report

    def _blended(self, pixels: Array, tiles: list[Tile]) -> Array:
        """Tiles enhanced and blended over their margins: (3, height, width), 0..1."""
        height, width = pixels.shape[:2]
        total = np.zeros((3, height, width), np.float32)
        weight = np.zeros((height, width) if len(tiles) > 1 else (1, 1), np.float32)
        for tile in tiles:
            place = np.s_[slice(*tile.source_rows), slice(*tile.source_columns)]
            output = np.clip(self.session.enhance(_cut(pixels, tile))[0], 0, 1)
            rows, columns = total[0][place].shape
            if len(tiles) == 1:
                return output[:, :rows, :columns]
            share = np.outer(
                ramp(tile.source_rows, tile.rows), ramp(tile.source_columns, tile.columns)
            )[:rows, :columns]
            total[(slice(None), *place)] += share * output[:, :rows, :columns]
            weight[place] += share
        total /= weight
        self._level(total, pixels, max(_pixels_of(tile) for tile in tiles))
        return total

    def _level(self, enhanced: Array, pixels: Array, allowed: int) -> None:
        """Bring blended tiles to the levels of the picture enhanced whole, made small.

        Each tile's level is guessed from what it shows alone. What the
        network makes of the whole, at a size that fits, says what the levels
        should have been: the difference of the two, on a grid of `LEVEL_GRID`
        means each way and linear between them, is added.
        """
        height, width = enhanced.shape[1:]
        factor = math.ceil(math.sqrt(height * width / allowed))
        small = _shrunk(pixels, factor)
        (whole,) = plan(*small.shape[:2], 2**62, BLEND_MARGIN, self.session.spec.size_multiple)
        guide = np.clip(self.session.enhance(_cut(small, whole))[0], 0, 1)
        guide = guide[:, : small.shape[0], : small.shape[1]]
        apart = thumbnail(np.moveaxis(guide, 0, -1), LEVEL_GRID)
        apart = apart - thumbnail(np.moveaxis(enhanced, 0, -1), LEVEL_GRID)
        rows, columns = (
            _between(0, side, side / LEVEL_GRID, LEVEL_GRID) for side in (height, width)
        )
        for plane, difference in zip(enhanced, np.moveaxis(apart, -1, 0), strict=True):
            for top in range(0, height, _BAND):
                band = np.s_[top : top + _BAND]
                plane[band] += rows[band] @ difference @ columns.T
        np.clip(enhanced, 0, 1, out=enhanced)

    def _plan(self, pixels: Array) -> list[Tile]:
        spec = self.session.spec
        free = self.memory - _PROCESS_BYTES - 3 * pixels.nbytes
        height, width = pixels.shape[:2]
        if spec.receptive_radius is None:
            free -= 16 * height * width
            multiple = spec.size_multiple
            radius, most = BLEND_MARGIN, round_up(height, multiple) * round_up(width, multiple)
            smallest = 4 * BLEND_MARGIN
        else:
            radius, most = spec.receptive_radius, MAX_TILE_PIXELS
            smallest = 2 * radius + 24 * spec.size_multiple
        allowed = min(most, max(free // spec.bytes_per_pixel, smallest**2))
        return plan(height, width, int(allowed), radius, spec.size_multiple)

    def _enhance_tile(
        self,
        pixels: Array,
        result: Array,
        tile: Tile,
        gain: float,
        context: Array,
        strength: float,
        weight: Array,
    ) -> None:
        source = _cut(pixels, tile)
        output = self.session.correct(source, gain, context)
        (top, bottom), (left, right) = tile.rows, tile.columns
        inner = np.s_[
            0,
            :,
            top - tile.source_rows[0] : min(bottom, pixels.shape[0]) - tile.source_rows[0],
            left - tile.source_columns[0] : min(right, pixels.shape[1]) - tile.source_columns[0],
        ]
        blended = output[inner]
        if weight.min() < 1:
            exposed = expose(source[inner], gain)
            blended = exposed + weight * (blended - exposed)
        result[top:bottom, left:right] = _finished(source[inner], blended, strength, pixels)


def _finished(source: Array, enhanced: Array, strength: float, pixels: Array) -> Array:
    """Enhanced planes (3, height, width) as pixels of the picture's own kind."""
    if strength < 1:
        enhanced = source + np.float32(strength) * (enhanced - source)
    kept = np.moveaxis(np.clip(enhanced, 0, 1), 0, -1)
    if pixels.shape[-1] == 1:
        kept = gray(kept)[..., None]
    if np.issubdtype(pixels.dtype, np.integer):
        kept = np.rint(kept * np.float32(unit_scale(pixels.dtype)))
    return kept.astype(pixels.dtype)


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


def _pixels_of(tile: Tile) -> int:
    (top, bottom), (left, right) = tile.source_rows, tile.source_columns
    return (bottom - top) * (right - left)


def _shrunk(pixels: Array, factor: int) -> Array:
    """Means of squares of pixels, float32 in 0..1; what is over at the edge is left out."""
    height, width = (max(1, side // factor) for side in pixels.shape[:2])
    factor = min(factor, *pixels.shape[:2])
    squares = pixels[: height * factor, : width * factor]
    squares = squares.reshape(height, factor, width, factor, pixels.shape[-1])
    means = squares.mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(np.minimum(means / np.float32(unit_scale(pixels.dtype)), 1))


def _color_thumbnail(pixels: Array) -> Array:
    thumb = thumbnail(pixels)
    return np.repeat(thumb, 3, axis=-1) if thumb.shape[-1] == 1 else thumb


def _weight_of_tile(weights: Array, tile: Tile, shape: tuple[int, ...]) -> Array:
    """Weights of blocks, between their centres linear, for a tile's pixels."""
    if weights.min() == 1:
        return np.ones((1, 1), np.float32)
    (top, bottom), (left, right) = tile.rows, tile.columns
    rows = _between(top, min(bottom, shape[0]), EVIDENCE_BLOCK, weights.shape[0])
    columns = _between(left, min(right, shape[1]), EVIDENCE_BLOCK, weights.shape[1])
    return np.asarray(rows @ weights @ columns.T)


def _between(start: int, stop: int, pitch: float, cells: int) -> Array:
    """Matrix, (stop - start, cells), that interpolates linearly between cells' centres."""
    places = np.clip((np.arange(start, stop) + 0.5) / pitch - 0.5, 0, cells - 1)
    return np.maximum(1 - np.abs(places[:, None] - np.arange(cells)), 0).astype(np.float32)


def _cut(pixels: Array, tile: Tile) -> Array:
    """A tile's source as a batch of one, edges repeated beyond the picture."""
    (top, bottom), (left, right) = tile.source_rows, tile.source_columns
    part = pixels[top:bottom, left:right]
    missing = [(0, bottom - top - part.shape[0]), (0, right - left - part.shape[1]), (0, 0)]
    if any(after for _, after in missing):
        part = np.pad(part, missing, "edge")
    return _planes(part)


def _planes(pixels: Array) -> Array:
    """Pixels as a batch of one, (1, 3, height, width), float32 in 0..1."""
    planes = np.empty((1, 3, *pixels.shape[:2]), np.float32)
    for channel in range(3):
        planes[0, channel] = pixels[..., min(channel, pixels.shape[-1] - 1)]
    planes /= np.float32(unit_scale(pixels.dtype))
    return planes

"""The way of a picture, from pixels to pixels."""

from __future__ import annotations

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
from scotopic.tiling import Tile, plan

Array = NDArray[Any]

DEFAULT_MEMORY = 2 * 2**30
_PROCESS_BYTES = 200 * 2**20
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
        Of the exposing curve.
    chosen_by : str
        ``automatic``, ``exposure`` or ``ev``.
    automatic : Decision
        What the automatic exposure was and what limited it.
    tiles : int
    """

    model: str
    exposure_before: float
    exposure_after: float
    gain: float
    chosen_by: str
    automatic: Decision
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
        thumb = thumbnail(pixels)
        if thumb.shape[-1] == 1:
            thumb = np.repeat(thumb, 3, axis=-1)
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

    def _plan(self, pixels: Array) -> list[Tile]:
        spec = self.session.spec
        free = self.memory - _PROCESS_BYTES - 3 * pixels.nbytes
        smallest = 2 * spec.receptive_radius + 24 * spec.size_multiple
        allowed = min(MAX_TILE_PIXELS, max(free // spec.bytes_per_pixel, smallest**2))
        height, width = pixels.shape[:2]
        return plan(height, width, int(allowed), spec.receptive_radius, spec.size_multiple)

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
        if strength < 1:
            blended = source[inner] + np.float32(strength) * (blended - source[inner])
        kept = np.moveaxis(np.clip(blended, 0, 1), 0, -1)
        if pixels.shape[-1] == 1:
            kept = gray(kept)[..., None]
        scale = unit_scale(pixels.dtype)
        if np.issubdtype(pixels.dtype, np.integer):
            kept = np.rint(kept * np.float32(scale))
        result[top:bottom, left:right] = kept.astype(pixels.dtype)


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


def _weight_of_tile(weights: Array, tile: Tile, shape: tuple[int, ...]) -> Array:
    """Weights of blocks, between their centres linear, for a tile's pixels."""
    if weights.min() == 1:
        return np.ones((1, 1), np.float32)
    (top, bottom), (left, right) = tile.rows, tile.columns
    rows = _between_blocks(top, min(bottom, shape[0]), weights.shape[0])
    columns = _between_blocks(left, min(right, shape[1]), weights.shape[1])
    return np.asarray(rows @ weights @ columns.T)


def _between_blocks(start: int, stop: int, blocks: int) -> Array:
    """Matrix, (stop - start, blocks), that interpolates linearly between blocks."""
    places = (np.arange(start, stop) + 0.5) / EVIDENCE_BLOCK - 0.5
    return np.maximum(
        1 - np.abs(np.clip(places, 0, blocks - 1)[:, None] - np.arange(blocks)), 0
    ).astype(np.float32)


def _cut(pixels: Array, tile: Tile) -> Array:
    """A tile's source as a batch of one, edges repeated beyond the picture."""
    (top, bottom), (left, right) = tile.source_rows, tile.source_columns
    part = pixels[top:bottom, left:right]
    missing = [(0, bottom - top - part.shape[0]), (0, right - left - part.shape[1]), (0, 0)]
    if any(after for _, after in missing):
        part = np.pad(part, missing, "edge")
    planes = np.empty((1, 3, bottom - top, right - left), np.float32)
    for channel in range(3):
        planes[0, channel] = part[..., min(channel, part.shape[-1] - 1)]
    planes /= np.float32(unit_scale(pixels.dtype))
    return planes

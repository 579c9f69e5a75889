"""Write what scotopic.pixels computes, for the tests of its twins in JavaScript.

    python scripts/golden_vectors.py        writes tests/web/golden/*.json anew

Each file holds inputs and the results for them. tests/web compares the files with what the
package computes now, and what the twins compute with the files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from scotopic.errors import TooLargeError
from scotopic.pixels import (
    exposure,
    gain_map,
    interpolation,
    planes,
    restraint,
    shadows,
    tiles,
    visible,
)
from scotopic.pixels.contrast import with_contrast
from scotopic.pixels.evidence import evidence
from scotopic.pixels.guide import Guide
from scotopic.pixels.noise import noise_in_the_dark
from scotopic.pixels.thumbnail import reduced
from scotopic.pixels.units import is_gray
from scotopic.types import Array, Pixels

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "web" / "golden"
_DIGITS = 8
"""Significant ones: enough for float32."""


def plain(value: Any) -> Any:
    """Arrays, and the numbers in them, as what JSON knows."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def array(values: Array) -> dict[str, Any]:
    """An array, as its shape and its numbers in order."""
    return {"shape": list(values.shape), "data": values.ravel().tolist()}


def dark_colours(seed: int, height: int, width: int) -> Array:
    """Dark colours with black, white and gray ones among them, float32 in 0..1."""
    colours = np.random.default_rng(seed).random((height, width, 3), np.float32) ** 3
    colours[0, 0], colours[0, 1], colours[0, 2] = 0, 1, 0.1
    return colours


def curve() -> dict[str, Any]:
    """The exposing curve and the solver of its gain."""
    picture, weights = dark_colours(0, 5, 7), np.random.default_rng(1).random((5, 7))
    gains = np.exp(np.random.default_rng(2).normal(0, 1.5, (5, 7, 1))).astype(np.float32)
    values = np.array([0, 1e-5, 0.01, 0.5, 0.99, 1])
    return {
        "picture": array(picture),
        "weights": array(weights),
        "gains": array(gains),
        "exposed": {str(g): array(exposure.expose(picture, g)) for g in (0.2, 1, 7.5, 400)},
        "exposed_by_gains": array(exposure.expose(picture, gains)),
        "logit": {"of": values, "is": exposure.logit(values)},
        "exposure": exposure.exposure_of(picture, 3.0, weights),
        "gain_for": {
            str(level): exposure.gain_for(picture, level, weights, gains)
            for level in (0.05, 0.3, 0.7, 0.999999)
        },
        "gain_for_black": exposure.gain_for(np.zeros((2, 2, 3)), 0.5),
    }


def calm_shadows() -> dict[str, Any]:
    """Shadows brought nearer to gray, pixels one after the other and planes."""
    picture = dark_colours(8, 4, 6) * np.float32(0.3)
    lifted = shadows.with_calm_shadows(picture, 7.5)
    planar = np.moveaxis(picture, -1, 0)[None]
    return {
        "picture": array(picture),
        "calm": array(lifted),
        "planes": array(planar),
        "calm_planes": array(shadows.with_calm_shadows(planar, 7.5, axis=1)),
    }


def gain_maps() -> dict[str, Any]:
    """The gain map, what is made of it, and the filter that makes it."""
    random = np.random.default_rng(3)
    gains = gain_map.GainMap(
        random.uniform(-0.7, 0.35, (3, 4)).astype(np.float32),
        random.normal(1, 1, (3, 4)).astype(np.float32),
    )
    picture, weights = dark_colours(4, 9, 11), random.random((9, 11))
    logs, guide = random.normal(1, 1, (10, 12)), random.normal(-2, 2, (10, 12, 1))
    middle = gains.mean_log_gain(picture, weights)
    made = {
        "balanced": gains.balanced(0.4, middle),
        "shifted": gains.shifted(0.7),
        "reaching": gains.reaching(picture, 0.4, weights),
        "guided": gain_map.guided(logs.astype(np.float32), guide),
    }
    return {
        "map": _grid(gains),
        "picture": array(picture),
        "weights": array(weights),
        "log_gain": array(gains.log_gain(picture)),
        "mean_log_gain": middle,
        "exposed": array(gains.exposed(picture)),
        "to_guide": {"log_gain": array(logs.astype(np.float32)), "guide": array(guide)},
        "made": {name: _grid(each) for name, each in made.items()},
        "cells": {
            f"{count} {start} {stop} {pitch}": array(
                interpolation.weights(count, slice(start, stop), pitch)
            )
            for count, start, stop, pitch in ((4, -3, 9, 2.5), (1, 0, 3, 3.0), (5, 2, 6, 0.75))
        },
    }


def _grid(gains: gain_map.GainMap) -> dict[str, Any]:
    rows, columns = gains.slope.shape
    return {"rows": rows, "columns": columns, "slope": gains.slope, "offset": gains.offset}


def scene(kind: str) -> tuple[Array, Array | None]:
    """A small picture, uint8 or uint16, and its opacity, if it has any."""
    random = np.random.default_rng(5)
    levels = random.normal(14, 4, (44, 60, 3)) + np.linspace(0, 20, 60)[:, None]
    levels[:17, :33] = 0  # blocks without any signal
    levels[30:38, 40:56] = 240, 200, 150
    if kind == "night":
        levels[:, :40] *= 0.02
    pixels = np.clip(levels, 0, 255).astype(np.uint8)
    if kind == "gray":
        return np.repeat(pixels[..., :1].astype(np.uint16) * 257, 3, axis=-1), None
    if kind != "cutout":
        return pixels, None
    alpha = np.zeros((44, 60), np.uint8)
    alpha[6:40, 9:50], alpha[12:30, 20:44] = 90, 255
    alpha[20:24, 12:30] = 4
    return pixels, alpha


def look(kind: str) -> dict[str, Any]:
    """All that is seen of a picture, and what is decided for it."""
    pixels, alpha = scene(kind)
    seen: Pixels = visible.cut_out(pixels, alpha)
    guide = Guide.of(seen)
    thumb, weights = visible.small(seen, 16, 16)
    predicted = np.random.default_rng(6).normal(2, 0.7, (8, 8)).astype(np.float32)
    decision, limited = restraint.restrain(seen, guide, thumb, predicted, weights)
    box = guide.box((pixels.shape[0], pixels.shape[1]))
    shown = visible.shown(seen, thumb)
    cells = guide.seen(8)
    guided = guide.guided(limited)
    colours = np.broadcast_to(thumb, (16, 16, 3))
    return {
        "pixels": array(pixels),
        "alpha": None if alpha is None else array(alpha),
        "thumb": array(thumb),
        "weights": None if weights is None else array(weights),
        "reduced": array(reduced(pixels, 50, 7)),
        "levels": array(guide.levels(8)),
        "seen": None if cells is None else array(cells),
        "highlights": array(guide.highlights(8)),
        "box": [box[0].start, box[0].stop, box[1].start, box[1].stop],
        "noise": noise_in_the_dark(seen, box),
        "is_gray": is_gray(pixels),
        "evidence": array(evidence(seen)),
        "shown": array(shown[0 : pixels.shape[0]]),
        "predicted": array(predicted),
        "decision": vars(decision),
        "limited": array(limited),
        "guided": _grid(guided),
        "contrasted": _grid(with_contrast(guided, guide, colours, weights)),
    }


def pattern(height: int, width: int) -> Array:
    """A picture that the tests of the twins make by the same formula, uint8."""
    rows, columns, channels = np.ogrid[:height, :width, :3]
    values: Array = rows * rows * 3 + columns * columns * 5 + rows * columns * 7 + channels * 11
    return (values % 61).astype(np.uint8)


def tiling() -> dict[str, Any]:
    """Tiles, and what goes into a network and comes out of it."""
    cases = [
        *((4000, 6000, 2**20, 121, 16), (200, 300, 2**20, 121, 16), (37, 5000, 200_000, 81, 16)),
        *((1001, 999, 120_000, 121, 16), (50, 50, 100, 8, 4), (300, 200, 20_000, 8, 4)),
    ]
    pixels, random = pattern(30, 37), np.random.default_rng(7)
    tile = tiles.Tile((0, 32), (16, 48), (16, 32), (24, 48))
    cut = planes.cut(pixels, tile)
    enhanced, exposed = (
        random.normal(0.4, 0.3, (3, 32, 32)).round(3).astype(np.float32) for _ in range(2)
    )
    kept = np.empty((14, 13, 3), np.uint8)
    inner = np.s_[:, 16:30, 8:21]
    weight = planes.weights_at(evidence(pixels // 55), slice(16, 30), slice(24, 37))
    mixed = exposed[inner] + weight * (enhanced[inner] - exposed[inner])
    return {
        "plans": {" ".join(map(str, case)): _plan(*case) for case in cases},
        "cut": array(cut),
        "enhanced": array(enhanced),
        "exposed": array(exposed),
        "finished": array(planes.finished(cut[0][inner], enhanced[inner], 0.8, kept)),
        "mixed": array(planes.finished(cut[0][inner], mixed, 1, kept)),
        "gray": array(planes.finished(cut[0][inner], planes.in_gray(mixed), 1, kept)),
        "guide_of_a_wide_picture": array(Guide.of(pattern(125, 1000)).small[:3]),
        "noise_of_patches": noise_in_the_dark(pattern(1100, 1300)),
        "noise_of_a_strip": noise_in_the_dark(pattern(40, 1300)),
    }


def _plan(height: int, width: int, pixels: int, radius: int, multiple: int) -> Any:
    try:
        found = tiles.plan(height, width, pixels, radius, multiple)
    except TooLargeError:
        return []
    return [[*t.source_rows, *t.source_columns, *t.rows, *t.columns] for t in found]


VECTORS: dict[str, Callable[[], dict[str, Any]]] = {
    "curve": curve,
    "gain_map": gain_maps,
    "shadows": calm_shadows,
    "look_room": lambda: look("room"),
    "look_night": lambda: look("night"),
    "look_gray": lambda: look("gray"),
    "look_cutout": lambda: look("cutout"),
    "tiles": tiling,
}
"""What is in each file."""


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, vectors in VECTORS.items():
        text = json.dumps(plain(vectors()), separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

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

from scotopic.pixels import exposure, gain_map, interpolation
from scotopic.types import Array

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "web" / "golden"
_DIGITS = 9
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


VECTORS: dict[str, Callable[[], dict[str, Any]]] = {"curve": curve, "gain_map": gain_maps}
"""What is in each file."""


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, vectors in VECTORS.items():
        text = json.dumps(plain(vectors()), separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

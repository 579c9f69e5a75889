"""Curves by which pictures hold light, and the usual one, under which they are enhanced.

Networks and the exposing curve expect values under the curve of sRGB. IEC 61966-2-1
(sRGB); ITU-R BT.2100-2, tables 4 and 5 (PQ and HLG); ITU-R BT.2408, 2.1 (the level of
white in both, 203 cd/m2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scotopic.types import Array

_Function = Callable[[Array], Array]
_BAND = 256


@dataclass(frozen=True)
class Curve:
    """How values of a picture, 0 to 1, are brought under the curve of sRGB, and back.

    Attributes
    ----------
    name : str
        For people.
    to_usual, from_usual : callables
        Take and give arrays of floats, 0 to 1; the second is the inverse of the first.
    is_hdr : bool
        Whether values tell of lights brighter than white, which are compressed.
    """

    name: str
    to_usual: _Function
    from_usual: _Function
    is_hdr: bool = False


def encoded(array: Array, curve: Curve) -> Array:
    """Values under a curve, uint8 or uint16, brought under that of sRGB, uint16."""
    values = np.arange(np.iinfo(array.dtype).max + 1) / np.iinfo(array.dtype).max
    table = np.rint(65535 * curve.to_usual(values)).astype(np.uint16)
    return _looked_up(table, array)


def decoded(array: Array, kind: Any, curve: Curve) -> Array:
    """The inverse of `encoded`: values under the curve, of the type ``kind``."""
    values = np.arange(65536) / 65535
    table = np.rint(np.iinfo(kind).max * curve.from_usual(values)).astype(kind)
    return _looked_up(table, array)


def _looked_up(table: Array, array: Array) -> Array:
    """Entries of a table, a band of rows at a time: NumPy makes indices of 8 bytes of all."""
    result = np.empty(array.shape, table.dtype)
    for top in range(0, len(array), _BAND):
        result[top : top + _BAND] = table[array[top : top + _BAND]]
    return result


def srgb(light: Array) -> Array:
    """Light, 0 to 1, under the curve of sRGB."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _light(values: Array) -> Array:
    """The inverse of `srgb`."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


LINEAR = Curve("linear", srgb, _light)


def power(exponent: float) -> Curve:
    """The curve of values whose power is light."""
    return Curve(
        f"gamma {exponent:.3g}",
        lambda values: srgb(values**exponent),
        lambda values: _light(values) ** (1 / exponent),
    )


_WHITE = 203.0
"""Brightness of white in HDR, in cd/m2."""
_KNEE = 0.5
"""Light, in parts of white, from which on brighter lights are compressed."""
_SPAN = (10_000 / _WHITE - _KNEE) / (1 - _KNEE)
_BEND = 6.4445
"""What makes the compression begin with a slope of 1: the root of k = ln(1 + k _SPAN)."""


def _compressed(light: Array) -> Array:
    """Light in parts of white, up to 10,000 cd/m2, within 0 to 1."""
    above = np.maximum(light - _KNEE, 0) / (1 - _KNEE)
    bright = _KNEE + (1 - _KNEE) * np.log1p(_BEND * above) / np.log1p(_BEND * _SPAN)
    return np.minimum(np.where(light <= _KNEE, light, bright), 1)


def _expanded(values: Array) -> Array:
    """The inverse of `_compressed`."""
    above = np.maximum(values - _KNEE, 0) / (1 - _KNEE)
    bright = _KNEE + (1 - _KNEE) * np.expm1(above * np.log1p(_BEND * _SPAN)) / _BEND
    return np.where(values <= _KNEE, values, bright)


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _light_of_pq(values: Array) -> Array:
    root = values ** (1 / _M2)
    relative = (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return 10_000 / _WHITE * relative


def _pq_of_light(light: Array) -> Array:
    root = np.clip(light * _WHITE / 10_000, 0, 1) ** _M1
    return ((_C1 + _C2 * root) / (1 + _C3 * root)) ** _M2


_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_PEAK, _SYSTEM = 1000 / _WHITE, 1.2
"""Of the display that HLG is meant for: its peak, and the gamma between scene and display."""


def _light_of_hlg(values: Array) -> Array:
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - _C) / _A) + _B) / 12)
    return _PEAK * np.clip(scene, 0, 1) ** _SYSTEM


def _hlg_of_light(light: Array) -> Array:
    scene = np.clip(light / _PEAK, 0, 1) ** (1 / _SYSTEM)
    curved = _A * np.log(np.maximum(12 * scene - _B, 1e-9)) + _C
    return np.clip(np.where(scene <= 1 / 12, np.sqrt(3 * scene), curved), 0, 1)


PQ = Curve(
    "PQ",
    lambda values: srgb(_compressed(_light_of_pq(values))),
    lambda values: _pq_of_light(_expanded(_light(values))),
    is_hdr=True,
)
HLG = Curve(
    "HLG",
    lambda values: srgb(_compressed(_light_of_hlg(values))),
    lambda values: _hlg_of_light(_expanded(_light(values))),
    is_hdr=True,
)

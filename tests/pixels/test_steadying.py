"""Noise averaged over time against the rule as its docstring states it."""

from __future__ import annotations

import numpy as np
import pytest

from scotopic.pixels.steadying import LARGEST_SIGMA, LEAST_SIGMA, MOST, steadied


def by_the_rule(frame, before, strength):
    """The rule in plain loops over windows, in float64."""
    scale = np.iinfo(frame.dtype).max
    given = frame / scale
    change = np.pad((before - given).mean(axis=-1), 2, "edge")
    windows = np.lib.stride_tricks.sliding_window_view(change, (5, 5))
    moved = np.abs(windows.mean(axis=(2, 3)))
    sigma = np.clip(np.median(moved[::4, ::4]) / 0.6745, LEAST_SIGMA, LARGEST_SIGMA)
    weight = MOST * strength * np.maximum(0, 1 - (moved / (3 * sigma)) ** 2)
    return given + weight[..., None] * (before - given)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(150, 90, 3), (64, 70, 1), (1, 1, 3), (3, 200, 3)])
def test_the_rule(shape, dtype):
    rng = np.random.default_rng(7)
    scale = np.iinfo(dtype).max
    frame = (scale * rng.uniform(0.2, 0.4, shape)).astype(dtype)
    before = (frame / scale + rng.normal(0, 0.01, shape)).astype(np.float32)
    result, exact = steadied(frame, before, 0.8)
    wanted = by_the_rule(frame, before, 0.8)
    assert result.dtype == dtype
    assert np.abs(exact - wanted).max() < 1e-6
    assert np.abs(result / scale - wanted).max() < 0.51 / scale + 1e-6


def test_what_is_given_is_not_changed():
    rng = np.random.default_rng(3)
    frame = rng.integers(0, 256, (80, 70, 3)).astype(np.uint8)
    before = rng.random((80, 70, 3)).astype(np.float32)
    kept = frame.copy(), before.copy()
    steadied(frame, before, 1.0)
    assert np.array_equal(frame, kept[0]) and np.array_equal(before, kept[1])


def test_a_first_frame_stays_as_it_is():
    frame = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    result, exact = steadied(frame, None, 1.0)
    assert np.array_equal(result, frame)
    assert np.abs(exact - frame / 255).max() < 1e-7

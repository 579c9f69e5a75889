import tracemalloc

import numpy as np
import pytest

from scotopic.pixels import planes
from scotopic.pixels.evidence import EVIDENCE_BLOCK
from scotopic.pixels.thumbnail import area_weights
from scotopic.pixels.units import gray


@pytest.mark.parametrize(
    "rows, columns", [((0, 640), (0, 480)), ((100, 300), (17, 470)), ((5, 6), (0, 1))]
)
def test_weights_are_linear_between_the_centres_of_blocks(rows, columns):
    weights = np.random.default_rng(0).random((40, 30)).astype(np.float32)
    found = planes.weights_at(weights, slice(*rows), slice(*columns))
    centres = [(np.arange(count) + 0.5) * EVIDENCE_BLOCK for count in weights.shape]
    places = [np.arange(*span) + 0.5 for span in (rows, columns)]
    down = np.stack([np.interp(places[0], centres[0], line) for line in weights.T], axis=-1)
    wanted = np.stack([np.interp(places[1], centres[1], line) for line in down])
    assert found.shape == wanted.shape and np.abs(found - wanted).max() < 1e-6


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_planes_are_finished_alike_in_all_rows(kind, channels):
    rng = np.random.default_rng(0)
    source, enhanced = rng.random((2, 3, 70, 9), dtype=np.float32) * 1.4 - 0.2
    found = planes.finished(source, enhanced, 0.5, np.zeros((1, 1, channels), kind))
    wanted = np.moveaxis(np.clip(source + np.float32(0.5) * (enhanced - source), 0, 1), 0, -1)
    wanted = wanted if channels == 3 else gray(wanted)[..., None]
    if kind != np.float32:
        wanted = np.rint(wanted * np.float32(np.iinfo(kind).max))
    assert found.dtype == kind and np.array_equal(found, wanted)


def test_what_is_long_and_narrow_takes_little_memory():
    weights = np.linspace(0, 1, 4096 * 5, dtype=np.float32).reshape(4096, 5)
    tracemalloc.start()
    planes.weights_at(weights, slice(0, 65535), slice(0, 80))
    area_weights(65535, 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * 2**20, "a full matrix between them would take 1 GB"

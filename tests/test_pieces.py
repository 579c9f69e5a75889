import tracemalloc

import numpy as np
import pytest

from scotopic import pieces
from scotopic.exposure import EVIDENCE_BLOCK, area_weights


@pytest.mark.parametrize(
    "rows, columns", [((0, 640), (0, 480)), ((100, 300), (17, 470)), ((5, 6), (0, 1))]
)
def test_weights_are_linear_between_the_centres_of_blocks(rows, columns):
    weights = np.random.default_rng(0).random((40, 30)).astype(np.float32)
    found = pieces.weights_at(weights, slice(*rows), slice(*columns))
    down = pieces.between(*rows, EVIDENCE_BLOCK, 40)
    across = pieces.between(*columns, EVIDENCE_BLOCK, 30)
    assert found.shape == (rows[1] - rows[0], columns[1] - columns[0])
    assert np.abs(found - down @ weights @ across.T).max() < 1e-6


def test_what_is_long_and_narrow_takes_little_memory():
    weights = np.linspace(0, 1, 4096 * 5, dtype=np.float32).reshape(4096, 5)
    tracemalloc.start()
    pieces.weights_at(weights, slice(0, 65535), slice(0, 80))
    area_weights(65535, 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * 2**20, "a full matrix between them would take 1 GB"

import numpy as np
import pytest

from scotopic.pixels.tiles import plan, ramp

CASES = [(1, 1), (7, 300), (300, 7), (64, 64), (257, 511), (1000, 333)]


@pytest.mark.parametrize("height, width", CASES)
@pytest.mark.parametrize("radius, multiple", [(30, 16), (126, 16), (14, 4)])
@pytest.mark.parametrize("pixels", [1, 200_000, 10**9])
def test_tiles_cover_once_with_their_margin_on_aligned_places(
    height, width, radius, multiple, pixels
):
    smallest = (2 * radius + 8 * multiple) ** 2
    tiles = plan(height, width, max(pixels, smallest), radius, multiple)
    covered = np.zeros((height, width), int)
    for tile in tiles:
        covered[slice(*tile.rows), slice(*tile.columns)] += 1
        spans = (tile.rows, tile.source_rows, height), (tile.columns, tile.source_columns, width)
        for (first, last), (start, stop), length in spans:
            assert start % multiple == 0 and (stop - start) % multiple == 0
            assert start == 0 or first - start >= radius
            assert stop >= length or stop - last >= radius
    assert (covered == 1).all()


def test_a_large_budget_is_one_tile():
    assert len(plan(500, 700, 10**9, 126, 16)) == 1


def test_tiles_stay_within_the_budget():
    for tile in plan(4000, 6000, 1_000_000, 126, 16):
        rows, columns = (b - a for a, b in (tile.source_rows, tile.source_columns))
        assert rows * columns <= 1_000_000


def test_weights_of_blended_tiles_sum_to_one():
    total = np.zeros((1024, 1024))
    tiles = plan(1024, 1024, 400 * 400, 64, 8)
    assert len(tiles) > 4
    for tile in tiles:
        rows = ramp(tile.source_rows, tile.rows)
        columns = ramp(tile.source_columns, tile.columns)
        assert rows.min() > 0 and columns.min() > 0
        total[slice(*tile.source_rows), slice(*tile.source_columns)] += np.outer(rows, columns)
    assert np.abs(total - 1).max() < 1e-5


def test_last_tiles_may_be_narrower_than_the_margin():
    for tile in plan(4000, 3000, 256 * 256, 64, 8):
        for source, kept in ((tile.source_rows, tile.rows), (tile.source_columns, tile.columns)):
            weights = ramp(source, kept)
            assert len(weights) == source[1] - source[0] and weights.min() > 0

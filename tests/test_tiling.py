import numpy as np
import pytest

from scotopic.tiling import plan

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

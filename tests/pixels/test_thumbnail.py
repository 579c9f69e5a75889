import numpy as np
import pytest

from scotopic.pixels.thumbnail import area_weights, reduced


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((10, 15, 3), (4, 6)), ((7, 5, 1), (7, 2)), ((3, 4, 3), (8, 6)), ((1, 1, 3), (2, 3))],
)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_small_pictures_are_means_by_area(shape, wanted, kind):
    scale = 1 if kind == np.float32 else np.iinfo(kind).max
    picture = (np.random.default_rng(0).random(shape) * scale).astype(kind)
    # Each pixel as a block, of which every cell covers a whole number of parts.
    fine = picture.astype(np.float64).repeat(wanted[0], 0).repeat(wanted[1], 1)
    blocks = fine.reshape(wanted[0], shape[0], wanted[1], shape[1], shape[2])
    found = reduced(picture, *wanted)
    assert found.dtype == np.float32
    assert np.abs(found - blocks.mean((1, 3)) / scale).max() < 1e-6


@pytest.mark.parametrize(("source", "target"), [(1080, 216), (1000, 384), (64, 32), (20, 64)])
def test_weights_sum_to_one_and_cover_the_source_in_order(source, target):
    weights = area_weights(source, target)
    assert len(weights) == target
    assert [values.sum() for _, values in weights] == pytest.approx([1] * target, abs=1e-5)
    assert weights[0][0].start == 0 and weights[-1][0].stop == source
    covered = np.zeros(source)
    for cells, values in weights:
        covered[cells] += values
    assert covered == pytest.approx(np.full(source, target / source), rel=1e-4)

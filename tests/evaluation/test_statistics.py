import numpy as np
import pytest

from scotopic.evaluation import statistics
from scotopic.evaluation.columns import Score


def scores_of(values):
    return [Score(str(index), {"psnr": value}) for index, value in enumerate(values)]


def test_only_columns_of_all_pictures_have_a_mean():
    scores = [Score("1", {"psnr": 10, "ssim": 0.5}), Score("2", {"psnr": 20})]
    assert statistics.means(scores) == {"psnr": 15}


def test_intervals_are_those_of_a_normal_mean():
    levels = np.random.default_rng(0).normal(20, 3, 200)
    low, high = statistics.intervals(scores_of(levels))["psnr"]
    wanted = levels.mean() + np.array([-1.96, 1.96]) * levels.std() / np.sqrt(200)
    assert (low, high) == pytest.approx(wanted, abs=0.05)


def test_intervals_depend_on_the_seed_alone():
    scores = scores_of(np.random.default_rng(0).normal(20, 3, 50))
    assert statistics.intervals(scores) == statistics.intervals(scores)
    assert statistics.intervals(scores) != statistics.intervals(scores, seed=1)


def test_infinite_scores_have_an_infinite_interval():
    infinite = float("inf")
    assert statistics.intervals(scores_of([infinite] * 3)) == {"psnr": (infinite, infinite)}


def test_no_pictures_have_no_statistics():
    assert statistics.means([]) == {} and statistics.intervals([]) == {}
    assert statistics.constant_exposure_error([]) is None


def test_differences_are_taken_picture_by_picture():
    rng = np.random.default_rng(1)
    hard = rng.normal(20, 5, 30)

    def method(lead):
        return scores_of([level + lead + 0.1 * rng.normal() for level in hard])

    one, other = method(0), method(0.5)
    low, high = statistics.intervals(statistics.differences(other, one))["psnr"]
    assert 0.4 < low < 0.5 < high < 0.6
    low, high = statistics.intervals(one)["psnr"]
    assert high - low > 2, "either method's own mean is known much worse"


def test_only_pictures_that_both_methods_have_are_compared():
    one, other = scores_of([1, 2, 3]), scores_of([2, 4, 6])
    apart = statistics.differences(other, one[1:])
    assert [(score.name, score.values) for score in apart] == [
        ("1", {"psnr": 2}),
        ("2", {"psnr": 3}),
    ]
    assert statistics.differences(one[:1], other[1:]) == []


def test_the_best_constant_is_the_median_in_the_logarithm():
    scores = [Score("x", {"reference_exposure": level}) for level in (0.1, 0.2, 0.8)]
    assert statistics.constant_exposure_error(scores) == pytest.approx(np.log(2 * 4) / 3)
    assert statistics.constant_exposure_error([*scores, Score("x", {})]) is None

import numpy as np
import pytest

from scotopic.evaluation import views
from scotopic.evaluation.gallery import Gallery


@pytest.mark.parametrize("order", ["shuffled", "rising", "falling"])
def test_only_the_best_and_the_worst_pictures_are_held(order):
    values = np.arange(100)
    if order == "shuffled":
        values = np.random.default_rng(0).permutation(values)
    elif order == "falling":
        values = values[::-1]
    gallery = Gallery("psnr")
    for value in values:
        gallery.add(str(value), float(value), {"result": np.full((4, 4, 3), value, np.uint8)})
        assert len(gallery.entries) <= 8
    assert [entry.value for entry in gallery.entries] == [0, 1, 2, 3, 96, 97, 98, 99]


def test_an_entry_has_a_view_of_each_kind_and_of_the_error():
    gallery = Gallery("psnr")
    picture = np.zeros((4, 4, 3), np.uint8)
    gallery.add("1", 20, {"input": picture, "result": picture, "reference": picture})
    (entry,) = gallery.entries
    assert list(entry.views) == ["input", "result", "reference", "error"]
    assert all(url.startswith("data:image/webp;base64,") for url in entry.views.values())


def test_the_error_map_shows_absolute_differences_times_four():
    result, reference = (
        np.array([[[a, b, c]]], np.uint8) for a, b, c in ((10, 7, 0), (7, 10, 255))
    )
    assert views.error_map(result, reference).tolist() == [[[12, 12, 255]]]

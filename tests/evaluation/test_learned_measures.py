import sys
import types

import numpy as np
import pytest

from scotopic.errors import MissingPackageError, ScotopicError
from scotopic.evaluation import learned_measures
from scotopic.evaluation.pairing import Pictures


@pytest.fixture
def package(monkeypatch):
    """A pyiqa whose measures are the mean absolute difference, or the mean."""
    pytest.importorskip("torch", reason="these measures need torch")
    made = types.ModuleType("pyiqa")

    def create_metric(name, device):
        if name == "dists":
            raise OSError("no weights, no network")
        return lambda *given: (given[0] - given[1]).abs().mean() if given[1:] else given[0].mean()

    made.create_metric = create_metric
    monkeypatch.setitem(sys.modules, "pyiqa", made)


def test_measures_are_given_pictures_in_their_range(package):
    deep = np.full((4, 6, 3), 65535, np.uint16)
    pictures = Pictures(deep, reference=np.full((4, 6, 3), 51, np.uint8))
    assert learned_measures.load("lpips").of(pictures) == pytest.approx(0.8)
    assert learned_measures.load("musiq").of(pictures) == pytest.approx(1)
    assert learned_measures.load("musiq").needs == ()


def test_weights_that_cannot_be_loaded_are_named(package):
    with pytest.raises(ScotopicError, match="pyiqa cannot load the weights of dists: no weights"):
        learned_measures.load("dists")


def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(MissingPackageError, match="pip install pyiqa"):
        learned_measures.load("lpips")

import sys
import types

import numpy as np
import pytest

from scotopic.errors import ScotopicError
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
    assert learned_measures.measure("lpips").of(pictures) == pytest.approx(0.8)
    assert learned_measures.measure("musiq").of(pictures) == pytest.approx(1)
    assert learned_measures.measure("musiq").needs == ()


def test_weights_that_are_not_there_are_said(package):
    with pytest.raises(ScotopicError, match="dists: pyiqa cannot load its weights: no weights"):
        learned_measures.measure("dists")


def test_a_package_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(ScotopicError, match="pip install pyiqa"):
        learned_measures.measure("lpips")

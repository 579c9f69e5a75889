"""What networks do where memory is short, and that they give it back."""

import numpy as np
import pytest

from scotopic.errors import TooLargeError
from scotopic.networks import exposing as exposing_networks
from scotopic.networks.loading import load
from scotopic.pixels import planes
from scotopic.wish import Wish

PICTURE = np.full((1100, 700, 3), 20, np.uint8)


class Full:
    """A graph for which there is no memory."""

    def run(self, *_):
        raise MemoryError

    def release(self, *_):
        pass


@pytest.fixture(params=["standard", "mirnet_small_lol"])
def network(request):
    return load(request.param, threads=1)


def started(network):
    """The bands of a picture in several tiles."""
    look = network.decide(PICTURE, Wish())
    tiles = network.plan(PICTURE.shape, PICTURE.dtype, 1)
    assert len(tiles) > 1
    return network.bands(PICTURE, look, tiles)


def test_a_picture_that_no_memory_is_left_for_is_too_large(network, monkeypatch):
    bands, session = started(network), network._session
    monkeypatch.setattr(session, "_graph", Full())
    monkeypatch.setattr(session, "_load", lambda frugal: Full())
    with pytest.raises(TooLargeError, match="not enough memory"):
        next(bands)


def test_a_picture_whose_result_does_not_fit_is_too_large(network, monkeypatch):
    def full(*_):
        raise MemoryError

    bands = started(network)
    monkeypatch.setattr(planes, "finished", full)
    monkeypatch.setattr(exposing_networks, "evidence", full)
    with pytest.raises(TooLargeError, match="not enough memory to enhance the picture"):
        next(bands)


@pytest.fixture
def exposing(monkeypatch):
    """A network that notes what it gives back."""
    network = load(threads=1)
    network.given_back = []
    usual = network._session.release

    def noted(outputs, inputs):
        network.given_back.append(outputs)
        usual(outputs, inputs)

    monkeypatch.setattr(network._session, "release", noted)
    return network


def test_memory_is_given_back_at_the_end(exposing):
    bands = started(exposing)
    next(bands)
    assert exposing.given_back == []
    assert len(list(bands)) > 0
    assert exposing.given_back == [["log_gain"]]


def test_memory_is_given_back_when_not_all_bands_are_used(exposing):
    bands = started(exposing)
    next(bands)
    bands.close()
    assert exposing.given_back == [["log_gain"]]


def test_memory_is_given_back_after_an_error(exposing, monkeypatch):
    bands = started(exposing)

    def broken(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(exposing, "correct", broken)
    with pytest.raises(OSError, match="the disk is full"):
        next(bands)
    assert exposing.given_back == [["log_gain"]]


def test_bands_that_are_left_may_outlive_the_network():
    network = load(threads=1)
    bands = started(network)
    next(bands)
    network.close()
    bands.close()

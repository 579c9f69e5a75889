import numpy as np
import pytest

from scotopic.evaluation.blind import places


@pytest.fixture
def scene():
    """Flat parts of 320x320: black, dark, bright, an edge, fine lines, and dark with a ramp."""
    black = np.zeros((320, 320))
    dark = np.full((320, 320), 20)
    bright = np.full((320, 320), 120)
    edge = np.repeat([0, 240], 160) + black
    lines = 100 + np.tile([0, 60], 160) + black
    ramp = np.linspace(10, 30, 320) + black
    rows = [[black, bright, edge], [lines, ramp, dark]]
    gray = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    return np.repeat(gray.astype(np.uint8)[..., None], 3, axis=-1)


def test_each_rule_finds_its_place(scene):
    chosen = {place.kind: (place.left, place.top) for place in places.choose(scene)}
    assert chosen == {"dark": (640, 320), "edge": (640, 0), "detail": (0, 320)}


def test_a_place_is_320_pixels_or_two_thirds_of_a_small_picture(scene):
    assert {place.side for place in places.choose(scene)} == {320}
    assert {place.side for place in places.choose(scene[:120])} == {80}


def test_a_cut_is_the_picture_s_own_pixels(scene):
    noisy = np.random.default_rng(0).integers(0, 256, scene.shape, dtype=np.uint8)
    place = places.Place("edge", 40, 80, 320)
    assert np.array_equal(place.cut(noisy), noisy[40:360, 80:400])


def test_places_do_not_overlap_where_there_is_room():
    noisy = np.random.default_rng(0).integers(0, 200, (700, 1000, 3), dtype=np.uint8)
    noisy[200:500, 300:700] //= 2  # edges all around: the rules would like the same place
    for one, other in _pairs(places.choose(noisy)):
        assert abs(one.top - other.top) >= 320 or abs(one.left - other.left) >= 320


def test_places_of_a_small_picture_are_apart_by_half_a_side():
    square = np.random.default_rng(0).integers(0, 200, (300, 300, 3), dtype=np.uint8)
    square[100:200, 100:200] //= 4
    chosen = places.choose(square)
    assert {place.side for place in chosen} == {200}
    for one, other in _pairs(chosen):
        assert abs(one.top - other.top) >= 100 or abs(one.left - other.left) >= 100


def _pairs(chosen):
    return [(chosen[0], chosen[1]), (chosen[0], chosen[2]), (chosen[1], chosen[2])]


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 5), (33, 12), (50, 1)])
def test_places_of_any_size_lie_in_the_picture(shape):
    chosen = places.choose(np.full((*shape, 3), 50, np.uint8))
    assert [place.kind for place in chosen] == list(places.RULES)
    for place in chosen:
        assert place.cut(np.zeros(shape)).shape == (place.side, place.side) and place.side > 0


def test_a_black_picture_has_places_too():
    assert len(places.choose(np.zeros((400, 600, 3), np.uint8))) == 3

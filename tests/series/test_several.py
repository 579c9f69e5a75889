"""Frames enhanced side by side are those of one after the other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scotopic import machine
from scotopic.enhancer import Enhancer
from scotopic.pixels.thumbnail import reduced
from scotopic.series.film import FrameSeries
from scotopic.series.several import Given, enhance_several, for_several, side_by_side
from scotopic.wish import Wish

FPS = 25.0


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer("fast", threads=1)


@pytest.fixture(scope="module")
def frames():
    """Two scenes with noise, a cut between frames 7 and 8."""
    rng = np.random.default_rng(5)
    scenes = [
        reduced(np.kron(shapes, np.ones((16, 16, 3))).astype(np.float32), 48, 64)
        for shapes in rng.uniform(0.01, 0.16, (2, 6, 8, 1))
    ]
    noisy = [scenes[n >= 8] + rng.normal(0, 0.004, (48, 64, 3)) for n in range(20)]
    return [np.rint(255 * np.clip(one, 0, 1)).astype(np.uint8) for one in noisy]


def made(series, frames, count, ahead=0, every=5):
    given = (Given(n, frame, n / FPS) for n, frame in enumerate(frames))
    return list(enhance_several(series, given, count, ahead, every))


def same(ones, others):
    return all(np.array_equal(a, b) for a, b in zip(ones, others, strict=True))


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_frames_side_by_side_are_those_of_one_after_the_other(enhancer, frames, count):
    alone = FrameSeries(enhancer, fps=FPS)
    wanted = list(alone.enhance(frames))
    series = FrameSeries(enhancer, fps=FPS)
    found = made(series, frames, count)
    assert [one.item for one in found] == list(range(20))
    assert same([one.picture for one in found], wanted)
    assert series.scenes == alone.scenes
    assert [one.first for one in series.scenes] == [0, 8]


@pytest.mark.parametrize("ahead", [0, 4, 12])
def test_a_series_goes_on_from_the_state_that_came_with_a_frame(enhancer, frames, ahead):
    whole = made(FrameSeries(enhancer, fps=FPS), frames, 2, ahead)
    states = {one.item: one.state for one in whole if one.state is not None}
    assert list(states) == [4, 9, 14, 19]
    for last, state in states.items():
        series = FrameSeries.from_state(enhancer, Wish(), FPS, state)
        rest = made(series, frames[last + 1 :], 3, ahead)
        assert same([one.picture for one in rest], [one.picture for one in whole[last + 1 :]])


@pytest.mark.parametrize("stage", ["decide", "apply"])
def test_an_error_in_a_frame_is_raised_and_leaves_no_thread(enhancer, frames, stage, monkeypatch):
    before, real = threading.active_count(), getattr(enhancer, stage)

    def broken(frame, *rest):
        if frame is frames[6]:
            raise ValueError("broken")
        return real(frame, *rest)

    monkeypatch.setattr(enhancer, stage, broken)
    with pytest.raises(ValueError, match="broken"):
        made(FrameSeries(enhancer, fps=FPS), frames, 2)
    assert threading.active_count() == before


def test_who_takes_no_more_frames_ends_the_threads(enhancer, frames):
    before = threading.active_count()
    given = (Given(n, frame, n / FPS) for n, frame in enumerate(frames))
    results = enhance_several(FrameSeries(enhancer, fps=FPS), given, 2, 0, 5)
    assert next(results).item == 0
    results.close()
    assert threading.active_count() == before
    assert next(given).item < 8  # the others were never taken


def test_items_are_taken_only_so_far_ahead():
    taken = []
    with ThreadPoolExecutor(2) as pool:
        results = side_by_side(pool, lambda n: n * n, (taken.append(n) or n for n in range(9)), 3)
        assert next(results) == 0
        assert taken == [0, 1, 2, 3]
        assert list(results) == [n * n for n in range(1, 9)]


PIXELS = 1920 * 1080


def divided(threads, memory, provider="cpu"):
    """Threads, memory, frames at once."""
    with Enhancer("fast", memory, threads=threads) as enhancer:
        enhancer.network.provider = provider
        with for_several(enhancer, PIXELS, 3 * PIXELS, 2**27) as (own, count):
            return own.threads, own.memory, count


def test_threads_and_memory_are_divided_among_frames():
    threads, memory, count = divided(2, 2**31)
    assert (threads, count) == (1, 2)
    assert machine.PROCESS_BYTES + count * (memory - machine.PROCESS_BYTES) <= 2**31 - 2**27
    threads, _, count = divided(8, 2**31)
    assert 1 < count < 8
    assert threads == 8 // count


@pytest.mark.parametrize(
    ("threads", "memory", "provider"), [(4, 2**29, "cpu"), (1, 2**31, "cpu"), (4, 2**31, "cuda")]
)
def test_one_frame_at_a_time_has_all_that_there_is(threads, memory, provider):
    assert divided(threads, memory, provider) == (threads, memory, 1)

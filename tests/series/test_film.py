import json

import numpy as np
import pytest

import scotopic
from scotopic.enhancer import Enhancer
from scotopic.errors import InvalidValueError
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.steadying import MOST, steadied
from scotopic.pixels.thumbnail import reduced
from scotopic.series.film import FrameSeries
from scotopic.wish import Wish

FPS = 25.0


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer("fast", threads=1)


def scene(seed, level=0.08):
    """Soft shapes, (48, 64, 3), floats."""
    shapes = np.random.default_rng(seed).uniform(0.1, 2, (6, 8, 1))
    return level * reduced(np.kron(shapes, np.ones((16, 16, 3))).astype(np.float32), 48, 64)


def frames_of(pictures, noise=0.004):
    rng = np.random.default_rng(5)
    return [
        np.rint(255 * np.clip(one + rng.normal(0, noise, one.shape), 0, 1)).astype(np.uint8)
        for one in pictures
    ]


def levels(frames):
    return np.array([frame.mean() / 255 for frame in frames])


def test_a_still_scene_keeps_its_level(enhancer):
    frames = frames_of([scene(1)] * 40, 0.001)
    found = levels(FrameSeries(enhancer, fps=FPS).enhance(frames))
    assert np.abs(found - found.mean()).max() < 0.002
    alone = levels(enhancer.enhance_array(frame)[0] for frame in frames)
    assert found[10:].std() < alone[10:].std()


def test_a_cut_begins_a_scene_that_is_exposed_at_once(enhancer):
    frames = frames_of([scene(1)] * 12 + [scene(2, 0.2)] * 6)
    series = FrameSeries(enhancer, fps=FPS)
    results = list(series.enhance(frames))
    assert [(one.first, one.last) for one in series.scenes] == [(0, 11), (12, 17)]
    fresh = next(FrameSeries(enhancer, fps=FPS).enhance(frames[12:]))
    assert np.array_equal(results[12], fresh)
    assert series.scenes[1].start == 12 / FPS


def test_a_cut_to_a_far_darker_scene_is_one(enhancer):
    frames = frames_of([scene(2, 0.3)] * 8 + [scene(1, 0.03)] * 4, 0.001)
    series = FrameSeries(enhancer, fps=FPS)
    list(series.enhance(frames))
    assert [one.first for one in series.scenes] == [0, 8]


def test_a_light_switched_off_is_no_cut_and_the_gain_rises_slowly(enhancer):
    frames = frames_of([scene(3, 0.2)] * 8 + [scene(3, 0.05)] * 40, 0.001)
    series = FrameSeries(enhancer, fps=FPS)
    found = levels(series.enhance(frames))
    assert len(series.scenes) == 1
    assert found[8] < 0.8 * found[7]
    assert (np.diff(found[9:]) > -0.006).all() and found[-1] > found[8] + 0.02


def test_a_light_switched_on_is_neither_a_cut_nor_burnt_nor_pumped(enhancer):
    frames = frames_of([scene(3, 0.04)] * 20 + [scene(3, 0.3)] * 40)
    series = FrameSeries(enhancer, fps=FPS)
    found = levels(series.enhance(frames))
    settled = levels(FrameSeries(enhancer, fps=FPS).enhance(frames[40:]))[-1]
    assert len(series.scenes) == 1
    assert found[20:].max() < settled + 0.01
    assert (np.diff(found[21:]) > -0.003).all() or (np.diff(found[21:]) < 0.003).all()


def test_a_fade_to_black_stays_one(enhancer):
    shares = np.linspace(1, 0, 30) ** 2
    found = levels(
        FrameSeries(enhancer, fps=FPS).enhance(frames_of([s * scene(4) for s in shares]))
    )
    assert (np.diff(found) < 0.01).all()
    assert found[-1] < 0.3 * found[0]


@pytest.mark.parametrize("temporal", [0.0, 0.6])
def test_a_series_goes_on_from_its_state_as_if_nothing_had_been(enhancer, temporal):
    frames = frames_of([scene(1)] * 5 + [scene(2)] * 7)
    whole = list(FrameSeries(enhancer, fps=FPS, temporal=temporal).enhance(frames))
    first = FrameSeries(enhancer, fps=FPS, temporal=temporal)
    begun = list(first.enhance(frames[:8]))
    state = first.state()
    list(first.enhance(frames[:3]))  # must not change the state that was taken
    second = FrameSeries.from_state(enhancer, Wish(), FPS, state, temporal)
    rest = list(second.enhance(frames[8:]))
    assert all(np.array_equal(a, b) for a, b in zip(whole, begun + rest, strict=True))
    assert [one.first for one in second.scenes] == [0, 5]
    json.dumps([one.as_dict() for one in second.scenes])


def planned(series, frames, ahead):
    """Levels planned for frames when so many after each are known."""
    seen = [series.look(frame) for frame in frames]
    looks = [series.expose(one, seen[i + 1 : i + 1 + ahead]) for i, one in enumerate(seen)]
    return np.array([look.exposure_after for look in looks])


class Given:
    """An enhancer that decides on the gains it was given, one frame after the other."""

    def __init__(self, enhancer, gains):
        self.enhancer, self.gains = enhancer, iter(gains)

    def decide(self, frame, wish):
        look = self.enhancer.decide(frame, wish)
        return look.exposed(GainMap.uniform(next(self.gains)), look.chosen_by)


def test_a_scene_begins_as_its_first_frames_ask_for_and_not_the_first_alone(enhancer):
    frames, gains = frames_of([scene(1)] * 30, 0.001), [8.0] * 5 + [2.0] * 25
    alone, known = (
        planned(FrameSeries(Given(enhancer, gains), fps=FPS), frames, n) for n in (0, 12)
    )
    assert abs(known[0] - known[-1]) < 0.6 * abs(alone[0] - alone[-1])
    assert np.abs(np.diff(known)).max() < np.abs(np.diff(alone)).max()


def test_frames_of_the_next_scene_have_no_say(enhancer):
    frames = frames_of([scene(1)] * 4 + [scene(2, 0.2)] * 9)
    whole = planned(FrameSeries(enhancer, fps=FPS), frames, 9)
    first = planned(FrameSeries(enhancer, fps=FPS), frames[:4], 9)
    assert np.array_equal(whole[:4], first)


def test_a_series_that_knows_frames_ahead_goes_on_from_its_state(enhancer):
    frames = frames_of([scene(1)] * 6 + [scene(2)] * 8)
    whole = planned(FrameSeries(enhancer, fps=FPS), frames, 5)
    first = FrameSeries(enhancer, fps=FPS)
    seen = [first.look(frame) for frame in frames]
    begun = [first.expose(seen[i], seen[i + 1 : i + 6]).exposure_after for i in range(8)]
    second = FrameSeries.from_state(enhancer, Wish(), FPS, first.state())
    assert np.array_equal(whole, [*begun, *planned(second, frames[8:], 5)])


def test_frames_of_16_bits_and_gray_ones_keep_their_kind(enhancer):
    deep = [frame.astype(np.uint16) * 257 for frame in frames_of([scene(1)] * 2)]
    assert all(r.dtype == np.uint16 for r in FrameSeries(enhancer).enhance(deep))
    gray = [frame[..., :1] for frame in frames_of([scene(1)] * 2)]
    assert all(r.shape == (48, 64, 1) for r in FrameSeries(enhancer).enhance(gray))


def test_a_wish_is_granted(enhancer):
    frames = frames_of([scene(1)] * 3)
    found = levels(FrameSeries(enhancer, Wish(exposure=0.3)).enhance(frames))
    assert np.abs(found - 0.3).max() < 0.06


@pytest.mark.parametrize("options", [{"fps": 0}, {"fps": float("nan")}, {"temporal": 1.5}])
def test_numbers_out_of_range_are_refused(enhancer, options):
    with pytest.raises(InvalidValueError):
        FrameSeries(enhancer, **options)


def test_the_public_function_gives_one_result_for_each_frame(enhancer):
    frames = frames_of([scene(1)] * 3)
    results = scotopic.enhance_frames(iter(frames), 25, ev=0.5, enhancer=enhancer)
    wanted = FrameSeries(enhancer, Wish(ev=0.5), 25).enhance(frames)
    assert all(np.array_equal(a, b) for a, b in zip(results, wanted, strict=True))
    with pytest.raises(InvalidValueError):
        next(scotopic.enhance_frames([frames[0].astype(float)], 25, enhancer=enhancer))
    with pytest.raises(InvalidValueError):
        list(scotopic.enhance_frames([frames[0], frames[1][:40]], 25, enhancer=enhancer))


def test_noise_is_averaged_where_nothing_moves_and_nothing_is_dragged_where_it_does():
    rng = np.random.default_rng(0)
    clean = np.full((40, 60, 3), 0.4)
    still, before = [], None
    for number in range(30):
        picture = clean.copy()
        picture[10:20, 5 + number : 15 + number] = 0.8
        noisy = np.clip(picture + rng.normal(0, 0.01, clean.shape), 0, 1)
        frame = np.rint(65535 * noisy).astype(np.uint16)
        result, before = steadied(frame, before, 1.0)
        still.append(result[25:].astype(float) / 65535)
    off = np.abs(result / 65535 - picture)
    still = np.stack(still[10:]).std(axis=0).mean()
    assert 0.3 < still / 0.01 < 0.6 and MOST == 0.7
    assert off[10:20, 12:44].mean() < 0.012

import functools

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs keras")

from small_data import pair_set

from scotopic.errors import InvalidValueError
from scotopic.pixels.exposure import brightest, expose
from scotopic.pixels.gain_map import GainMap, guide_of
from scotopic.pixels.shadows import exposed_calmly
from scotopic.pixels.thumbnail import reduced, thumbnail
from scotopic.training import samples
from scotopic.training.pairs import PairSet
from scotopic.training.samples import Augmentation

AS_THEY_ARE = Augmentation(identity=0, varied=0, gain_jitter=0, flips_and_turns=False)


def with_a_map(slope=0.2):
    """A pair whose map varies from place to place and with the picture."""
    made = pair_set(1)
    offset = np.random.default_rng(1).uniform(0, 2, (3, 4)).astype(np.float32)
    gains = GainMap(np.full((3, 4), slope, np.float32), offset)
    return PairSet("made", made.names, made.low, made.high, gain_maps=[gains])


def window_of(drawn, picture):
    """Where in a picture a crop was cut."""
    side, whole = drawn.shape[0], picture / np.float32(255)
    corners = np.argwhere(np.isclose(whole, drawn[0, 0]).all(-1))
    windows = [np.s_[top : top + side, left : left + side] for top, left in corners]
    found = [w for w in windows if whole[w].shape == drawn.shape and np.allclose(whole[w], drawn)]
    assert len(found) == 1
    return found[0]


def test_crops_of_both_pictures_are_the_same_place_turned_the_same_way():
    made, seen = pair_set(1), set()
    for seed in range(12):
        options = Augmentation(identity=0, varied=0, gain_jitter=0)
        drawn = samples.sample(made, 0, 32, options, np.random.default_rng(seed))
        assert np.abs(expose(drawn["target"], 0.1) - drawn["picture"]).max() < 0.6 / 255
        seen.add(drawn["target"].tobytes())
    assert len(seen) == 12


@pytest.mark.parametrize("seed", range(4))
def test_the_map_at_a_crop_is_that_of_the_whole_at_this_crop(seed):
    made = with_a_map()
    drawn = samples.exposed_sample(made, 0, 24, AS_THEY_ARE, np.random.default_rng(seed))
    window = window_of(drawn["target"], made.high[0])
    whole = made.low[0] / np.float32(255)
    logs = made.gain_maps[0].log_gain(whole)
    assert np.ptp(logs[window]) > 0.3
    assert np.abs(drawn["exposed"][..., 3:] - logs[window]).max() < 1e-5
    exposed = exposed_calmly(whole, made.gain_maps[0])[window]
    assert np.abs(drawn["exposed"][..., :3] - exposed).max() < 1e-5
    assert np.array_equal(drawn["thumbnail"], made.thumbnails[0])


def test_all_parts_of_an_exposed_sample_are_turned_alike():
    made, options = with_a_map(), Augmentation(identity=0, gain_jitter=0)
    upright = made.thumbnails[0]
    turned = [np.rot90(x, turns) for x in (upright, upright[:, ::-1]) for turns in range(4)]
    seen = set()
    for seed in range(24):
        drawn = samples.exposed_sample(made, 0, 24, options, np.random.default_rng(seed))
        (way,) = (i for i, x in enumerate(turned) if np.array_equal(x, drawn["thumbnail"]))
        target = np.rot90(drawn["target"], -(way % 4))
        exposed = np.rot90(drawn["exposed"], -(way % 4))
        if way >= 4:
            target, exposed = target[:, ::-1], exposed[:, ::-1]
        window = window_of(target, made.high[0])
        logs = made.gain_maps[0].log_gain(made.low[0] / np.float32(255))
        assert np.abs(exposed[..., 3:] - logs[window]).max() < 1e-5
        seen.add(way)
    assert len(seen) == 8


def test_gains_lie_between_one_for_all_and_the_map_where_the_map_is_not_known():
    made = pair_set(1)
    gains, log_gain = made.map_of(0)
    seen = []
    for seed in range(40):
        drawn = samples.exposed_sample(made, 0, 24, AS_THEY_ARE, np.random.default_rng(seed))
        window = window_of(drawn["target"], made.high[0])
        away = gains.log_gain(made.low[0] / np.float32(255))[window] - log_gain
        given = drawn["exposed"][..., 3:] - log_gain
        share = float((given * away).sum() / (away * away).sum())
        assert np.abs(given - share * away).max() < 1e-3
        seen.append(round(share, 3))
    assert min(seen) == 0 and max(seen) == 1
    assert sum(0.01 < share < 0.99 for share in seen) > 5


def test_the_gain_varies_by_what_the_recipe_says():
    made, options = with_a_map(0.0), Augmentation(identity=0, gain_jitter=0.2)
    logs = [
        samples.exposed_sample(made, 0, 48, options, np.random.default_rng(seed))["exposed"][..., 3]
        for seed in range(60)
    ]
    middles = [values.mean() for values in logs]
    assert 0.15 < np.std(middles) < 0.3


def test_identity_samples_are_their_own_target_and_have_its_thumbnail():
    options = Augmentation(identity=1, gain_jitter=0, flips_and_turns=False)
    made = with_a_map()
    drawn = samples.exposed_sample(made, 0, 32, options, np.random.default_rng(0))
    assert np.abs(drawn["exposed"][..., :3] - drawn["target"]).max() < 1e-6
    assert not drawn["exposed"][..., 3].any(), "ln of a gain of 1"
    assert np.array_equal(drawn["thumbnail"], thumbnail(made.high[0]))


def test_a_level_pair_is_the_thumbnail_with_both_levels_of_the_cells():
    low, high = pair_set(1).low[0], pair_set(1).high[0]
    thumb, levels = samples.level_pair(low, high)
    assert np.array_equal(thumb, thumbnail(low))
    assert levels.shape == (32, 32, 2) and levels.dtype == np.float32
    assert np.array_equal(levels[..., 0], guide_of(reduced(low, 32, 32))[..., 0])
    assert np.array_equal(levels[..., 1:], brightest(reduced(high, 32, 32)))
    exposed = 1 / (1 + np.exp(-(levels[..., 0] + np.log(10))))
    assert np.abs(exposed - levels[..., 1]).mean() < 0.02, (
        "the curve that leads from one to the other"
    )


def test_parts_for_the_gain_are_large_and_their_light_is_varied():
    made = pair_set(1, size=(96, 96))
    options = Augmentation(identity=0, varied=1, varied_stops=1, flips_and_turns=False)
    drawn = [
        samples.level_sample(made, 0, options, np.random.default_rng(seed)) for seed in range(30)
    ]
    assert all(one["thumbnail"].shape == (64, 64, 3) for one in drawn)
    assert len({one["levels"][..., 1].tobytes() for one in drawn}) == 30
    middles = [np.median(one["levels"][..., 0]) for one in drawn]
    assert np.ptp(middles) > np.log(2), "up to a stop up or down"
    small = [reduced(one["thumbnail"], 32, 32) for one in drawn]
    for one, thumb in zip(drawn, small, strict=True):
        apart = guide_of(thumb)[..., 0] - one["levels"][..., 0]
        assert np.abs(apart).mean() < 0.3, "thumbnail and cells show the same part"


def test_references_for_the_gain_are_never_given_brighter_than_they_are():
    made, options = pair_set(1), Augmentation(identity=1, flips_and_turns=False)
    rises = []
    for seed in range(20):
        drawn = samples.level_sample(made, 0, options, np.random.default_rng(seed))
        level = 1 / (1 + np.exp(-drawn["levels"][..., 0]))
        rises.append(np.median(level - drawn["levels"][..., 1]))
    assert max(rises) < 1e-3 and min(rises) < -0.05
    assert sum(abs(rise) < 1e-3 for rise in rises) > 4, "some as they are"


def test_a_batch_depends_on_its_seed_alone():
    made = [pair_set()]
    sampler = functools.partial(samples.exposed_sample, crop=32, options=Augmentation())
    drawn = [
        samples.draw_samples(made, [1.0], 3, sampler, np.random.default_rng(seed))
        for seed in ((1, 2), (1, 2), (1, 3))
    ]
    assert drawn[0]["exposed"].shape == (3, 32, 32, 4)
    assert all(np.array_equal(drawn[0][k], drawn[1][k]) for k in drawn[0])
    assert not np.array_equal(drawn[0]["exposed"], drawn[2]["exposed"])


def test_sets_are_drawn_from_by_their_shares():
    first, second = pair_set(1), pair_set(1)
    second.high[0] = np.zeros_like(second.high[0])
    sampler = functools.partial(samples.sample, crop=8, options=AS_THEY_ARE)
    drawn = samples.draw_samples(
        [first, second], [0.3, 0.1], 400, sampler, np.random.default_rng(0)
    )
    black = (drawn["target"] == 0).all(axis=(1, 2, 3)).mean()
    assert 0.18 < black < 0.32


@pytest.mark.parametrize("draw", [samples.sample, samples.exposed_sample])
def test_a_crop_larger_than_the_picture_is_named(draw):
    with pytest.raises(InvalidValueError, match="made 0: a crop of 49 does not fit 64x48"):
        draw(pair_set(1), 0, 49, Augmentation(), np.random.default_rng(0))

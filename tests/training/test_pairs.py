import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="training needs keras")

from scotopic.errors import InvalidValueError, ScotopicError, UnreadableError
from scotopic.pixels.exposure import expose, exposure_of
from scotopic.training import pairs, samples, simulate, splits


def smooth(seed, size=(48, 64)):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC))


def a_set(count=4):
    high = [smooth(seed) for seed in range(count)]
    low = [np.rint(expose(h / 255, 0.1) * 255).astype(np.uint8) for h in high]
    return pairs.PairSet("made", [str(i) for i in range(count)], low, high)


def test_the_gain_of_a_pair_brings_the_dark_picture_to_the_level_of_its_reference():
    made = a_set()
    for thumb, gain, level in zip(made.thumbnails, made.gains, made.exposures, strict=True):
        assert abs(exposure_of(thumb, gain) - level) < 1e-6


def test_crops_of_both_pictures_are_the_same_place_turned_the_same_way():
    made = a_set(1)
    options = samples.Augmentation(identity=0, varied=0, gain_jitter=0)
    seen = set()
    for seed in range(12):
        drawn = samples.sample(made, 0, 32, options, np.random.default_rng(seed))
        assert np.abs(expose(drawn["target"], 0.1) - drawn["picture"]).max() < 0.6 / 255
        seen.add(drawn["target"].tobytes())
    assert len(seen) == 12


def test_varied_exposure_changes_the_gain_to_match():
    made = a_set(1)
    options = samples.Augmentation(identity=0, varied=1, gain_jitter=0)
    for seed in range(5):
        drawn = samples.sample(made, 0, 32, options, np.random.default_rng(seed))
        assert (
            abs(exposure_of(drawn["thumbnail"], float(drawn["gain"][0])) - made.exposures[0]) < 1e-5
        )


def test_identity_samples_are_their_own_target():
    drawn = samples.sample(
        a_set(1), 0, 32, samples.Augmentation(identity=1), np.random.default_rng(0)
    )
    assert np.array_equal(drawn["picture"], drawn["target"])
    assert 0.5 < drawn["gain"][0] < 2


def test_a_batch_depends_on_its_seed_alone():
    made = [a_set()]
    draw = [
        samples.draw_samples(
            made, [1.0], 3, 32, samples.Augmentation(), np.random.default_rng(seed)
        )
        for seed in ((1, 2), (1, 2), (1, 3))
    ]
    assert all(np.array_equal(draw[0][k], draw[1][k]) for k in draw[0])
    assert not np.array_equal(draw[0]["picture"], draw[2]["picture"])


def test_a_crop_larger_than_the_picture_is_named():
    with pytest.raises(InvalidValueError, match="made 0: a crop of 49 does not fit 64x48"):
        samples.sample(a_set(1), 0, 49, samples.Augmentation(), np.random.default_rng(0))


def test_scenes_are_held_out_whole_and_never_those_of_the_test_set():
    groups = tuple((f"{i}a", f"{i}b") for i in range(20))
    scenes = splits.Scenes(groups, ("3a", "5b"))
    names = [name for group in groups for name in group]
    training, held = splits.split_by_scene(names, scenes, 0.25)
    assert 10 <= len(held) <= 11 and sorted(training + held) == sorted(names)
    assert all(len({a in held, b in held}) == 1 for a, b in groups)
    assert not {"3a", "3b", "5a", "5b"} & set(held)


@pytest.mark.parametrize("fault", ["unpaired", "size", "broken", "empty"])
def test_faulty_data_is_named(tmp_path, fault):
    for kind in ("low", "high"):
        (tmp_path / "our485" / kind).mkdir(parents=True)
        if fault != "empty":
            Image.fromarray(smooth(0)).save(tmp_path / "our485" / kind / "1.png")
    if fault == "unpaired":
        Image.fromarray(smooth(0)).save(tmp_path / "our485" / "low" / "2.png")
    elif fault == "size":
        Image.fromarray(smooth(0)[:20]).save(tmp_path / "our485" / "low" / "1.png")
    elif fault == "broken":
        (tmp_path / "our485" / "low" / "1.png").write_bytes(b"no picture")
    word = {"unpaired": "2", "size": "64x20", "broken": "1.png", "empty": "no pictures"}[fault]
    with pytest.raises(ScotopicError, match=word):
        pairs.read_pairs(pairs.training_folder(tmp_path), "made")


def test_scenes_are_read_from_the_data_set(tmp_path):
    (tmp_path / "scenes.json").write_text(
        json.dumps({"groups": [["1", "2"]], "siblings_of_test": {"9": ["2"]}})
    )
    scenes = splits.Scenes.read(tmp_path)
    assert scenes.groups == (("1", "2"),) and scenes.siblings_of_test == ("2",)
    (tmp_path / "scenes.json").write_text("[]")
    with pytest.raises(UnreadableError, match=r"scenes\.json: not a list of scenes"):
        splits.Scenes.read(tmp_path)


def test_the_last_names_are_held_out_in_order():
    names = [str(number) for number in range(485)]
    training, held = splits.split_by_order(names, 185 / 485)
    assert (training, held) == (names[:300], names[300:])


def test_srgb_curve_goes_there_and_back():
    values = np.linspace(0, 1, 1001)
    assert np.abs(simulate.to_encoded(simulate.to_linear(values)) - values).max() < 1e-12
    assert abs(simulate.to_linear(np.array(0.5)) - 0.21404114048) < 1e-9


def test_simulated_darkness_is_darker_repeatable_and_varied():
    reference = smooth(3, (200, 260))
    made = [simulate.darken(reference, np.random.default_rng(s)) for s in range(20)]
    for dark, target in made:
        assert dark.shape == target.shape and dark.dtype == target.dtype == np.uint8
        assert dark.mean() < target.mean()
    again = simulate.darken(reference, np.random.default_rng(0))
    assert np.array_equal(again[0], made[0][0])
    levels = [dark.mean() / target.mean() for dark, target in made]
    assert max(levels) > 5 * min(levels)


def test_some_simulated_targets_keep_black():
    reference = np.full((200, 200, 3), 180, np.uint8)
    black = 0
    for seed in range(40):
        dark, target = simulate.darken(reference, np.random.default_rng(seed))
        if (target == 0).all(-1).mean() > 0.1:
            black += 1
            assert dark[(target == 0).all(-1)].mean() < 12
    assert 2 <= black <= 13


@pytest.mark.parametrize("sigma", [0.0, 0.7, 2.0])
def test_noise_fields_have_unit_variance_and_the_correlation_asked_for(sigma):
    field = simulate._field((300, 300, 3), sigma, np.random.default_rng(0))
    assert abs(field.std() - 1) < 0.03
    neighbours = float((field[1:] * field[:-1]).mean())
    assert abs(neighbours - (np.exp(-1 / (4 * sigma**2)) if sigma else 0)) < 0.06


def test_simulated_targets_do_not_teach_exposure():
    reference = np.random.default_rng(0).integers(60, 200, (180, 180, 3), dtype=np.uint8)
    made = simulate.simulated_set([reference, reference], ["a", "b"], 2, 0)
    assert made.names == ["a-0", "a-1", "b-0", "b-1"]
    real = pairs.PairSet("real", ["a"], [reference // 4], [reference])
    levels = [
        samples.sample(one, 0, 64, samples.Augmentation(), np.random.default_rng(0))["exposure"][0]
        for one in (made, made.subset(["b-0"]), real)
    ]
    assert levels[:2] == [0, 0] and levels[2] == pytest.approx(real.exposures[0])

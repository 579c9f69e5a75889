import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="training needs keras")

from small_data import pair_set, smooth

from scotopic.errors import ScotopicError, UnreadableError
from scotopic.pixels.exposure import expose, exposure_of
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.thumbnail import reduced, thumbnail
from scotopic.training import pairs, splits


def level(thumb, gains):
    return exposure_of(thumb, np.exp(gains.log_gain(thumb)))


def lit_in_part():
    """A dark picture whose left half lacks much more light than its right half."""
    high = smooth(7, (80, 96))
    low = high / 255
    low[:, :48], low[:, 48:] = expose(low[:, :48], 1 / 12), expose(low[:, 48:], 1 / 2)
    return np.rint(255 * low).astype(np.uint8), high


def test_the_map_between_pictures_reaches_the_level_of_the_reference():
    for low, high in (lit_in_part(), (pair_set(1).low[0], pair_set(1).high[0])):
        made = pairs.gain_map_between(low, high)
        assert level(thumbnail(low), made) == pytest.approx(exposure_of(thumbnail(high)), abs=1e-5)


def test_the_map_between_pictures_gives_each_part_its_gain():
    low, high = lit_in_part()
    logs = pairs.gain_map_between(low, high).log_gain(low / np.float32(255))[..., 0]
    assert np.exp(np.median(logs[:, :30])) == pytest.approx(12, rel=0.25)
    assert np.exp(np.median(logs[:, -30:])) == pytest.approx(2, rel=0.25)


def test_the_one_gain_of_a_pair_reaches_the_level_of_the_reference_too():
    made = pair_set()
    for index, thumb in enumerate(made.thumbnails):
        gains, log_gain = made.map_of(index)
        wanted = exposure_of(thumbnail(made.high[index]))
        assert exposure_of(thumb, np.exp(log_gain)) == pytest.approx(wanted, abs=1e-5)
        assert level(thumb, gains) == pytest.approx(wanted, abs=1e-5)
        assert made.map_of(index)[0] is gains, "computed once"


def test_a_map_that_is_known_is_used_as_it_is():
    made, known = pair_set(3), [GainMap.uniform(gain) for gain in (2.0, 3.0, 4.0)]
    made = pairs.PairSet("known", made.names, made.low, made.high, gain_maps=known)
    assert made.map_of(1)[0] is known[1]
    part = made.subset(["2", "0"])
    assert part.gain_maps == [known[0], known[2]] and part.teaches_exposure
    made.teaches_exposure = False
    assert not made.subset(["2"]).teaches_exposure


def test_reduced_pairs_are_small_and_made_once():
    large = pair_set(1, size=(200, 90))
    low, high = large.reduced_pair(0)
    assert low.shape == high.shape == (160, 90, 3)
    assert np.array_equal(high, reduced(large.high[0], 160, 90))
    assert large.reduced_pair(0)[0] is low


def test_sets_are_joined_in_order():
    first, second = pair_set(2), pair_set(3)
    both = pairs.joined("both", [first, second])
    assert both.name == "both" and both.names == ["0", "1", "0", "1", "2"]
    assert both.low == [*first.low, *second.low] and both.high == [*first.high, *second.high]


def test_the_digest_tells_pixels_and_names():
    made = pair_set(2)
    other = pairs.PairSet("other", ["0", "x"], made.low, made.high)
    changed = pairs.PairSet("made", made.names, [made.low[0] + 1, made.low[1]], made.high)
    assert made.digest() == pair_set(2).digest()
    assert len({made.digest(), other.digest(), changed.digest()}) == 3


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

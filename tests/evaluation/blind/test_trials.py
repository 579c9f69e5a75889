import hashlib
import json
from collections import Counter

import pytest
from PIL import Image

from scotopic.errors import InvalidValueError, MissingFileError, UnreadableError
from scotopic.evaluation.blind import trials


def methods_of(drawn):
    return {
        trial.name: [candidate.method for candidate in trial.candidates.values()] for trial in drawn
    }


def test_every_photo_has_all_methods_under_letters_in_order(photos, results):
    drawn = trials.draw(photos["dark"], results)
    assert [trial.name for trial in drawn] == ["1", "2"]
    for trial in drawn:
        assert list(trial.candidates) == ["A", "B", "C"]
        assert {one.method for one in trial.candidates.values()} == set(map(str, results))
        for one in trial.candidates.values():
            assert one.path.parent.samefile(one.method) and one.path.stem == trial.name
            assert one.sha256 == hashlib.sha256(one.path.read_bytes()).hexdigest()


def test_the_order_depends_on_the_seed_and_nothing_that_changes_by_itself(photos, results):
    drawn = [methods_of(trials.draw(photos["dark"], results, seed)) for seed in range(8)]
    again = [methods_of(trials.draw(photos["dark"], results, seed)) for seed in range(8)]
    assert drawn == again
    assert len({json.dumps(one) for one in drawn}) > 1


def test_another_photo_does_not_change_the_letters_of_the_first(photos, results):
    before = methods_of(trials.draw(photos["dark"], results))
    for folder in photos.values():
        Image.new("RGB", (8, 8)).save(folder / "0.png")
    after = methods_of(trials.draw(photos["dark"], results))
    assert {name: after[name] for name in before} == before and len(after) == 3


def test_letters_are_drawn_anew_when_a_result_changes(photos, results):
    orders = set()
    for level in range(12):
        Image.new("RGB", (96, 64), (level, 0, 0)).save(results[0] / "1.png")
        orders.add(tuple(methods_of(trials.draw(photos["dark"], results))["1"]))
    assert len(orders) > 1


def test_all_orders_are_about_as_frequent(photos, results):
    orders = Counter(
        tuple(methods)
        for seed in range(300)
        for methods in methods_of(trials.draw(photos["dark"], results, seed)).values()
    )
    assert len(orders) == 6
    assert all(70 < count < 130 for count in orders.values()), "100 each, 9 standard deviation"


def test_a_photo_that_a_method_lacks_is_named(photos, results):
    (results[1] / "2.png").unlink()
    with pytest.raises(MissingFileError) as caught:
        trials.draw(photos["dark"], results)
    assert str(caught.value) == (
        f"{photos['dark'] / '2.png'}: no picture of this name in {results[1]}"
    )


def test_a_result_of_another_size_is_named(photos, results):
    Image.new("RGB", (64, 96)).save(results[2] / "2.png")
    with pytest.raises(InvalidValueError) as caught:
        trials.draw(photos["dark"], results)
    assert str(caught.value) == (
        f"{results[2] / '2.png'}: the result is 64x96 pixels, its input 96x64"
    )


def test_a_turned_result_has_the_size_that_is_seen(photos, results):
    exif = Image.Exif()
    exif[0x0112] = 6
    (results[0] / "1.png").unlink()
    Image.new("RGB", (64, 96)).save(results[0] / "1.jpg", exif=exif)
    assert len(trials.draw(photos["dark"], results)) == 2


def test_there_are_2_to_26_methods_and_none_twice(photos, results):
    with pytest.raises(InvalidValueError, match="2 to 26 methods can be judged, not 1"):
        trials.draw(photos["dark"], results[:1])
    with pytest.raises(InvalidValueError, match="not 27"):
        trials.draw(photos["dark"], results * 9)
    same = results[0] / ".." / results[0].name
    with pytest.raises(InvalidValueError, match="given twice") as caught:
        trials.draw(photos["dark"], [*results, same])
    assert caught.value.path == str(same)


def test_a_key_is_read_as_it_was_written(photos, results, tmp_path):
    drawn = trials.draw(photos["dark"], results, 7)
    content = trials.key_of(drawn, 7)
    assert content["seed"] == 7 and "Do not open this before judging" in content["note"]
    first = drawn[0].candidates["B"]
    assert content["photos"]["1"]["B"] == {
        "method": first.method,
        "file": str(first.path),
        "sha256": first.sha256,
    }
    (tmp_path / trials.KEY).write_text(json.dumps(content))
    key = trials.read_key(tmp_path)
    assert set(key.methods) == set(map(str, results))
    assert {name: list(letters.values()) for name, letters in key.photos.items()} == methods_of(
        drawn
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "is no key"),
        ("[]", "is no key"),
        ('{"methods": ["x"]}', "is no key"),
        ('{"methods": ["x", "y"], "photos": {"1": {"A": {"method": "x"}}}}', "is damaged"),
    ],
)
def test_what_is_no_key_is_named(tmp_path, text, message):
    (tmp_path / trials.KEY).write_text(text)
    with pytest.raises(UnreadableError, match=message) as caught:
        trials.read_key(tmp_path)
    assert caught.value.path == str(tmp_path / trials.KEY)


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(MissingFileError) as caught:
        trials.read_key(tmp_path)
    assert caught.value.path == str(tmp_path / trials.KEY)

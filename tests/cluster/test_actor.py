"""The actor, called as Ray, Dask and Spark call it, without any of them."""

import math
import pickle

import numpy as np
import pytest

from scotopic import ScotopicError, Wish
from scotopic.cluster import COLUMNS, EnhanceActor
from scotopic.jobs.settings import Placement, Settings


def batch_of(photos, out, **more):
    sources = sorted(str(path) for path in photos.rglob("*.png"))
    targets = [str(out / f"{number}.png") for number in range(len(sources))]
    return {"source": np.array(sources, object), "target": np.array(targets, object), **more}


def test_outcomes_have_the_columns_that_are_documented_and_their_types(actor, photos, tmp_path):
    told = actor(batch_of(photos, tmp_path))
    assert list(told) == list(COLUMNS)
    for name, kind in COLUMNS.items():
        assert len(told[name]) == 12
        assert all(isinstance(value, kind) for value in told[name].tolist())
    assert set(told["status"]) == {"enhanced"}
    assert (told["exposure_after"] > told["exposure_before"]).all()
    assert (told["gain"] > 1).all()
    assert (told["seconds"] > 0).all()


def test_a_batch_that_is_done_again_is_skipped_and_nothing_is_written(actor, photos, tmp_path):
    batch = batch_of(photos, tmp_path)
    actor(batch)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.png")}
    again = actor(batch)
    assert set(again["status"]) == {"skipped"}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.png")} == before
    assert len(before) == 12


def test_results_that_are_missing_of_a_batch_are_made(actor, photos, tmp_path):
    batch = batch_of(photos, tmp_path)
    actor(batch)
    (tmp_path / "3.png").unlink()
    again = actor(batch)
    made = [n for n, status in enumerate(again["status"]) if status == "enhanced"]
    assert made == [3]
    assert (tmp_path / "3.png").is_file()


def test_what_fails_has_a_reason_and_the_rest_is_done(actor, photos, tmp_path):
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    batch = {
        "source": [
            str(tmp_path / "damaged.png"),
            str(tmp_path / "gone.png"),
            str(photos / "001.png"),
        ],
        "target": [str(tmp_path / f"{n}.png") for n in range(3)],
    }
    told = actor(batch)
    assert told["status"].tolist() == ["failed", "failed", "enhanced"]
    assert told["error"].tolist() == ["UnreadableError", "MissingFileError", ""]
    assert all(told["reason"][:2])
    assert told["reason"][2] == ""
    assert math.isnan(told["gain"][0])
    assert not (tmp_path / "0.png").exists()


def test_other_columns_are_handed_on(actor, photos, tmp_path):
    numbers = np.arange(12)
    told = actor(batch_of(photos, tmp_path, number=numbers))
    assert told["number"] is numbers


def test_an_empty_batch_gives_empty_columns(actor):
    told = actor({"source": [], "target": []})
    assert {len(values) for values in told.values()} == {0}


def test_what_is_there_is_replaced_only_if_asked(actor, photos, tmp_path):
    (tmp_path / "0.png").write_bytes(b"mine")
    one = {"source": [str(photos / "001.png")], "target": [str(tmp_path / "0.png")]}
    refused = actor(one)
    assert (refused["error"][0], refused["remedy"][0]) == (
        "TargetExistsError",
        "pass overwrite=True",
    )
    assert (tmp_path / "0.png").read_bytes() == b"mine"
    replacing = EnhanceActor(Settings(placement=Placement(overwrite=True)), model="fast")
    assert replacing(one)["status"].tolist() == ["enhanced"]
    assert (tmp_path / "0.png").read_bytes() != b"mine"


def test_settings_count(photos, tmp_path):
    source = str(photos / "001.png")
    told = {}
    for exposure in (0.2, 0.6):
        actor = EnhanceActor(Settings(Wish(exposure=exposure)), model="fast", threads=1)
        target = str(tmp_path / f"{exposure}.png")
        told[exposure] = actor({"source": [source], "target": [target]})["exposure_after"][0]
    assert told[0.2] < told[0.6]


def test_the_class_is_sent_to_workers_by_name():
    assert pickle.loads(pickle.dumps(EnhanceActor)) is EnhanceActor


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"model": "unknown"}, {"memory": 0}])
def test_a_wrong_argument_is_told_when_the_actor_is_made(wrong):
    with pytest.raises(ScotopicError):
        EnhanceActor(**{"model": "fast", **wrong})

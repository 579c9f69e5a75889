import numpy as np
import pytest
from PIL import Image
from places import DOCS

from scotopic.errors import MissingFileError
from scotopic.evaluation import records
from scotopic.evaluation.columns import MEASURES, Score
from scotopic.evaluation.evaluate import Method, evaluate
from scotopic.evaluation.gallery import Gallery
from scotopic.evaluation.pairing import Failure
from scotopic.evaluation.request import Request


def test_progress_is_told_of_every_picture_of_every_method(folders):
    low, high = folders
    Image.new("RGB", (64, 48)).save(low / "c.png")
    told = []
    request = Request(results=[high, low], references=high)
    evaluation = evaluate(request, lambda *progress: told.append(progress))
    assert [(method, outcome.name, total) for method, outcome, total in told] == [
        (str(high), "a", 5),
        (str(high), "b", 5),
        (str(low), "c", 5),
        (str(low), "a", 5),
        (str(low), "b", 5),
    ]
    assert [failure.name for failure in evaluation.failures] == ["c"]


def test_a_method_without_any_score_does_not_stop_the_others(folders):
    low, high = folders
    for name in ("a", "b"):
        (low / f"{name}.png").write_bytes(b"no picture")
    evaluation = evaluate(Request(results=[low, high], references=high))
    broken, whole = evaluation.methods.values()
    assert (len(broken.scores), len(broken.failures)) == (0, 2)
    assert (len(whole.scores), len(whole.failures)) == (2, 0)
    record = records.summary_record("low", broken)
    assert (record["pictures"], record["failed"], record["mean"]) == (0, 2, {})
    (difference,) = records.difference_records(evaluation)
    assert (difference["pictures"], difference["interval"]) == (0, {})


def test_warnings_name_the_method_and_the_pictures(folders):
    low, high = folders
    Image.open(high / "a.png").save(low / "a.png")
    evaluation = evaluate(Request(results=[low, high], references=high))
    assert f"{low}: a: is identical to its reference" in evaluation.warnings()
    assert f"{high}: each picture: is identical to its reference" in evaluation.warnings()


def test_references_that_were_trained_on_are_found(folders):
    low, high = folders
    evaluation = evaluate(Request(results=[low], references=high, trained_on=[high]))
    found = [warning for warning in evaluation.warnings() if "in the training set" in warning]
    assert found == [
        f"{low}: {name}: has a reference that is in the training set: {high}/{name}"
        for name in ("a", "b")
    ]


def test_an_empty_training_set_is_refused(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    request = Request(results=[folders[0]], references=folders[1], trained_on=[tmp_path / "empty"])
    with pytest.raises(MissingFileError, match="no pictures"):
        evaluate(request)


def test_the_record_of_a_scored_picture_is_flat():
    score = Score("1", {"psnr": float("inf"), "ssim": 1.0}, ("is gray",))
    assert records.picture_record("mine", score) == {
        "method": "mine",
        "name": "1",
        "status": "scored",
        "psnr": None,
        "ssim": 1.0,
        "notes": ["is gray"],
    }


def test_the_record_of_a_failed_picture_has_the_error():
    failure = Failure("1", MissingFileError("no such file", path="mine/1.png"))
    assert records.picture_record("mine", failure) == {
        "method": "mine",
        "name": "1",
        "status": "failed",
        "error": {"kind": "MissingFileError", "message": "mine/1.png: no such file"},
    }


def test_the_record_of_a_method_has_means_and_intervals():
    scores = [
        Score(name, {"psnr": value, "exposure": 0.4, "reference_exposure": 0.5}, ("is gray",))
        for name, value in (("1", 10.0), ("2", 30.0))
    ]
    method = Method(Gallery("psnr"), scores, [Failure("3", MissingFileError("gone"))])
    assert records.summary_record("mine", method) == {
        "method": "mine",
        "status": "summary",
        "pictures": 2,
        "failed": 1,
        "mean": {"psnr": 20.0, "exposure": 0.4, "reference_exposure": 0.5},
        "interval": {
            "psnr": [10.0, 30.0],
            "exposure": [0.4, 0.4],
            "reference_exposure": [0.5, 0.5],
        },
        "constant_exposure_error": 0.0,
        "warnings": ["each picture: is gray"],
    }


def test_the_record_of_a_comparison_names_both_methods(folders):
    low, high = folders
    evaluation = evaluate(Request(results=[low, high], references=low))
    (record,) = records.difference_records(evaluation)
    assert record["status"] == "difference" and record["pictures"] == 2
    assert (record["method"], record["against"]) == (str(high), str(low))
    first, second = (
        np.mean([s.values["mae"] for s in scores]) for scores in evaluation.scores.values()
    )
    assert record["mean"]["mae"] == pytest.approx(second - first)
    assert record["mean"]["psnr"] is None, "less than the infinite PSNR of identical pictures"
    low_end, high_end = record["interval"]["mae"]
    assert low_end <= record["mean"]["mae"] <= high_end


def test_the_page_of_the_protocol_names_every_score():
    page = (DOCS / "protocol.md").read_text()
    assert [measure.key for measure in MEASURES if f"`{measure.key}`" not in page] == []

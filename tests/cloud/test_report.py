"""The records of runs, and what they tell together."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scotopic.cloud import runs, urls
from scotopic.cloud.report import summary_of
from scotopic.cloud.runs import RunRecord
from scotopic.cloud.step import enhance_object
from scotopic.cloud.stores import open_store
from scotopic.enhancer import Enhancer
from scotopic.errors import AccessError, MissingFileError, UnreadableError
from scotopic.jobs import many
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.record import Record
from scotopic.jobs.settings import Placement, Settings

DAMAGED = UnreadableError("not a picture", path="s3://in/x.jpg")


def outcome(name, status="enhanced"):
    error = DAMAGED if status == "failed" else None
    return Outcome(status, f"s3://in/{name}", f"s3://out/{name}", error=error)


def lines_under(root):
    """The entries of each part of a record, but for the one that says which run it is."""
    store = open_store(root)
    keys = sorted(store.list(f"{urls.key_of(root)}/{runs.FOLDER}/"))
    texts = [store.read(key)[0].decode() for key in keys]
    (run,), *parts = [[json.loads(line) for line in text.splitlines()] for text in texts]
    assert set(run) == {"began", "version"}
    return parts


def write(root, name, *entries):
    """A part of a record, by hand: status, name, seconds, and when it was done."""
    text = ""
    for status, picture, seconds, time in entries:
        error = {"kind": "A", "reason": status[7:]} if status.startswith("failed") else None
        entry = {"source": f"in/{picture}", "target": f"out/{picture}", "seconds": seconds}
        text += json.dumps({**entry, "status": status[:6] if error else status, "error": error,
                            "time": time}) + "\n"  # fmt: skip
    key = urls.key_of(urls.joined(root, f"{runs.FOLDER}/{name}.jsonl"))
    open_store(root).put(key, text.encode())


def test_a_run_leaves_what_became_of_each_picture(root):
    record = RunRecord(root, {})
    record.add(outcome("夜 #1.jpg"), 0.1234)
    record.add(outcome("b.jpg", "failed"), 0.5)
    assert lines_under(root) == []
    record.close()
    ((first, second),) = lines_under(root)
    assert first["target"] == "s3://out/夜 #1.jpg" and first["status"] == "enhanced"
    assert first["seconds"] == 0.123 and first["error"] is None
    assert second["error"] == {"kind": "UnreadableError", "reason": "not a picture"}
    record.close()
    assert len(lines_under(root)) == 1, "nothing new, nothing written"


def test_a_run_that_can_write_nothing_ends_before_it_begins(s3):
    with pytest.raises(MissingFileError) as caught:
        RunRecord("s3://no-such-bucket-of-tests/out", {})
    assert str(caught.value) == "s3://no-such-bucket-of-tests/out: there is no such bucket"


def test_a_long_run_puts_its_lines_in_place_part_by_part(root, monkeypatch):
    monkeypatch.setattr(runs, "_MOST_LINES", 3)
    record = RunRecord(root, {})
    for number in range(7):
        record.add(outcome(f"{number}.jpg"), 1)
    assert [len(part) for part in lines_under(root)] == [3, 3]
    record.close()
    parts = lines_under(root)
    assert [entry["source"] for part in parts for entry in part] == [
        f"s3://in/{number}.jpg" for number in range(7)
    ]
    assert summary_of([root]).done == 7


def test_lines_are_put_in_place_after_a_while_too(root, monkeypatch):
    monkeypatch.setattr(runs, "_MOST_SECONDS", -1)
    record = RunRecord(root, {})
    record.add(outcome("a.jpg"), 1)
    assert len(lines_under(root)) == 1


def test_lines_that_cannot_be_put_in_place_are_kept(root, monkeypatch):
    monkeypatch.setattr(runs, "_MOST_LINES", 1)
    record = RunRecord(root, {})

    def fails(*arguments, **options):
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(type(record._store), "_put", fails)
        record.add(outcome("a.jpg"), 1)
        with pytest.raises(AccessError, match="no space"):
            record.close()
    record.add(outcome("b.jpg"), 1)
    record.close()
    assert summary_of([root]).done == 2


def test_the_records_of_several_runs_are_merged(root):
    write(root, "1", ("enhanced", "a", 1, 101), ("failed too dark", "b", 1, 102),
          ("failed gone", "c", 1, 103))  # fmt: skip
    write(root, "2", ("skipped", "a", 0, 201), ("copied", "b", 3, 204),
          ("failed gone", "c", 1, 205), ("skipped", "d", 0, 205))  # fmt: skip
    told = summary_of([root])
    assert (told.done, told.skipped, told.failed) == (2, 1, 1)
    assert told.reasons == {"gone": 1}
    assert (told.p50, told.p95) == (2.0, 2.9)


def test_the_order_of_shards_does_not_matter(tmp_path):
    for number in range(3):
        folder = str(tmp_path / str(number))
        write(folder, "1", *(("enhanced", f"{number}-{n}", 1, 100 + n) for n in range(5)))
    places = [str(tmp_path / str(number)) for number in range(3)]
    assert summary_of(places) == summary_of(reversed(places))
    assert summary_of(places).done == 15


def test_pictures_a_second_count_work_at_one_time_once_and_pauses_not_at_all(tmp_path):
    folder = str(tmp_path)
    # Two runs at one time from 100 to 110, a pause of an hour, and another one of 10 seconds.
    write(folder, "1", *(("enhanced", f"a{n}", 1, 101 + n) for n in range(10)))
    write(folder, "2", *(("enhanced", f"b{n}", 2, 102 + 2 * n) for n in range(5)))
    write(folder, "3", *(("enhanced", f"c{n}", 1, 3711 + n) for n in range(10)))
    told = summary_of([folder])
    assert told.working == pytest.approx(20)
    assert told.pictures_per_second == pytest.approx(25 / 20)


def test_most_frequent_reasons_come_first(tmp_path):
    write(str(tmp_path), "1", *((f"failed {'ab'[n > 0]}", str(n), 1, n) for n in range(4)))
    assert list(summary_of([str(tmp_path)]).reasons.items()) == [("b", 3), ("a", 1)]


def test_damaged_lines_are_passed_over(tmp_path):
    write(str(tmp_path), "1", ("enhanced", "a", 1, 1))
    (part,) = (tmp_path / ".scotopic").iterdir()
    part.write_bytes(part.read_bytes() + b'7\n{"source": "in/b", "tar')
    assert summary_of([str(tmp_path)]).done == 1


def test_where_no_run_was_there_is_nothing_to_tell(root):
    with pytest.raises(MissingFileError, match="no record of a run there"):
        summary_of([root])


def test_the_record_of_a_folder_counts_too(tmp_path):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    dark = np.random.default_rng(0).integers(0, 50, (24, 32, 3), dtype=np.uint8)
    for name in ("a.png", "b.png"):
        Image.fromarray(dark).save(source / name)
    (source / "c.png").write_bytes(b"no picture")
    settings = Settings(placement=Placement(output, is_folder=True))
    for _ in range(2):
        plan = plan_jobs([source], settings)
        list(many.run_all(Enhancer(), plan, settings, Record(output)))
    told = summary_of([str(output)])
    assert (told.done, told.skipped, told.failed) == (2, 0, 1)
    (reason,) = told.reasons
    assert reason.startswith("not a picture") and str(source) not in reason
    assert told.p50 > 0 and told.pictures_per_second > 0
    write(str(output), "1", ("enhanced", "z", 1, 101))
    assert summary_of([str(output)]).done == 3


def test_a_summary_without_a_picture_has_no_rate():
    told = summary_of([])
    assert told.as_dict() == {
        "pictures": 0,
        "done": 0,
        "skipped": 0,
        "failed": 0,
        "reasons": {},
        "pictures_per_second": None,
        "seconds": {"p50": None, "p95": None},
    }


def test_the_pictures_of_two_folders_of_one_name_are_told_apart(tmp_path, monkeypatch):
    """Records of folders name results from their folder on."""
    monkeypatch.chdir(tmp_path)
    for name in ("x", "y"):
        os.mkdir(name)
        entry = {"target": "a.jpg", "status": "done", "seconds": 1, "time": "2026-01-01T00:00:00Z"}
        Path(name, ".scotopic.jsonl").write_text(json.dumps(entry) + "\n")
    assert summary_of(["x", "y"]).done == 2


def test_a_fault_of_a_folder_and_one_of_objects_are_of_one_kind(tmp_path):
    source, output = tmp_path / "a.jpg", tmp_path / "out"
    noise = np.random.default_rng(0).integers(0, 50, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(source)
    source.write_bytes(source.read_bytes()[:-100])
    settings = Settings(placement=Placement(output, is_folder=True))
    enhancer = Enhancer("fast", threads=1)
    list(many.run_all(enhancer, plan_jobs([source], settings), settings, Record(output)))
    record = RunRecord(str(tmp_path / "objects"), {})
    cut = enhance_object(enhancer, str(source), str(tmp_path / "b.jpg"), settings)
    record.add(cut, 1)
    record.close()
    assert cut.error.remedy is not None
    told = summary_of([str(output), str(tmp_path / "objects")])
    assert told.reasons == {cut.error.message: 2}

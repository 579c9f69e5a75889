"""The report: a row for each picture, however many runs it took."""

import numpy as np
import pytest

pq = pytest.importorskip("pyarrow.parquet", reason="extra ray")

from scotopic.cluster import report as reports
from scotopic.cluster.actor import COLUMNS, columns_of
from scotopic.cluster.report import SCHEMA, Report
from scotopic.errors import AccessError, InvalidValueError, MissingFileError


def rows(**statuses):
    """Columns of pictures by the names of their targets, each with its status."""
    told = []
    for number, (name, status) in enumerate(statuses.items()):
        row = {column: "" if kind is str else float("nan") for column, kind in COLUMNS.items()}
        told.append({**row, "source": f"/s/{name}", "target": name, "status": status})
        told[-1]["seconds"] = float(number)
    return columns_of(told)


def written(folder):
    table = pq.read_table(folder)
    return dict(zip(table["target"].to_pylist(), table["status"].to_pylist(), strict=True)), table


def run(folder, *batches):
    report = Report(str(folder))
    for batch in batches:
        report.add(batch)
    report.close()


def test_a_row_for_each_picture_and_null_where_nothing_is_known(tmp_path):
    run(tmp_path / "r.parquet", rows(a="enhanced", b="failed"), rows(c="copied"))
    statuses, table = written(tmp_path / "r.parquet")
    assert statuses == {"a": "enhanced", "b": "failed", "c": "copied"}
    assert table.schema.equals(SCHEMA)
    assert table["reason"].null_count == table["gain"].null_count == 3
    assert table["seconds"].to_pylist() == [0.0, 1.0, 0.0]


def test_rows_are_in_place_before_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "_MOST_ROWS", 2)
    report = Report(str(tmp_path / "r.parquet"))
    report.add(rows(a="enhanced", b="enhanced"))
    report.add(rows(c="enhanced"))
    assert set(written(tmp_path / "r.parquet")[0]) == {"a", "b"}


def test_a_run_that_goes_on_keeps_the_rows_of_what_was_done(tmp_path):
    folder = tmp_path / "r.parquet"
    run(folder, rows(a="enhanced", b="failed", c="copied"))
    run(folder, rows(a="skipped", b="enhanced", c="skipped", d="skipped"))
    statuses, table = written(folder)
    assert statuses == {"a": "enhanced", "b": "enhanced", "c": "copied", "d": "skipped"}
    assert len(table) == 4


def test_a_picture_that_is_named_twice_has_one_row_that_says_what_made_it(tmp_path):
    folder = tmp_path / "r.parquet"
    twice = (rows(a="skipped", b="enhanced"), rows(a="enhanced", b="skipped", c="failed"))
    run(folder, *twice, rows(c="failed"))
    for _ in range(2):
        statuses, table = written(folder)
        assert statuses == {"a": "enhanced", "b": "enhanced", "c": "failed"}
        assert len(table) == 3
        run(folder, rows(a="skipped", b="skipped"), rows(a="skipped", b="skipped"))


def test_where_no_report_can_be_is_told_before_there_are_rows(s3):
    with pytest.raises(MissingFileError) as caught:
        Report("s3://no-such-bucket-of-tests/r.parquet").begin()
    assert str(caught.value) == "s3://no-such-bucket-of-tests/r.parquet: there is no such bucket"


def test_the_first_rows_replace_the_empty_part(tmp_path):
    report = Report(str(tmp_path / "r.parquet"))
    report.begin()
    assert pq.read_table(tmp_path / "r.parquet").schema.equals(SCHEMA)
    report.add(rows(a="enhanced"))
    report.close()
    assert len(list((tmp_path / "r.parquet").iterdir())) == 1
    assert written(tmp_path / "r.parquet")[0] == {"a": "enhanced"}


def test_rows_that_cannot_be_put_in_place_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "_MOST_ROWS", 1)
    report = Report(str(tmp_path / "r.parquet"))

    def fails(*arguments, **options):
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(type(report._store), "_put", fails)
        report.add(rows(a="enhanced"))
        with pytest.raises(AccessError, match=r"r\.parquet: cannot be written: no space"):
            report.close()
    report.add(rows(b="enhanced"))
    report.close()
    assert set(written(tmp_path / "r.parquet")[0]) == {"a", "b"}


def test_what_is_done_again_replaces_its_row(tmp_path):
    folder = tmp_path / "r.parquet"
    run(folder, rows(a="enhanced", b="enhanced"))
    run(folder, rows(a="failed", b="enhanced"))
    statuses, table = written(folder)
    assert statuses == {"a": "failed", "b": "enhanced"}
    assert len(table) == 2


def test_after_any_number_of_interrupted_runs_there_is_one_row_for_each(tmp_path):
    folder, rng = tmp_path / "r.parquet", np.random.default_rng(0)
    done = set()
    for _ in range(8):
        report = Report(str(folder))
        for name in rng.permutation(list("abcdefgh")):
            status = "skipped" if name in done else str(rng.choice(["enhanced", "failed"]))
            report.add(rows(**{str(name): status}))
            if status == "enhanced":
                done.add(str(name))
        report._put()  # as a driver leaves it that is killed
    run(folder, rows(**{name: "skipped" if name in done else "enhanced" for name in "abcdefgh"}))
    statuses, table = written(folder)
    assert len(table) == 8
    assert statuses == dict.fromkeys("abcdefgh", "enhanced")


def test_pictures_without_a_place_have_a_row_too(tmp_path):
    told = rows(a="failed", b="failed")
    told["target"] = np.array(["", ""], object)
    run(tmp_path / "r.parquet", told)
    run(tmp_path / "r.parquet", told)
    assert len(pq.read_table(tmp_path / "r.parquet")) == 2


def test_no_other_files_are_mixed_with_a_report(tmp_path):
    (tmp_path / "file.parquet").write_bytes(b"mine")
    with pytest.raises(InvalidValueError, match="is a file"):
        Report(str(tmp_path / "file.parquet"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.parquet").write_bytes(b"mine")
    with pytest.raises(InvalidValueError, match=r"holds mine\.parquet already"):
        Report(str(tmp_path / "folder"))

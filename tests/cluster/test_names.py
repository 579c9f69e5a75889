"""Folders, lists and manifests, and the parts that names are written in."""

import os
from pathlib import Path

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow", reason="extra ray")
pq = pytest.importorskip("pyarrow.parquet", reason="extra ray")

from scotopic.cluster import names, parts
from scotopic.errors import InvalidValueError, MissingFileError, UnreadableError
from scotopic.jobs.settings import Encoding, Settings


def found(source, output="/out", settings=None):
    jobs = names.jobs(str(source), str(output), settings or Settings())
    return [(job.source, job.target) for job in jobs]


def manifest(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_a_folder_is_listed_and_the_output_mirrors_it(photos):
    pairs = found(photos)
    assert len(pairs) == 12
    for source, target in pairs:
        assert Path("/out") / Path(source).relative_to(photos) == Path(target)


def test_paths_begin_at_the_root_wherever_workers_run(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(photos.parent)
    pairs = found(photos.name, "out")
    assert all(os.path.isabs(place) for pair in pairs for place in pair)
    assert pairs[0][1].startswith(str(photos.parent / "out"))


def test_a_list_has_a_name_in_each_line(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(photos)
    text = f"\ufeff001.png\n\ninner/003.png\r\n{photos}/002.png\n"
    (tmp_path / "names.txt").write_text(text, encoding="utf-8", newline="")
    assert found(tmp_path / "names.txt") == [
        (str(photos / "001.png"), "/out/001.png"),
        (str(photos / "inner" / "003.png"), "/out/inner/003.png"),
        (str(photos / "002.png"), f"/out{photos}/002.png"),
    ]


def test_names_of_a_list_have_their_places_whatever_else_is_in_it(tmp_path):
    lines = ["s3://bucket/night/a.jpg", "s3://bucket/b.jpg", "gs://other/night/a.heic"]
    (tmp_path / "names.txt").write_text("\n".join(lines))
    whole = found(tmp_path / "names.txt", "s3://out/made")
    assert [target for _, target in whole] == [
        "s3://out/made/night/a.jpg",
        "s3://out/made/b.jpg",
        "s3://out/made/night/a.heic.jpg",
    ]
    (tmp_path / "names.txt").write_text(lines[0])
    assert found(tmp_path / "names.txt", "s3://out/made") == whole[:1]


def test_a_name_of_a_list_that_leads_out_of_the_output_has_no_target(tmp_path):
    (tmp_path / "names.txt").write_text("../a.jpg\n")
    (job,) = names.jobs(str(tmp_path / "names.txt"), "/out", Settings())
    assert job.target is None
    assert isinstance(job.error, InvalidValueError)


def test_a_manifest_names_sources_and_targets(tmp_path):
    path = manifest(
        tmp_path / "m.parquet",
        taken=[1, 2, 3],
        target=["s3://out/x.png", None, ""],
        source=["s3://b/a.jpg", "s3://b/c.jpg", "s3://b/d.jpg"],
    )
    assert found(path, "s3://out") == [
        ("s3://b/a.jpg", "s3://out/x.png"),
        ("s3://b/c.jpg", "s3://out/c.jpg"),
        ("s3://b/d.jpg", "s3://out/d.jpg"),
    ]


def test_a_manifest_may_lack_targets_and_be_a_folder(tmp_path):
    folder = tmp_path / "m.parquet"
    (folder / "day=2").mkdir(parents=True)
    manifest(folder / "day=2" / "b.parquet", source=["/p/b.jpg"])
    manifest(folder / "a.parquet", source=["/p/a.jpg"])
    (folder / "_SUCCESS").touch()
    assert found(folder) == [("/p/a.jpg", "/out/p/a.jpg"), ("/p/b.jpg", "/out/p/b.jpg")]


def test_a_manifest_of_categories_is_read_as_text(tmp_path):
    path = manifest(tmp_path / "m.parquet", source=pa.array(["/a.jpg"]).dictionary_encode())
    assert found(path) == [("/a.jpg", "/out/a.jpg")]


def test_the_format_that_is_asked_for_names_the_targets(tmp_path):
    path = manifest(tmp_path / "m.parquet", source=["/p/a.jpg"])
    settings = Settings(encoding=Encoding(format="png"))
    assert found(path, "/out", settings) == [("/p/a.jpg", "/out/p/a.jpg.png")]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"name": ["a"]}, "the manifest has no column source; its columns are name"),
        ({"source": [1]}, "the column source of the manifest holds int64, not text"),
        ({"source": ["a"], "target": [1.0]}, "the column target of the manifest holds double"),
        ({"source": ["/a.jpg", None]}, "a row of the manifest has no source"),
    ],
)
def test_a_wrong_manifest_is_told_in_one_line(tmp_path, columns, told):
    path = manifest(tmp_path / "m.parquet", **columns)
    with pytest.raises(InvalidValueError) as caught:
        found(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_no_picture_at_all_is_an_error(tmp_path):
    manifest(tmp_path / "m.parquet", source=pa.array([], pa.string()))
    manifest(tmp_path / "untyped.parquet", source=pa.array([], pa.float64()))
    (tmp_path / "names.txt").write_text("\n \n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.parquet").mkdir()
    for name in (
        "m.parquet",
        "untyped.parquet",
        "names.txt",
        "folder",
        "folder.parquet",
        "gone",
        "gone.txt",
        "gone.parquet",
    ):
        with pytest.raises(MissingFileError) as caught:
            found(tmp_path / name)
        assert name in str(caught.value)


@pytest.mark.parametrize("name", ["m.parquet", "names.txt"])
def test_what_cannot_be_read_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff\xfe no list and no Parquet")
    with pytest.raises(UnreadableError):
        found(tmp_path / name)


def test_another_file_is_neither_folder_nor_list(tmp_path):
    (tmp_path / "names.csv").write_text("a.jpg")
    with pytest.raises(InvalidValueError, match=r"a list ends with \.txt"):
        found(tmp_path / "names.csv")


@pytest.mark.parametrize("count", [0, 1, parts.SIZE, 2 * parts.SIZE + 1])
def test_parts_give_back_every_name_under_its_number(tmp_path, count):
    written = parts.write(((f"/s/{n}", f"/t/{n}") for n in range(count)), str(tmp_path))
    assert written.count == count
    assert len(written) == len(list(Path(written.folder).glob("*.parquet")))
    rows = [row for part in range(len(written)) for row in written.read(part).to_pylist()]
    assert rows == [{"number": n, "source": f"/s/{n}", "target": f"/t/{n}"} for n in range(count)]
    written.remove()
    assert not Path(written.folder).exists()


def test_names_are_found_again_by_their_numbers(tmp_path):
    count = 2 * parts.SIZE + 7
    written = parts.write(((f"/s/{n}", f"/t/{n}") for n in range(count)), str(tmp_path))
    wanted = np.array([0, 3, parts.SIZE - 1, parts.SIZE, count - 1])
    rows = [row for table in written.rows(wanted) for row in table.to_pylist()]
    assert [row["number"] for row in rows] == wanted.tolist()
    assert [row["source"] for row in rows] == [f"/s/{n}" for n in wanted]


def test_only_one_part_of_the_names_is_held(tmp_path):
    taken = 0

    def pairs():
        nonlocal taken
        for n in range(3 * parts.SIZE):
            there = len(list(tmp_path.rglob("*.parquet")))
            assert there == n // parts.SIZE
            taken += 1
            yield f"/s/{n}", f"/t/{n}"

    parts.write(pairs(), str(tmp_path))
    assert taken == 3 * parts.SIZE

"""Folders gone through one at a time, and what is held of them meanwhile."""

import os
import random
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from scotopic import cli
from scotopic.errors import ScotopicError
from scotopic.jobs import folders, plan
from scotopic.jobs.name_index import Index
from scotopic.jobs.settings import Encoding, Placement, Settings


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def asked(output=None, format=None, **placed):
    return Settings(encoding=Encoding(format), placement=Placement.at(output, **placed))


def planned(*paths, **settings):
    return plan.plan_jobs(paths, asked(**settings))


def targets(*paths, output, **settings):
    jobs = planned(*paths, output=output, **settings)
    return [str(job.target.relative_to(output)) for job in jobs]


@pytest.fixture
def locked(monkeypatch):
    """Makes folders that cannot be read: for an administrator no mode forbids that."""
    folders, scandir = set(), os.scandir

    def guarded(path):
        if Path(path) in folders:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    return folders


def test_names_come_sorted_and_folders_in_the_place_of_theirs(tmp_path):
    names = [
        "b.png",
        "a/z.jpg",
        "a/b/c.jpg",
        "a.png",
        "a-1.jpg",
        "Z.JPG",
        "ünï/c.tif",
        ".deep/x.png",
    ]
    random.Random(0).shuffle(names)
    make(tmp_path / "in", *names)
    plan = planned(tmp_path / "in", output=tmp_path / "out")
    sources = [job.source for job in plan]
    assert sources == sorted(sources) and len(sources) == len(plan) == len(names)
    assert sources == [job.source for job in plan], "a second time they are the same"


def test_pictures_of_one_folder_that_would_get_one_name_are_both_kept(tmp_path):
    make(tmp_path / "in", "a.jpg", "a.png", "a.png.webp", "a.k.png", "b/a.jpg", "b/a.png")
    found = targets(tmp_path / "in", output=tmp_path / "out", format="webp")
    in_b = ["b/a.webp", "b/a.png.webp"]
    assert found == ["a.webp", "a.k.webp", "a.png.webp", "a.png-2.webp", *in_b]


def test_pictures_of_several_paths_that_would_get_one_name_are_all_kept(tmp_path):
    one, two = make(tmp_path / "1", "a.png", "b.jpg"), make(tmp_path / "2", "a.png", "c.jpg")
    found = targets(one, two, two / "a.png", one, output=tmp_path / "out")
    assert found == ["a.png", "b.jpg", "a-2.png", "c.jpg", "a-3.png", "a-4.png", "b-2.jpg"]


def test_the_output_inside_the_input_is_not_gone_into(tmp_path, monkeypatch, locked):
    make(tmp_path, "a.png", "out/b.png", "out/c/d.png", "out/notes.txt", "outer/e.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "out" / "b.png")
    (tmp_path / "way").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    for folder in (Path("."), tmp_path, tmp_path / "way"):
        locked.add(folder / "out")
        for output in (Path("out"), tmp_path / "way" / "out"):
            plan = planned(folder, output=output)
            assert [job.source.name for job in plan] == ["a.png", "e.png"]
            assert plan.others == 0 and not plan.unread
    for output in (tmp_path, tmp_path / "way"):
        with pytest.raises(ScotopicError, match="lies in the output folder"):
            planned(tmp_path / "outer", output=output)


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path):
    make(tmp_path, "in/a.png", "elsewhere/b.png")
    links = {"c.png": "../elsewhere/b.png", "d": "../elsewhere", "loop": ".", "up": "../in"}
    links |= {"self.png": "self.png", "gone.png": "nowhere.png"}
    for name, to in links.items():
        (tmp_path / "in" / name).symlink_to(to)
    plan = planned(tmp_path / "in", output=tmp_path / "out")
    assert [job.source.name for job in plan] == ["a.png", "c.png"] and plan.others == 0


def test_what_is_no_picture_is_counted_and_what_is_hidden_or_a_result_is_not(tmp_path):
    make(tmp_path, "a.png", "a_enhanced.png", ".scotopic.jsonl", ".hidden.txt", "deep/b.txt", "c")
    make(tmp_path, "notes_enhanced.txt")
    assert planned(tmp_path).others == 3
    assert len(planned(tmp_path, output=tmp_path.parent / "out")) == 2


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path, locked):
    make(tmp_path, "a/1.png", "b/2.png", "c/3.png")
    locked.add(tmp_path / "b")
    plan = planned(tmp_path, output=tmp_path / "out")
    assert [job.source.name for job in plan] == ["1.png", "3.png"]
    (error,) = plan.unread.values()
    assert str(error) == f"{tmp_path / 'b'}: cannot be read: Permission denied"
    locked.add(tmp_path)
    assert len(planned(tmp_path, tmp_path)) == 0, "that there are no pictures is not known"


def test_the_command_names_a_locked_folder_and_counts_what_is_no_picture(tmp_path, locked):
    folder = make(tmp_path / "in", "b/2.png", "notes.txt")
    Image.new("RGB", (8, 8), (9, 8, 7)).save(folder / "1.png")
    locked.add(folder / "b")
    arguments = ["enhance", str(folder), "-o", str(tmp_path / "out")]
    complaint = f"scotopic: {folder / 'b'}: cannot be read: Permission denied"
    passed_over = "scotopic: 1 file that is not a picture was skipped"
    for more, said in ((["--dry-run"], [complaint, passed_over]), (["-q"], [complaint])):
        result = CliRunner().invoke(cli.main, arguments + more)
        assert result.exit_code == 1 and result.stderr.splitlines() == said
    assert (tmp_path / "out" / "1.png").exists()
    locked.clear()
    (folder / "b" / "2.png").unlink()
    (folder / "c.txt").write_text("no picture")
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == "scotopic: 2 files that are not pictures were skipped"
    locked.add(folder)
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1


def test_errors_come_before_any_work(tmp_path):
    make(tmp_path, "in/a.png", "in/b.png", "empty/notes.txt")
    with pytest.raises(ScotopicError, match="no pictures"):
        planned(tmp_path / "in", tmp_path / "empty", output=tmp_path / "out")
    with pytest.raises(ScotopicError, match="one file for 2 pictures"):
        planned(tmp_path / "in", output=tmp_path / "out.png")


def test_a_watched_folder_gives_settled_pictures_some_at_a_time(tmp_path, monkeypatch, locked):
    monkeypatch.setattr(plan, "AT_ONCE", 2)
    folder = make(tmp_path / "in", "a.png", "b.png", "c.png", "d/e.png")
    locked.add(folder / "d")
    told = []
    settings = asked(output=tmp_path / "out", format="png")
    coming = plan.arrivals([folder], settings, 0, told.append)
    assert [[job.source.name for job in some] for some in islice(coming, 2)] == [
        ["a.png", "b.png"],
        ["c.png"],
    ]
    make(folder, "a.jpg")
    (job,) = next(coming)
    assert (job.source.name, job.target.name) == ("a.jpg", "a.jpg.png")
    locked.clear()
    (job,) = next(coming)
    assert job.source.name == "e.png" and len(told) == 1


def test_numbers_are_found_by_name():
    names, index, wanted = [f"{n:x}" for n in range(9000)], Index(), {}
    rng = np.random.default_rng(0)
    for value, place in enumerate(rng.integers(0, len(names), 40_000).tolist()):
        index[names[place]] = wanted[names[place]] = value
    assert all(index.get(name) == wanted.get(name) for name in names)
    index["\udce9"] = 2**40
    assert index.get("\udce9") == 2**40 and "\udce8" not in index


def test_little_is_held_of_a_large_folder(tmp_path, monkeypatch):
    names = [[f"{number:06}.jpg" for number in range(start, start + 200)] for start in range(100)]

    def read(folder, *_):
        if folder.name == "in":
            each = [f"{number:03}" for number in range(100)]
            return folders._Folder(folder, each[::-1], set(each))
        return folders._Folder(folder, names[int(folder.name)][::-1])

    monkeypatch.setattr(folders, "_read", read)
    (tmp_path / "in").mkdir()
    tracemalloc.start()
    plan = planned(tmp_path / "in", output=tmp_path / "out")
    assert sum(1 for _ in plan) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A list of the jobs would take 12 MB and more; Python 3.13 keeps a table of names, of up to 4.
    assert peak < 6_000_000

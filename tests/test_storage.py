"""Files put in place whole, whoever else writes."""

import os
import subprocess
import sys
import threading
import time

import pytest

from scotopic import storage
from scotopic.errors import AccessError, MissingFileError, TargetExistsError

WRITERS = """
import sys, threading
from pathlib import Path
from scotopic import storage
target, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def write(number):
    for turn in range(times):
        storage.write_atomically(f"{name}{number}{turn:03}".encode() * 40_000, target)
threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_two_processes_of_four_threads_leave_one_whole_file_at_every_moment(tmp_path):
    target = tmp_path / "picture"
    command = [sys.executable, "-c", WRITERS, target]
    writers = [subprocess.Popen([*command, name, "25"]) for name in "ab"]
    seen, reads = set(), 0
    while any(writer.poll() is None for writer in writers):
        if target.exists():
            content = target.read_bytes()
            assert len(content) == 5 * 40_000 and content == content[:5] * 40_000
            seen.add(content[:5])
            reads += 1
        time.sleep(0.0005)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert reads > 20 and len(seen) > 10 and {one[:1] for one in seen} == {b"a", b"b"}
    assert os.listdir(tmp_path) == ["picture"], "nothing else is left behind"


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError), storage.atomic_file(target) as file:
        file.write(b"new")
        raise RuntimeError
    assert target.read_bytes() == b"old" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch, links):
    def none(*_):
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(os, "link", none)
    target = tmp_path / "a"
    with (
        pytest.raises(TargetExistsError),
        storage.atomic_file(target, replace=False) as file,
    ):
        file.write(b"late")
        target.write_bytes(b"of somebody else")
    assert target.read_bytes() == b"of somebody else" and os.listdir(tmp_path) == ["a"]
    storage.write_atomically(b"new", tmp_path / "b", replace=False)
    assert (tmp_path / "b").read_bytes() == b"new" and len(os.listdir(tmp_path)) == 2


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AccessError, match="a: cannot be written: No space left on device"):
        storage.write_atomically(b"new", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"old" and os.listdir(tmp_path) == ["a"]


def test_what_killed_writers_left_is_removed_and_what_is_being_written_is_not(tmp_path):
    stale = tmp_path / f"{storage.TEMPORARY}0123456789abcdef"
    stale.write_bytes(b"left by a process that was killed")
    mine = tmp_path / f"{storage.TEMPORARY}my-notes.txt"
    mine.write_text("of a user")
    with storage.atomic_file(tmp_path / "a") as file:
        assert not stale.exists() and mine.exists()
        file.write(b"whole")
        storage.sweep(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_a_writer_whose_file_is_swept_before_it_is_locked_takes_another(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl", reason="no locks of this kind here")
    usual, swept = fcntl.flock, []

    def sweeping(file, mode):
        if mode == fcntl.LOCK_EX and not swept:
            swept.append(file.fileno())
            storage.sweep(tmp_path)
        usual(file, mode)

    monkeypatch.setattr(fcntl, "flock", sweeping)
    storage.write_atomically(b"whole", tmp_path / "a")
    assert swept and os.listdir(tmp_path) == ["a"]


def test_many_threads_may_write_into_a_new_folder(tmp_path):
    targets = [tmp_path / "new" / str(index) for index in range(20)]
    threads = [
        threading.Thread(target=storage.write_atomically, args=(b"x", target)) for target in targets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(t.name for t in targets)


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions")
def test_new_files_have_the_permissions_of_any_new_file(tmp_path):
    storage.write_atomically(b"x", tmp_path / "a")
    (tmp_path / "b").write_bytes(b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_what_cannot_be_read_or_written_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="absent: No such file"):
        storage.read_bytes(tmp_path / "absent")
    with pytest.raises(AccessError):
        storage.read_bytes(tmp_path)
    with pytest.raises(MissingFileError, match="absent"):
        storage.copy_atomically(tmp_path / "absent", tmp_path / "b")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AccessError, match="cannot be written"):
        storage.write_atomically(b"x", tmp_path / "file" / "a")

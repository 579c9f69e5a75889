"""Segments are whole or absent, and belong to one film under one wish."""

import numpy as np
import pytest

from scotopic.errors import AccessError
from scotopic.video.segments import Packet, Store, folder_of

KEY = {"input": "a", "crf": 18}
STATE = {"level": 0.1 + 0.2, "map": np.float32([[1 / 3, 2], [3, 4]]), "deep": [{"n": 3}]}


def written(target, count=2, key=None, state=STATE, **options):
    """A store with so many segments of three packets, closed."""
    store = Store(target, key or KEY, **options)
    for index in range(len(store.segments), count):
        with store.writing(index) as writer:
            for number in range(3):
                stamp = 100 * index + 10 * number
                writer.write(Packet(stamp, 10, number == 0, bytes([index, number])))
        store.note(index, 3, 3 * (index + 1), "00ff", state)
    store.close()
    return store


def test_what_is_written_is_found_again(tmp_path):
    target = tmp_path / "film.mp4"
    written(target)
    store = Store(target, KEY)
    assert [segment.done for segment in store.segments] == [3, 6]
    assert [packet.data for packet in store.packets()][3:] == [b"\1\0", b"\1\1", b"\1\2"]
    assert [packet.pts for packet in store.stamps()] == [0, 10, 20, 100, 110, 120]
    assert [packet.is_key for packet in store.stamps()] == [True, False, False] * 2
    store.close()


def test_a_state_comes_back_bit_by_bit(tmp_path):
    target = tmp_path / "film.mp4"
    written(target)
    found = Store(target, KEY)
    state = found.state
    assert state["level"] == STATE["level"]
    assert state["map"].dtype == np.float32
    assert state["map"].tobytes() == STATE["map"].tobytes()
    assert state["deep"] == [{"n": 3}]
    found.close()


@pytest.mark.parametrize("damage", ["cut", "changed", "no record", "half a record"])
def test_from_a_damaged_segment_on_nothing_is_taken(tmp_path, damage):
    target = tmp_path / "film.mp4"
    written(target, 3)
    folder = folder_of(target)
    packets, record = folder / "000001.packets", folder / "000001.json"
    if damage == "cut":
        packets.write_bytes(packets.read_bytes()[:-1])
    elif damage == "changed":
        packets.write_bytes(packets.read_bytes()[:-1] + b"x")
    elif damage == "no record":
        record.unlink()
    else:
        record.write_text(record.read_text()[:20])
    store = written(target, 0)
    assert [segment.index for segment in store.segments] == [0]


@pytest.mark.parametrize(
    ("key", "options"), [({"input": "b", "crf": 18}, {}), (KEY, {"resume": False})]
)
def test_what_is_not_wanted_is_removed(tmp_path, key, options):
    target = tmp_path / "film.mp4"
    written(target)
    store = written(target, 0, key, **options)
    assert store.segments == []
    names = {path.name for path in folder_of(target).iterdir()}
    assert names == {"job.json", "lock"}


def test_without_its_state_a_segment_is_done_again(tmp_path):
    target = tmp_path / "film.mp4"
    written(target, 4)
    last = folder_of(target) / "000003.state"
    last.write_bytes(last.read_bytes()[:100])
    store = written(target, 0)
    assert [segment.index for segment in store.segments] == [0, 1, 2]
    assert store.state["level"] == STATE["level"]


def test_of_large_states_only_the_last_are_kept(tmp_path):
    target = tmp_path / "film.mp4"
    written(target, 5, state={"frame": np.zeros((200, 200))})
    kept = sorted(path.name for path in folder_of(target).glob("*.state"))
    assert kept == ["000003.state", "000004.state"]


def test_a_segment_that_was_being_written_leaves_nothing(tmp_path):
    store = Store(tmp_path / "film.mp4", KEY)
    with pytest.raises(ValueError, match="broken"), store.writing(0):
        raise ValueError("broken")
    assert {path.name for path in store.folder.iterdir()} == {"job.json", "lock"}
    store.close()


def test_two_processes_do_not_work_on_one_target(tmp_path):
    target = tmp_path / "film.mp4"
    store = Store(target, KEY)
    with pytest.raises(AccessError, match="another process"):
        Store(target, KEY)
    store.close()
    Store(target, KEY).close()


def test_nothing_is_left_when_it_is_removed(tmp_path):
    store = written(tmp_path / "film.mp4")
    store.remove()
    assert list(tmp_path.iterdir()) == []

"""Stages of a pipeline end together, whatever ends them."""

import threading
import time

import pytest

from scotopic.video.stages import Ahead, Behind


def threads_before():
    return threading.active_count()


def test_items_come_in_order_and_all_of_them():
    ahead = Ahead(range(100), 3)
    assert list(ahead) == list(range(100))
    ahead.close()


def test_a_stage_is_only_so_many_items_ahead():
    made = []

    def items():
        for number in range(50):
            made.append(number)
            yield number

    ahead = Ahead(items(), 3)
    iterator = iter(ahead)
    assert next(iterator) == 0
    deadline = time.monotonic() + 5
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    assert len(made) == 5  # one taken, three waiting, one in hand
    ahead.close()


def test_an_error_of_a_stage_is_raised_where_its_items_are_taken():
    def items():
        yield 1
        raise ValueError("broken")

    ahead = Ahead(items(), 3)
    taken = []
    with pytest.raises(ValueError, match="broken"):
        taken.extend(ahead)
    assert taken == [1]
    ahead.close()


def test_a_stage_that_is_closed_leaves_no_thread():
    before = threads_before()
    endless = Ahead(iter(lambda: 1, 2), 3)
    waiting = Behind(lambda item: None, 3)
    assert threads_before() == before + 2
    endless.close()
    waiting.close()
    assert threads_before() == before


def test_what_is_given_is_done_in_order_before_the_end():
    done = []
    behind = Behind(done.append, 2)
    for number in range(50):
        behind.put(number)
    behind.finish()
    assert done == list(range(50))


def test_an_error_behind_is_raised_where_items_are_given():
    def work(item):
        raise ValueError("broken")

    behind = Behind(work, 1)
    with pytest.raises(ValueError, match="broken"):
        for number in range(50):
            behind.put(number)
    behind.close()


def test_an_error_of_the_last_item_is_raised_at_the_end():
    def work(item):
        raise ValueError("broken")

    behind = Behind(work, 5)
    behind.put(1)
    with pytest.raises(ValueError, match="broken"):
        behind.finish()

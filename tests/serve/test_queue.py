"""The queue: bounded, in order, and free again whatever happens."""

import asyncio
import threading
import time

import pytest

from scotopic.serve import failures
from scotopic.serve.failures import Failure
from scotopic.serve.queue import Queue, Ticket


class Work:
    """Work that goes on until it is let go, and reports as pictures do."""

    def __init__(self, ticket):
        self.ticket, self.begun, self.go = ticket, threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        while not self.go.wait(0.01):
            self.ticket.told(0.5)
        return "made"


async def until(is_so):
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to be")


def begin(queue, ticket):
    work = Work(ticket)
    return work, asyncio.ensure_future(queue.run(ticket, work))


def in_a_loop(test):
    def run():
        asyncio.run(asyncio.wait_for(test(), 20))

    run.__name__ = test.__name__
    return run


@in_a_loop
async def test_as_many_as_workers_run_and_the_rest_waits_in_order():
    queue, tickets = Queue(2, 5), [Ticket() for _ in range(4)]
    begun = [begin(queue, ticket) for ticket in tickets]
    await until(lambda: queue.running == 2)
    assert [each.state for each in tickets] == ["running", "running", "waiting", "waiting"]
    for name, ticket in zip("abcd", tickets, strict=True):
        queue.name(name, ticket)
    assert queue.told_of("d") == {"state": "waiting", "place": 1, "share": 0.0}
    begun[0][0].go.set()
    assert await begun[0][1] == "made"
    await until(lambda: tickets[2].state == "running")
    assert queue.told_of("d")["place"] == 0
    assert queue.told_of("a") == {"state": "done", "place": None, "share": 1.0}
    for work, _ in begun:
        work.go.set()
    assert await asyncio.gather(*(task for _, task in begun)) == ["made"] * 4
    assert (queue.running, queue.waiting) == (0, 0)


@in_a_loop
async def test_what_has_no_place_is_refused_with_the_time_to_wait():
    queue = Queue(1, 1)
    begun = [begin(queue, Ticket()) for _ in range(2)]
    await until(lambda: queue.running == 1 and queue.waiting == 1)
    with pytest.raises(Failure) as refused:
        await queue.run(Ticket(), lambda: None)
    with pytest.raises(Failure):
        queue.refuse_if_full()
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    for work, _ in begun:
        work.go.set()
    await asyncio.gather(*(task for _, task in begun))
    assert await queue.run(Ticket(), lambda: "made") == "made"


@in_a_loop
async def test_a_preview_goes_before_pictures_and_after_earlier_previews():
    queue, order = Queue(1, 9), []
    work, first = begin(queue, Ticket())
    tasks = [
        asyncio.ensure_future(queue.run(Ticket(is_quick), lambda name=name: order.append(name)))
        for name, is_quick in (("a", False), ("b", False), ("c", True), ("d", True))
    ]
    await until(lambda: queue.waiting == 4)
    work.go.set()
    await asyncio.gather(first, *tasks)
    assert order == ["c", "d", "a", "b"]


@in_a_loop
async def test_one_that_is_cancelled_leaves_the_queue_at_once_and_is_never_begun():
    queue = Queue(1, 1)
    work, first = begin(queue, Ticket())
    ticket = Ticket()
    waiting, second = begin(queue, ticket)
    await until(lambda: queue.waiting == 1)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert (queue.waiting, ticket.state, ticket.has_begun) == (0, "failed", False)
    work.go.set()
    await first
    assert not waiting.begun.is_set()


@in_a_loop
async def test_one_that_runs_stops_at_its_next_report_and_holds_its_place_until_then():
    queue, ticket = Queue(1, 1), Ticket()
    work, task = begin(queue, ticket)
    await until(work.begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert queue.running == 1
    await until(lambda: queue.running == 0)
    assert ticket.state == "failed" and not work.go.is_set()


@in_a_loop
async def test_one_whose_turn_came_while_it_was_cancelled_gives_it_on():
    queue = Queue(1, 5)
    work, first = begin(queue, Ticket())
    _, second = begin(queue, Ticket())
    third = asyncio.ensure_future(queue.run(Ticket(), lambda: "made"))
    await until(lambda: queue.waiting == 2)
    queue._end(next(iter(queue._running)), 1.0)  # in the same round of the loop as
    second.cancel()
    assert await third == "made"
    work.go.set()
    await first


@in_a_loop
async def test_an_error_of_the_work_is_raised_and_frees_the_place():
    queue, ticket = Queue(1, 0), Ticket()

    def fails():
        raise KeyError("a fault")

    with pytest.raises(KeyError):
        await queue.run(ticket, fails)
    assert (queue.running, ticket.state) == (0, "failed")


@in_a_loop
async def test_at_the_end_what_runs_is_finished_and_what_waits_is_told():
    queue = Queue(1, 5)
    work, first = begin(queue, Ticket())
    _, second = begin(queue, Ticket())
    await until(lambda: queue.waiting == 1 and work.begun.is_set())
    closing = asyncio.ensure_future(queue.close(10))
    with pytest.raises(Failure) as told:
        await second
    assert (told.value.status, told.value.code) == (503, "closing")
    with pytest.raises(Failure):
        await queue.run(Ticket(), lambda: None)
    work.go.set()
    assert await first == "made"
    await closing


@in_a_loop
async def test_at_the_end_what_takes_too_long_is_given_up():
    queue = Queue(1, 5)
    work, first = begin(queue, Ticket())
    await until(work.begun.is_set)
    await queue.close(0.05)
    with pytest.raises(Failure) as told:
        await first
    assert told.value.code == "closing"


@in_a_loop
async def test_the_first_reason_to_stop_is_the_one_that_is_told():
    queue, ticket = Queue(1, 0), Ticket()
    work, task = begin(queue, ticket)
    await until(work.begun.is_set)
    ticket.stop(failures.took_too_long())
    ticket.stop(failures.gone())
    with pytest.raises(Failure) as told:
        await task
    assert told.value.code == "took_too_long"


@in_a_loop
async def test_jobs_are_forgotten_after_a_minute():
    queue, ticket = Queue(1, 0), Ticket()
    queue.name("job", ticket)
    await queue.run(ticket, lambda: None)
    ticket.ended = time.monotonic() - 59
    assert queue.told_of("job") is not None
    ticket.ended = time.monotonic() - 61
    assert queue.told_of("job") is None


@in_a_loop
async def test_no_more_than_a_thousand_jobs_are_remembered():
    queue = Queue(1, 0)
    for number in range(1005):
        queue.name(str(number), Ticket())
    assert queue.told_of("4") is None and queue.told_of("1004") is not None
    assert len(queue._jobs) == 1000

"""The queue: a few pictures at once, a bounded number that wait, and the rest refused.

All methods but `Ticket.told` belong to the thread of the event loop.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from scotopic.serve import failures
from scotopic.serve.failures import Failure, Stopped

State = Literal["waiting", "running", "done", "failed"]
Result = TypeVar("Result")
_REMEMBERED = 60.0
"""Seconds for which a job that has ended can be asked after."""
_MOST_REMEMBERED = 1000
_USUAL_SECONDS = 5.0
"""What a picture is reckoned to take before any was made."""


class Ticket:
    """A picture's place in the queue.

    Parameters
    ----------
    is_quick : bool
        Whether it goes before those that are not: a preview.
    """

    def __init__(self, is_quick: bool = False) -> None:
        self.is_quick = is_quick
        self.state: State = "waiting"
        self.has_begun = False
        self.share = 0.0
        self.ended: float | None = None
        self._stopped: Failure | None = None

    def told(self, share: float) -> None:
        """Take the share of the work that is done, 0 to 1; from the thread that works.

        Raises
        ------
        Stopped
            When the work is to be given up.
        """
        self.share = share
        if self._stopped is not None:
            raise Stopped(self._stopped)

    def stop(self, reason: Failure) -> None:
        """Have the work given up; the first reason counts."""
        self._stopped = self._stopped or reason

    @property
    def stopped(self) -> Failure | None:
        """Why the work is to be given up, if it is."""
        return self._stopped


class Queue:
    """Work in a bounded number of threads, with a bounded number of tickets that wait.

    Parameters
    ----------
    workers : int
        Pictures worked on at once.
    length : int
        Tickets that may wait beside those.
    """

    def __init__(self, workers: int, length: int) -> None:
        self._workers, self._length = workers, length
        self._waiting: list[tuple[Ticket, asyncio.Future[None]]] = []
        self._running: set[Ticket] = set()
        self._jobs: dict[str, Ticket] = {}
        self._seconds = _USUAL_SECONDS
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many are worked on."""
        return len(self._running)

    def refuse_if_full(self) -> None:
        """Refuse a picture before it is sent, if there is no place for it now.

        Raises
        ------
        Failure
            429, or 503 when the server is stopping.
        """
        if self._is_closed:
            raise failures.closing()
        if len(self._running) >= self._workers and len(self._waiting) >= self._length:
            rounds = -(-(len(self._waiting) + 1) // self._workers)
            raise failures.busy(max(1, min(60, round(rounds * self._seconds))))

    async def run(self, ticket: Ticket, work: Callable[[], Result]) -> Result:
        """Wait for a turn, and work in a thread.

        A task that is cancelled gives its place back at once, and its work up as soon as
        that reports a share.

        Raises
        ------
        Failure
            When there is no place, or the ticket was stopped.
        Exception
            Of the work.
        """
        self.refuse_if_full()
        loop = asyncio.get_running_loop()
        if len(self._running) >= self._workers or self._waiting:
            await self._turn(ticket)
        else:
            self._begin(ticket)
        outcome: asyncio.Future[Result] = loop.create_future()
        began = time.monotonic()

        def ended(result: Result | None, error: BaseException | None) -> None:
            self._end(ticket, time.monotonic() - began if error is None else None)
            if outcome.cancelled():
                return
            if error is None:
                outcome.set_result(result)  # type: ignore[arg-type]
            else:
                outcome.set_exception(error)

        ticket.has_begun = True
        threading.Thread(target=_run, args=(loop, ticket, work, ended), daemon=True).start()
        try:
            return await outcome
        except Stopped as stopped:
            raise stopped.failure from None
        except asyncio.CancelledError:
            ticket.stop(failures.gone())
            raise

    async def _turn(self, ticket: Ticket) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (ticket, turn)
        place = len(self._waiting)
        if ticket.is_quick:
            place = next(
                (n for n, (other, _) in enumerate(self._waiting) if not other.is_quick), place
            )
        self._waiting.insert(place, entry)
        try:
            await turn
        except BaseException:
            ticket.state, ticket.ended = "failed", time.monotonic()
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif ticket in self._running:  # its turn had come, and nobody is there to use it
                self._end(ticket, None)
            raise

    def _begin(self, ticket: Ticket) -> None:
        self._running.add(ticket)
        ticket.state = "running"
        self._idle.clear()

    def _end(self, ticket: Ticket, seconds: float | None) -> None:
        self._running.discard(ticket)
        ticket.state = "failed" if seconds is None else "done"
        ticket.ended = time.monotonic()
        if seconds is not None:
            self._seconds += 0.2 * (seconds - self._seconds)
        while self._waiting and len(self._running) < self._workers:
            following, turn = self._waiting.pop(0)
            if not turn.done():
                self._begin(following)
                turn.set_result(None)
        if not self._running:
            self._idle.set()

    def name(self, job: str, ticket: Ticket) -> None:
        """Let a ticket be asked after under a name that its client has made up."""
        now = time.monotonic()
        for name, other in list(self._jobs.items()):
            if other.ended is not None and now - other.ended > _REMEMBERED:
                del self._jobs[name]
        while len(self._jobs) >= _MOST_REMEMBERED:
            del self._jobs[next(iter(self._jobs))]
        self._jobs[job] = ticket

    def told_of(self, job: str) -> dict[str, object] | None:
        """State, place among those that wait (0 for the next), and share of a named job."""
        ticket = self._jobs.get(job)
        if ticket is None:
            return None
        if ticket.ended is not None and time.monotonic() - ticket.ended > _REMEMBERED:
            del self._jobs[job]
            return None
        places = [place for place, (other, _) in enumerate(self._waiting) if other is ticket]
        share = 1.0 if ticket.state == "done" else round(ticket.share, 4)
        return {"state": ticket.state, "place": places[0] if places else None, "share": share}

    async def close(self, patience: float) -> None:
        """Refuse what waits, and wait for what is worked on; after a time have it given up."""
        self._is_closed = True
        for ticket, turn in list(self._waiting):
            ticket.stop(failures.closing())
            if not turn.done():
                turn.set_exception(failures.closing())
        self._waiting.clear()
        for seconds in (patience, 5.0):
            try:
                await asyncio.wait_for(self._idle.wait(), seconds)
                return
            except asyncio.TimeoutError:
                for ticket in self._running:
                    ticket.stop(failures.closing())

    def hurry(self) -> None:
        """Have what is worked on given up now."""
        for ticket in self._running:
            ticket.stop(failures.closing())


def _run(
    loop: asyncio.AbstractEventLoop,
    ticket: Ticket,
    work: Callable[[], Result],
    ended: Callable[[Result | None, BaseException | None], None],
) -> None:
    """Work, and tell the event loop of the end."""
    result: Result | None = None
    error: BaseException | None = None
    try:
        if ticket.stopped is not None:
            raise Stopped(ticket.stopped)
        result = work()
    except BaseException as caught:
        error = caught
    try:
        loop.call_soon_threadsafe(functools.partial(ended, result, error))
    except RuntimeError:  # the loop has been closed: nobody waits
        return

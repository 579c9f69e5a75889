"""HTTP for clients that may be slow, silent or hostile: limits of time where uvicorn has none."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from scotopic.serve import failures
from scotopic.serve.failures import Failure
from scotopic.serve.guard import HEADERS
from scotopic.serve.options import Patience

MOST_CONNECTIONS = 256


class PatientProtocol(H11Protocol):
    """A connection that is closed when its client lets the server wait too long.

    `patience` is set on a subclass, since uvicorn makes the connections.
    """

    patience = Patience()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, unless there are too many."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # so that whatever is not taken at once is noticed
        self._coming: asyncio.TimerHandle | None = None
        self._going: asyncio.TimerHandle | None = None
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._expect_nothing()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; the headers of a request must be complete in time."""
        if self._is_idle() and self._coming is None:
            self._expect_headers()
        super().data_received(data)
        if not self._is_idle():
            self._expect_nothing()

    def on_response_complete(self) -> None:
        """Go on to the next request, which may have begun to arrive."""
        super().on_response_complete()
        if self._is_idle() and self.conn.trailing_data[0]:
            self._expect_headers()

    def pause_writing(self) -> None:
        """Give a client time to take what it has asked for."""
        super().pause_writing()
        self._going = self.loop.call_later(self.patience.piece, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on when it has."""
        self._taken()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(Failure(400, "no_http", "this is no request of HTTP/1.1"))

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_headers(self) -> None:
        self._coming = self.loop.call_later(self.patience.headers, self._too_slow)

    def _expect_nothing(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _taken(self) -> None:
        if self._going is not None:
            self._going.cancel()
            self._going = None

    def _too_slow(self) -> None:
        self._coming = None
        if self._is_idle() and not self.transport.is_closing():
            self._refuse(failures.too_slow("the headers of the request"))

    def _refuse(self, failure: Failure) -> None:
        """Answer outside of any request, and close the connection."""
        body = json.dumps(failure.as_dict()).encode()
        told = {**HEADERS, "Content-Type": "application/json", "Connection": "close"}
        headers: Any = [*told.items(), ("Content-Length", str(len(body)))]
        try:
            head = h11.Response(status_code=failure.status, headers=headers)
            pieces = [head, h11.Data(data=body), h11.EndOfMessage()]
            for piece in pieces:
                self.transport.write(self.conn.send(piece) or b"")
        except h11.LocalProtocolError:  # in the middle of an answer, nothing can be added
            self.transport.abort()
            return
        self.transport.close()


def patient(patience: Patience) -> type[PatientProtocol]:
    """The protocol with limits of time."""
    return type("Protocol", (PatientProtocol,), {"patience": patience})

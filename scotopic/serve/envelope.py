"""What stands around every request: the guard, failures as answers, headers, limits, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response

from scotopic.serve import answers
from scotopic.serve.failures import GONE, Failure
from scotopic.serve.form import Body
from scotopic.serve.guard import HEADERS, Guard
from scotopic.serve.metrics import Metrics
from scotopic.serve.options import Patience

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
_PIECE = 2**18
"""Bytes of an answer that are handed over at a time, so that a slow client holds no more."""
_LINGER = Patience(piece=1.0, body=3.0)
"""How long an answer waits for a client that still sends what will not be read."""
_MOST_LINGERED = 2**26


class Envelope:
    """An application in which every request is checked and every answer is complete.

    Parameters
    ----------
    app : callable
        The routes.
    guard : Guard
    metrics : Metrics
    tell : callable
        Takes a line for whoever runs the server.
    """

    def __init__(
        self, app: App, guard: Guard, metrics: Metrics, tell: Callable[[str], None]
    ) -> None:
        self._app, self._guard, self._metrics, self._tell = app, guard, metrics, tell

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request of ASGI."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        exchange = _Exchange(scope, receive, send, self._metrics)
        scope["app"] = self  # has the routes raise what they do not find, for us to answer
        try:
            await self._answered(scope, exchange)
        finally:
            route = scope.get("scotopic.route", "other")
            self._metrics.count(route, exchange.status, time.monotonic() - began)

    async def _answered(self, scope: MutableMapping[str, Any], exchange: _Exchange) -> None:
        try:
            session = self._checked(scope)
            if session is not None:
                await Response(b"", 303, session)(scope, exchange.receive, exchange.send)
                return
            await self._app(scope, exchange.receive, exchange.send)
            return
        except Failure as caught:
            failure = caught
        except HTTPException as caught:
            failure = _of_route(caught)
        except Exception as caught:
            self._tell(f"a request failed by {type(caught).__name__}: {caught}")
            failure = Failure(500, "internal", "the server failed at this request")
        if failure.status == GONE or exchange.has_begun:
            return
        await answers.of_failure(failure)(scope, exchange.receive, exchange.send)

    def _checked(self, scope: MutableMapping[str, Any]) -> dict[str, str] | None:
        """Let a request pass, or a browser in by the headers of its answer."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        self._guard.check_site(method, headers)
        query = scope.get("query_string", b"").decode("latin-1")
        session = self._guard.session_for(method, path, query)
        if session is None:
            self._guard.check_token(path, headers)
        return session


def _of_route(error: HTTPException) -> Failure:
    headers = dict(error.headers or {})
    if error.status_code == 405:
        return Failure(405, "wrong_method", "this address takes another method", None, headers)
    return Failure(error.status_code, "not_found", "there is nothing at this address", None)


class _Exchange:
    """The receive and send of one request, with what is known of both."""

    def __init__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, metrics: Metrics
    ) -> None:
        headers = Headers(scope=scope)
        self._receive, self._send, self._metrics = receive, send, metrics
        self._is_unread = (
            headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        )
        self._is_asked_first = headers.get("expect", "").lower() == "100-continue"
        self.status, self.has_begun = GONE, False

    async def receive(self) -> Message:
        """The next message of the client."""
        message = await self._receive()
        self._is_asked_first = False
        if message["type"] == "http.request":
            self._metrics.received += len(message.get("body", b""))
            self._is_unread = self._is_unread and bool(message.get("more_body"))
        return message

    async def send(self, message: Message) -> None:
        """Send the head of an answer with all its headers, or its body by pieces."""
        if message["type"] == "http.response.start":
            self.status, self.has_begun = message["status"], True
            headers = MutableHeaders(raw=message["headers"])
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
            headers["Date"] = formatdate(usegmt=True)
            if self._is_unread:
                headers["Connection"] = "close"
            message["headers"] = headers.raw
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        self._metrics.sent += len(body)
        for start in range(0, len(body), _PIECE):
            piece = body[start : start + _PIECE]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if not more:
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        """Let a client that still sends read its answer, before the connection is cut.

        One that closes with data unread would be answered by a reset, which can
        overtake the answer. Who asked before sending will not send.
        """
        if not self._is_unread or self._is_asked_first:
            return
        never = asyncio.get_running_loop().create_future()
        body = Body(self._receive, _MOST_LINGERED, _LINGER, never)
        with contextlib.suppress(Failure):
            while await body.next() is not None:
                pass
        never.cancel()

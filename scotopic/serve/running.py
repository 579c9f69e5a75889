"""The server in a process of its own: a socket, signals, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from scotopic.errors import AccessError, ScotopicError
from scotopic.serve.app import Service
from scotopic.serve.options import Options
from scotopic.serve.protocol import patient

Tell = Callable[[str], None]
_BACKLOG = 128
_ENDED_ANYWAY = 10
"""Seconds that connections have to close, after what was worked on."""


def run(options: Options, say: Tell, tell: Tell, open_browser: bool = False) -> None:
    """Serve until a signal ends it.

    Parameters
    ----------
    options : Options
    say : callable
        Takes the address, when the server listens.
    tell : callable
        Takes lines on what goes wrong.
    open_browser : bool

    Raises
    ------
    AccessError
        When the address cannot be listened on.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # libraries are not to print warnings
    listening = _socket(options)
    with contextlib.closing(listening):
        port = listening.getsockname()[1]
        address = _address(options, port)

        def started(service: Service) -> None:
            say(address)
            threading.Thread(target=_load, args=(service, options, tell), daemon=True).start()
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        is_idle = asyncio.run(_serve(options, listening, started, tell))
    if not is_idle:  # a thread is in a decoder, which nothing interrupts
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


async def _serve(
    options: Options, listening: socket.socket, started: Callable[[Service], None], tell: Tell
) -> bool:
    service = Service(options, listening.getsockname()[1], tell)
    closing = options.patience.closing + _ENDED_ANYWAY
    config = uvicorn.Config(
        service.app,
        loop="asyncio",
        http=patient(options.patience),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=int(closing),
    )
    await _Server(config, service, started).serve([listening])
    return not service.queue.running


class _Server(uvicorn.Server):
    """Uvicorn's server, without its ten looks a second at whether it is to end."""

    def __init__(
        self, config: uvicorn.Config, service: Service, started: Callable[[Service], None]
    ) -> None:
        super().__init__(config)
        self._service, self._told = service, started
        self._end = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._told(self._service)

    async def main_loop(self) -> None:
        """Wait for the end."""
        await self._end.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end at the first signal; at the second, give up what is worked on."""
        self._loop.call_soon_threadsafe(self._end_or_hurry)

    def _end_or_hurry(self) -> None:
        if self._end.is_set():
            self._service.queue.hurry()
        self.should_exit = True
        self._end.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and answer those that there are."""
        for server in self.servers:
            server.close()
        await self._service.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as the ordinary end; uvicorn would raise them again."""
        wanted = [signal.SIGINT, signal.SIGTERM]
        before: dict[int, Any] = {each: signal.signal(each, self.handle_exit) for each in wanted}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _socket(options: Options) -> socket.socket:
    """A socket that is bound to the address."""
    host = "127.0.0.1" if options.host == "localhost" else options.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, options.port))
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise AccessError(
            f"cannot listen on {options.host}, port {options.port or 'any'}: {reason}"
        ) from error
    return bound


def _address(options: Options, port: int) -> str:
    """The address of the page, as a browser takes it."""
    host = options.host
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    host = f"[{host}]" if ":" in host else host
    token = "" if options.token is None else f"?token={options.token}"
    return f"http://{host}:{port}/{token}"


def _load(service: Service, options: Options, tell: Tell) -> None:
    """Load the usual network, so that the first picture does not wait for it."""
    try:
        service.enhancers.get(options.model)
    except ScotopicError as error:
        tell(str(error))

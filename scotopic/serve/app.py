"""The routes of the server, each with its answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from importlib import resources
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from scotopic.networks.registry import presets, registry
from scotopic.serve import answers, failures, metrics, pages
from scotopic.serve.envelope import Envelope
from scotopic.serve.failures import Failure
from scotopic.serve.fields import Asked, asked_of
from scotopic.serve.form import Body, Form, read_form
from scotopic.serve.guard import Guard
from scotopic.serve.metrics import Metrics
from scotopic.serve.networks import Enhancers
from scotopic.serve.options import Options
from scotopic.serve.queue import Queue, Ticket
from scotopic.serve.work import Worker
from scotopic.version import __version__

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]
Work = Callable[[Form, Asked, Callable[[float], None]], Result]
_UPLOADS = 4
"""Bodies that may arrive at once, beside as many as there are places in the queue."""


class Service:
    """The server without its network: routes, queue, and what is loaded.

    It belongs to the event loop within which it is made.

    Parameters
    ----------
    options : Options
    port : int
        That the server listens on.
    tell : callable
        Takes a line for whoever runs the server.
    """

    def __init__(self, options: Options, port: int, tell: Callable[[str], None]) -> None:
        self._options = options
        self.queue = Queue(options.workers, options.queue)
        self.enhancers = Enhancers(options)
        self._worker = Worker(self.enhancers, options.kept_bytes)
        self._metrics = Metrics()
        self._uploads, self._most_uploads = 0, options.workers + options.queue + _UPLOADS
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pages = pages.files()
        self._description = _read("openapi.json")
        routes = Router(self._routes(), redirect_slashes=False)
        self.app = Envelope(routes, Guard(options, port), self._metrics, tell)

    async def close(self) -> None:
        """Answer whoever waits or sends that the server is stopping; let pictures be finished."""
        if not self._closing.done():
            self._closing.set_result(None)
        await self.queue.close(self._options.patience.closing)

    def _routes(self) -> list[Route]:
        gets: dict[str, Endpoint] = {
            "/healthz": self._health,
            "/metrics": self._numbers,
            "/v1/openapi.json": self._api,
            "/v1/models": self._models,
            "/v1/jobs/{job}": self._job,
        }
        posts: dict[str, Endpoint] = {"/v1/enhance": self._enhance, "/v1/preview": self._preview}
        routes = [Route(path, _named(path, do), methods=["POST"]) for path, do in posts.items()]
        routes += [Route(path, _named(path, do), methods=["GET"]) for path, do in gets.items()]
        page = _named("page", self._page)
        return [*routes, *(Route(path, page, methods=["GET"]) for path in self._pages)]

    async def _health(self, request: Request) -> Response:
        return answers.as_json(
            {"status": "ok", "ready": self.enhancers.are_ready, "version": __version__}
        )

    async def _numbers(self, request: Request) -> Response:
        gauges = {
            "queue_waiting": ("Pictures that wait.", float(self.queue.waiting)),
            "running": ("Pictures that are worked on.", float(self.queue.running)),
            "uploads": ("Bodies that are arriving.", float(self._uploads)),
        }
        return Response(self._metrics.text(gauges), 200, None, metrics.KIND)

    async def _api(self, request: Request) -> Response:
        return Response(self._description, 200, None, "application/json")

    async def _models(self, request: Request) -> Response:
        return answers.as_json({"models": _described(self._options.model_name)})

    async def _job(self, request: Request) -> Response:
        told = self.queue.told_of(request.path_params["job"])
        if told is None:
            raise Failure(404, "not_found", "there is no job of this name")
        return answers.as_json(told)

    async def _page(self, request: Request) -> Response:
        file = self._pages[request.url.path]
        headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
        if file.tag in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        return Response(file.data, 200, headers | {"Content-Type": file.kind})

    async def _enhance(self, request: Request) -> Response:
        made = await self._picture(request, self._worker.enhance, is_preview=False)
        if answers.FORM in request.headers.get("accept", ""):
            return answers.of_parts({"file": made}, made.report)
        return answers.of_file(made)

    async def _preview(self, request: Request) -> Response:
        before, after, report = await self._picture(request, self._worker.preview, is_preview=True)
        return answers.of_parts({"before": before, "after": after}, report)

    async def _picture(self, request: Request, work: Work[Result], is_preview: bool) -> Result:
        """Receive a picture, wait for a turn, and do something to it."""
        self.queue.refuse_if_full()
        end = asyncio.get_running_loop().time() + self._options.patience.request
        form = await self._received(request)
        ticket = Ticket(is_quick=is_preview)
        try:
            asked = asked_of(form.fields, self._options, is_preview)
            if asked.job is not None:
                self.queue.name(asked.job, ticket)
            task = partial(_done, work, form, asked, ticket)
            return await self._worked(request, ticket, task, end)
        finally:
            if not ticket.has_begun:  # otherwise the thread that works closes it
                form.close()

    async def _received(self, request: Request) -> Form:
        most, announced = self._options.max_bytes, request.headers.get("content-length", "0")
        if int(announced) > most:
            raise failures.too_many_bytes(most)
        body = Body(request.receive, most, self._options.patience, self._closing)
        with self._upload():
            return await read_form(request.headers.get("content-type", ""), body)

    @contextlib.contextmanager
    def _upload(self) -> Iterator[None]:
        if self._uploads >= self._most_uploads:
            raise failures.busy(5)
        self._uploads += 1
        try:
            yield
        finally:
            self._uploads -= 1

    async def _worked(
        self, request: Request, ticket: Ticket, task: Callable[[], Result], end: float
    ) -> Result:
        """Do work in its turn, unless the client goes away or the time is over."""
        work = asyncio.ensure_future(self.queue.run(ticket, task))
        gone = asyncio.ensure_future(_is_gone(request))
        try:
            left = max(0.0, end - asyncio.get_running_loop().time())
            await asyncio.wait({work, gone}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            reason = failures.gone() if gone.done() else failures.took_too_long()
            ticket.stop(reason)
            raise reason
        finally:
            for each in (work, gone):
                each.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)


def _done(work: Work[Result], form: Form, asked: Asked, ticket: Ticket) -> Result:
    """In a worker's thread: do it, and remove the file."""
    with contextlib.closing(form):
        return work(form, asked, ticket.told)


def _described(usual: str) -> list[dict[str, Any]]:
    """The networks that a client may ask for, without loading them."""
    costs, known = presets(), registry()
    described: list[dict[str, Any]] = [
        {
            "name": name,
            "description": entry["description"],
            "is_default": name == usual,
            "multiply_adds": costs[entry["preset"]]["multiply_adds"],
        }
        for name, entry in known.items()
    ]
    if usual not in known:
        told = "The network that the server was started with."
        own = {"name": usual, "description": told, "is_default": True, "multiply_adds": None}
        described.insert(0, own)
    return described


async def _is_gone(request: Request) -> None:
    """Return when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _named(route: str, do: Endpoint) -> Endpoint:
    """An endpoint that tells under which name it is counted."""

    async def endpoint(request: Request) -> Response:
        request.scope["scotopic.route"] = route
        return await do(request)

    return endpoint


def _read(name: str) -> bytes:
    return (resources.files("scotopic.serve") / name).read_bytes()

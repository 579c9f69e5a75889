"""A small server for the page's tests: the page's files, and the API by scotopic itself."""

import io
import json
import threading
from functools import cache
from urllib.parse import quote

import numpy as np
import uvicorn
from PIL import Image
from places import ROOT
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError, UnreadableError
from scotopic.jobs.one import enhance_bytes
from scotopic.jobs.settings import Encoding, Settings
from scotopic.photo import formats, reading
from scotopic.photo.limits import MAX_MEGAPIXELS, Limits
from scotopic.pixels.thumbnail import reduced
from scotopic.serve.guard import HEADERS
from scotopic.wish import Wish

PAGE = ROOT / "scotopic" / "serve" / "page"
BOUNDARY = "----scotopic-stub"


@cache
def enhancer():
    """The network for previews makes all results: tests compare bytes, not beauty."""
    return Enhancer("fast", threads=1)


class Stub:
    """A server on a free port; `answers` may hold responses to give before any other."""

    def __init__(self):
        self.requests, self.answers, self.delay = [], {}, 0.0
        self.shares = {}
        routes = [
            Route("/v1/preview", self._preview, methods=["POST"]),
            Route("/v1/enhance", self._enhance, methods=["POST"]),
            Route("/v1/jobs/{job}", self._job),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        app = guarded(Starlette(routes=routes))
        config = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            threading.Event().wait(0.01)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()

    @property
    def url(self):
        """With the port that was free."""
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/"

    async def _preview(self, request):
        return await self._answer("preview", request, self._preview_of)

    async def _enhance(self, request):
        return await self._answer("enhance", request, self._enhanced)

    async def _job(self, request):
        share = self.shares.get(request.path_params["job"])
        return JSONResponse(
            {"state": "running" if share is not None else "waiting", "share": share}
        )

    async def _answer(self, kind, request, made):
        async with request.form() as form:
            fields = {key: value for key, value in form.items() if isinstance(value, str)}
            file = form["file"]
            data, name = await file.read(), file.filename
        self.requests.append((kind, name, fields))
        if self.answers.get(kind):
            return self.answers[kind].pop(0)
        try:
            return await run_in_threadpool(made, data, name, fields)
        except ScotopicError as error:
            status = 415 if isinstance(error, UnreadableError) else 422
            told = {"message": error.message, "remedy": None, "code": "failed"}
            return JSONResponse({"error": told}, status)

    def _preview_of(self, data, name, fields):
        picture = reading.read(data, name, Limits(MAX_MEGAPIXELS, enhancer().memory))
        height, width = picture.pixels.shape[:2]
        scale = min(1, int(fields["side"]) / max(height, width))
        small = reduced(picture.pixels, round(height * scale), round(width * scale))
        before = np.rint(255 * small).astype(np.uint8)
        after, report = enhancer().enhance_array(before, wish_of(fields))
        look = enhancer().decide(before)
        gains = look.gains
        rows, columns = gains.slope.shape
        grid = {"rows": rows, "columns": columns}
        grid["middle"] = gains.mean_log_gain(look.thumb, look.weights)
        grid |= {"slope": gains.slope.ravel().tolist(), "offset": gains.offset.ravel().tolist()}
        told = {
            "name": name,
            "format": picture.format,
            "width": width,
            "height": height,
            "bytes": len(data),
            "exif": {"camera": "Stub 1", "place": False},
            "kept": ["EXIF"] if picture.exif else [],
            "notes": list(picture.notes),
            "decision": {**report.as_dict(), "limited_by": report.automatic.limited_by},
            "gain_map": grid,
        }
        return multipart(png(before), png(after), json.dumps(told).encode())

    def _enhanced(self, data, name, fields):
        threading.Event().wait(self.delay)
        quality = int(fields["quality"]) if "quality" in fields else None
        encoding = Encoding(fields.get("format"), quality, fields["strip"] == "true")
        tell = lambda share: self.shares.__setitem__(fields["job"], share)  # noqa: E731
        made, outcome = enhance_bytes(
            enhancer(), data, Settings(wish_of(fields), encoding), name, tell
        )
        stem, dot, suffix = name.rpartition(".")
        known = formats.of_path(name)
        if known is None or known.name != outcome.format:
            dot, suffix = "", formats.FORMATS[outcome.format].suffixes[0]
        new = quote(f"{stem}_enhanced{dot}{suffix}")
        return Response(
            made, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{new}"}
        )


def guarded(app):
    """An application whose every answer has the headers of the real server."""

    async def call(scope, receive, send):
        async def tell(message):
            if message["type"] == "http.response.start":
                message["headers"] += [
                    (name.lower().encode(), value.encode()) for name, value in HEADERS.items()
                ]
            await send(message)

        await app(scope, receive, tell)

    return call


def wish_of(fields):
    """The wish that a form's fields say."""
    return Wish(**{name: float(fields[name]) for name in ("ev", "balance", "strength")})


def png(pixels):
    """Pixels as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels.repeat(3, -1) if pixels.shape[-1] == 1 else pixels).save(
        file, "PNG", compress_level=1
    )
    return file.getvalue()


def multipart(before, after, report):
    """The answer of a preview."""
    parts = [("before", "image/png", before), ("after", "image/png", after)]
    parts.append(("report", "application/json", report))
    body = b""
    for name, kind, data in parts:
        filename = "" if name == "report" else f'; filename="{name}.png"'
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n'
        body += f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + b"\r\n"
    body += f"--{BOUNDARY}--\r\n".encode()
    return Response(body, media_type=f"multipart/form-data; boundary={BOUNDARY}")

"""What hostile clients do to a server: each attack is one request, made from a seed.

`benchmarks/serving.py` makes them by the thousand. Each is told what came back: a status,
or that the connection was closed. An answer is only right when it is complete, and an
error when it is JSON of one line.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import socket
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from fuzz import Seed, damaged
from PIL import Image

BOUNDARY = "a-boundary-that-no-picture-has"
CLOSED = "closed"
_TIMEOUT = 120.0
_BOMB_SIDE, _BOMB_BYTES = 30_000, 200 * 2**20


@dataclass(frozen=True)
class Target:
    """A server, and files to damage."""

    port: int
    files: tuple[list[Seed], list[Seed]]


def form(data: bytes, name: str = "a.jpg", **fields: str) -> bytes:
    """The body of a form with a file."""
    pieces = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
    return b"".join([*pieces, head.encode(), b"\r\n\r\n", data, f"\r\n--{BOUNDARY}--\r\n".encode()])


def request(body: bytes, path: str = "/v1/enhance", length: int | None = None) -> bytes:
    """A whole request, whose length may be told wrongly."""
    told = len(body) if length is None else length
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {told}\r\n\r\n"
    )
    return head.encode() + body


def answer_to(port: int, data: bytes, timeout: float = _TIMEOUT) -> bytes:
    """What comes back for bytes, until the connection is closed."""
    pieces = []
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            while piece := sock.recv(2**16):
                pieces.append(piece)
    return b"".join(pieces)


def said(answer: bytes) -> str:
    """The status of an answer, or what is wrong with it."""
    if not answer:
        return CLOSED
    head, _, body = answer.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    status = head[:3].decode()
    lines = head.decode("latin-1").lower().split("\r\n")
    (length,) = [int(line.split(":")[1]) for line in lines if line.startswith("content-length:")]
    if len(body) != length:
        return f"{status} cut off"
    if not status.startswith("2"):
        message = json.loads(body)["error"]["message"]
        if "\n" in message or "Traceback" in message:
            return f"{status} without one clear line: {message}"
    return status


def attack(target: Target, seed: int) -> tuple[str, str]:
    """Make one attack; its kind, and what came of it."""
    kinds: list[Callable[[Target, np.random.Generator, int], bytes]] = [
        _damaged_picture,
        _damaged_picture,
        _damaged_preview,
        _bomb,
        _no_picture,
        _damaged_form,
        _wrong_length,
        _slow,
        _cut,
        _nonsense,
    ]
    kind = kinds[seed % len(kinds)]
    rng = np.random.default_rng(seed)
    return kind.__name__.strip("_"), said(kind(target, rng, seed))


def _damaged_picture(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    ending, data = damaged(target.files, seed)
    return answer_to(target.port, request(form(data, f"a{ending}")))


def _damaged_preview(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    ending, data = damaged(target.files, seed)
    body = form(data, f"a{ending}", allow_truncated="true", side="256")
    return answer_to(target.port, request(body, "/v1/preview"))


def _bomb(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    """A small file of many pixels, or one that unpacks into much."""
    return answer_to(target.port, request(form(_bombs()[seed // 10 % 2], "a.png")))


@functools.cache
def _bombs() -> tuple[bytes, bytes]:
    many, much = io.BytesIO(), io.BytesIO()
    Image.new("1", (_BOMB_SIDE, _BOMB_SIDE)).save(many, "PNG")
    Image.new("RGB", (40, 30), (9, 9, 9)).save(much, "PNG")
    chunk = b"zTXtComment\0\0" + zlib.compress(bytes(_BOMB_BYTES))
    whole = len(chunk[4:]).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return many.getvalue(), much.getvalue()[:33] + whole + much.getvalue()[33:]


def _no_picture(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    data = rng.bytes(int(rng.integers(0, 50_000)))
    start = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"GIF89a", b"%PDF-1.7"]
    return answer_to(target.port, request(form(start[seed // 10 % len(start)] + data)))


def _damaged_form(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    body = bytearray(form(b"\xff\xd8\xff" * 100, ev="1", side="x" * int(rng.integers(0, 2000))))
    for _ in range(rng.integers(1, 20)):
        body[rng.integers(len(body))] = rng.integers(256)
    del body[rng.integers(len(body)) :]
    return answer_to(target.port, request(bytes(body)))


def _wrong_length(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    """A length that is too small, or far over the limit: one that is too large is `_cut`."""
    body = form(rng.bytes(5000))
    length = int(rng.choice([0, 1, len(body) - 1, 10**10, 10**18]))
    return answer_to(target.port, request(body, length=length))


def _slow(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    """A client that stops in the middle for a while, and then goes."""
    data = request(form(rng.bytes(5000)))
    with socket.create_connection(("127.0.0.1", target.port), timeout=_TIMEOUT) as sock:
        for at in range(0, int(rng.integers(len(data))), 500):
            sock.sendall(data[at : at + 500])
            time.sleep(0.02)
    return b""


def _cut(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    """A connection that is reset while a picture is sent, waits, or is worked on."""
    whole = target.files[0][int(rng.integers(len(target.files[0])))][1]
    data = request(form(whole))
    sock = socket.create_connection(("127.0.0.1", target.port), timeout=_TIMEOUT)
    sock.sendall(data if seed % 20 < 10 else data[: int(rng.integers(len(data)))])
    time.sleep(float(rng.uniform(0, 0.1)))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    return b""


def _nonsense(target: Target, rng: np.random.Generator, seed: int) -> bytes:
    """What is no HTTP, or a path or a host that is none; ended, so that an answer must come."""
    sent = [
        rng.bytes(300) + b"\r\n\r\n",
        b"GET /"
        + b"../" * 50
        + b"etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    ]
    return answer_to(target.port, sent[seed // 10 % len(sent)])

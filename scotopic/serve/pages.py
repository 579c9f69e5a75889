"""The files of the page, read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Traversable

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""Endings of files that are served, and their types. Others are not."""
_FIRST = "index.html"


@dataclass(frozen=True)
class File:
    """A file of the page."""

    data: bytes
    kind: str
    tag: str


def files() -> dict[str, File]:
    """The files by their paths as they are asked for; the first page also as ``/``.

    What is not in here is not served, whatever a path looks like.
    """
    found = dict(_under(resources.files("scotopic.serve") / "page", "/"))
    if "/" + _FIRST in found:
        found["/"] = found["/" + _FIRST]
    return found


def _under(folder: Traversable, path: str) -> Iterator[tuple[str, File]]:
    for entry in folder.iterdir():
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            yield from _under(entry, f"{path}{entry.name}/")
            continue
        kind = KINDS.get("." + entry.name.rpartition(".")[2])
        if kind is not None:
            data = entry.read_bytes()
            tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
            yield path + entry.name, File(data, kind, tag)

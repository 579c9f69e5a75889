"""Answers: files, forms and errors as responses of HTTP."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from scotopic.serve.failures import Failure
from scotopic.serve.work import Made

REPORT = "Scotopic-Report"
"""The header with the report of a file, as JSON with every other sign than letters and digits
percent-encoded."""
FORM = "multipart/form-data"


def as_json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    body = json.dumps(content, allow_nan=False).encode()
    return Response(body, status, headers, "application/json")


def of_failure(failure: Failure) -> Response:
    """What a client is told that went wrong."""
    return as_json(failure.as_dict(), failure.status, failure.headers)


def of_file(made: Made) -> Response:
    """A file with its name, and its report in a header."""
    headers = {
        "Content-Disposition": disposition("attachment", made.name),
        REPORT: quote(json.dumps(made.report), safe=""),
    }
    return Response(made.data, 200, headers, made.media_type)


def of_parts(files: dict[str, Made], report: dict[str, Any]) -> Response:
    """A form with files, and a report in JSON as its last part."""
    parts = [(name, made.name, made.media_type, made.data) for name, made in files.items()]
    parts.append(("report", None, "application/json", json.dumps(report).encode()))  # type: ignore[arg-type]
    boundary = secrets.token_hex(16)  # of 128 bits by chance: it stands in no file
    pieces: list[bytes] = []
    for name, file_name, kind, data in parts:
        told = f'form-data; name="{name}"'
        if file_name is not None:
            told += f'; filename="{_escaped(file_name)}"'
        head = f"--{boundary}\r\nContent-Disposition: {told}\r\nContent-Type: {kind}\r\n\r\n"
        pieces += [head.encode(), data, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return Response(b"".join(pieces), 200, None, f"{FORM}; boundary={boundary}")


def disposition(kind: str, name: str) -> str:
    """The header that names a file, for old clients in ASCII and for others in UTF-8 (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _escaped(name: str) -> str:
    """A name within quotes, as browsers write it in forms (HTML, 4.10.22.7)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")

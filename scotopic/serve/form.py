"""Forms: a file and a few fields out of a body that may be anything.

The file goes to a temporary file that has no name, on disk from 1 MiB on; a body over the
limit is refused by its announced length, or where it reaches the limit.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import IO, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from scotopic.serve import failures
from scotopic.serve.failures import Failure
from scotopic.serve.options import Patience

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
FILE = "file"
_HELD = 2**20
"""Bytes of a file that are held in memory."""
_MOST_FIELDS, _MOST_VALUE, _MOST_NAME = 32, 1000, 255


@dataclass
class Form:
    """What was sent.

    Attributes
    ----------
    file : binary file
        At its start; to be closed.
    name : str
        Of the file, without folders.
    fields : dict
    size : int
        Bytes of the whole body.
    """

    file: IO[bytes]
    name: str
    fields: dict[str, str]
    size: int

    def close(self) -> None:
        """Remove the file."""
        self.file.close()


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    is_file: bool = False
    value: bytearray = field(default_factory=bytearray)


class _Builder:
    """Takes what the parser finds."""

    def __init__(self) -> None:
        self.file: IO[bytes] | None = None
        self.file_name, self.fields = "", dict[str, str]()
        self.is_whole = False
        self._part = _Part()
        self._header, self._value = b"", b""

    def callbacks(self) -> Any:
        """For the parser."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._whole,
        }

    def _begin(self) -> None:
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._part.headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _headers_end(self) -> None:
        disposition, options = parse_options_header(self._part.headers.get(b"content-disposition"))
        if disposition != b"form-data" or b"name" not in options:
            raise failures.wrong_field("a part of the form has no name")
        part = self._part
        part.name, part.is_file = _text(options[b"name"]), b"filename" in options
        if part.is_file != (part.name == FILE):
            kind = "a file" if part.is_file else "a text"
            raise failures.wrong_field(
                f"{part.name[:40]!r} was sent as {kind}", f"send the picture as the file {FILE!r}"
            )
        if part.is_file:
            if self.file is not None:
                raise failures.wrong_field("there is more than one file", "send one at a time")
            self.file = tempfile.SpooledTemporaryFile(_HELD)  # noqa: SIM115 (the form closes it)
            self.file_name = _text(options[b"filename"])
        elif part.name in self.fields:
            raise failures.wrong_field(f"the field {part.name[:40]!r} was sent twice")
        elif len(self.fields) >= _MOST_FIELDS:
            raise failures.wrong_field("there are too many fields")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file and self.file is not None:
            self.file.write(data[start:end])
            return
        self._part.value += data[start:end]
        if len(self._part.value) > _MOST_VALUE:
            raise failures.wrong_field(f"the field {self._part.name[:40]!r} is too long")

    def _end(self) -> None:
        if not self._part.is_file:
            self.fields[self._part.name] = _text(bytes(self._part.value))

    def _whole(self) -> None:
        self.is_whole = True

    def close(self) -> None:
        """Remove the file, if there is one."""
        if self.file is not None:
            self.file.close()


class Body:
    """The pieces of a body, within limits of size and time.

    Parameters
    ----------
    receive : callable
        Of ASGI.
    most : int
        Bytes.
    patience : Patience
    closing : future
        Is done when the server is to stop.
    """

    def __init__(
        self, receive: Receive, most: int, patience: Patience, closing: asyncio.Future[None]
    ) -> None:
        self._receive, self._most = receive, most
        self._patience, self._closing = patience, closing
        self._end = time.monotonic() + patience.body
        self.size, self._is_over = 0, False

    async def next(self) -> bytes | None:
        """The next piece, which may be empty; None after the last.

        Raises
        ------
        Failure
            Over a limit; when the client goes away; when the server is to stop.
        """
        if self._is_over:
            return None
        wait = min(self._patience.piece, self._end - time.monotonic())
        coming: asyncio.Future[Any] = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait(
                [coming, self._closing], timeout=max(0, wait), return_when=asyncio.FIRST_COMPLETED
            )
            if not coming.done():
                if self._closing.done():
                    raise failures.closing()
                raise failures.too_slow("the body of the request")
            message = coming.result()
        finally:
            coming.cancel()
        if message["type"] == "http.disconnect":
            raise failures.gone()
        piece: bytes = message.get("body", b"")
        self.size += len(piece)
        if self.size > self._most:
            raise failures.too_many_bytes(self._most)
        self._is_over = not message.get("more_body")
        return piece


async def read_form(content_type: str, body: Body) -> Form:
    """Read a form with a file.

    Parameters
    ----------
    content_type : str
        Of the request.
    body : Body

    Raises
    ------
    Failure
        When it is no such form, or over a limit.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise Failure(
            415, "no_form", "the request is no form", "send multipart/form-data with a file"
        )
    builder = _Builder()
    try:
        parser = MultipartParser(options.get(b"boundary", b""), builder.callbacks())
        while (piece := await body.next()) is not None:
            parser.write(piece)
        parser.finalize()
        if not builder.is_whole:
            raise failures.wrong_field("the form ends too early")
        if builder.file is None:
            raise failures.wrong_field("there is no file", f"send the picture as the file {FILE!r}")
        builder.file.seek(0)
    except BaseException as error:
        builder.close()
        if isinstance(error, FormParserError):
            raise failures.wrong_field("the form is damaged") from error
        if isinstance(error, OSError):
            raise Failure(
                503, "no_room", "there is no room for the picture", "try later"
            ) from error
        raise
    return Form(builder.file, plain_name(builder.file_name), builder.fields, body.size)


def plain_name(text: str) -> str:
    """A name of a file, without folders and what cannot be seen; ``picture`` if nothing is left."""
    name = text.replace("\\", "/").rpartition("/")[2]
    name = "".join(each for each in name if each.isprintable()).strip(" .")
    while len(name.encode()) > _MOST_NAME:
        name = name[1:]  # the end has the suffix
    return name or "picture"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")

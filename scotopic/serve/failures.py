"""What goes wrong with a request: a status, a code for programs, a sentence for people."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scotopic.errors import (
    InvalidValueError,
    MissingPackageError,
    Parameter,
    ScotopicError,
    TooLargeError,
    UnreadableError,
)
from scotopic.photo import formats

GONE = 499
"""What a request counts as whose client has gone; nobody gets this answer."""
_TELLS_OF_SERVER = re.compile(r"0x[0-9a-fA-F]{4,}|[/\\][^\s/\\]+[/\\]|[A-Za-z]:\\")
"""A place in memory or in the file system."""
_LIMIT = "whoever runs the server can raise this limit"


@dataclass(eq=False)
class Failure(Exception):  # noqa: N818 (an answer as much as an error)
    """An answer that says what went wrong.

    Attributes
    ----------
    status : int
        Of HTTP.
    code : str
        For programs; openapi.json lists them.
    message : str
        One sentence, without a place of the server.
    remedy : str or None
        What to do about it.
    headers : dict
        Further headers of the answer.
    """

    status: int
    code: str
    message: str
    remedy: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, dict[str, str | None]]:
        """The body of the answer."""
        return {"error": {"message": self.message, "remedy": self.remedy, "code": self.code}}


class Stopped(Exception):  # noqa: N818 (it is no error: work is given up since nobody wants it)
    """Raised within work that is to stop, with the reason."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def gone() -> Failure:
    """The client does not wait for the answer any more."""
    return Failure(GONE, "gone", "the client has gone")


def too_slow(what: str) -> Failure:
    """A client that sends nothing for too long, or too little."""
    return Failure(408, "too_slow", f"{what} did not arrive in time", "send the request again")


def took_too_long() -> Failure:
    """A request that is over its time."""
    message = "the picture took longer than a request may take"
    return Failure(503, "took_too_long", message, "send a smaller picture")


def closing() -> Failure:
    """The server is about to end."""
    return Failure(503, "closing", "the server is stopping", "start it again, and try again")


def busy(seconds: int) -> Failure:
    """As many pictures wait as may wait."""
    remedy = f"try again in {seconds} seconds"
    wait = {"Retry-After": str(seconds)}
    return Failure(429, "queue_full", "too many pictures are waiting already", remedy, wait)


def too_many_bytes(most: int) -> Failure:
    """A body over the limit."""
    message = f"the request is larger than {most / 2**20:.4g} MiB"
    return Failure(413, "too_many_bytes", message, _LIMIT)


def wrong_field(message: str, remedy: str | None = None) -> Failure:
    """A field of a form that is not as it should be."""
    return Failure(400, "wrong_field", message, remedy)


def of_error(error: ScotopicError, data: bytes = b"") -> Failure:
    """What a client is told of an error.

    Parameters
    ----------
    error : ScotopicError
    data : bytes, optional
        The file that was sent, to tell a damaged picture from what is none.
    """
    message, remedy = _public(error.message), _remedy(error)
    if isinstance(error, TooLargeError):
        if error.remedy is None:
            return Failure(503, "out_of_memory", message, "try again, or send a smaller picture")
        return Failure(413, "picture_too_large", message, _LIMIT)
    if isinstance(error, MissingPackageError):
        return Failure(422, "format_not_installed", message, "install it where the server runs")
    if isinstance(error, UnreadableError):
        if formats.of_content(data) is None:
            return Failure(415, "no_picture", message, remedy)
        return Failure(422, "damaged", message, remedy)
    if isinstance(error, InvalidValueError):
        return Failure(400, "wrong_field", message, remedy)
    return Failure(422, "not_enhanced", message, remedy)


def _public(message: str) -> str:
    """A message that tells nothing of the server."""
    if _TELLS_OF_SERVER.search(message):
        return "the picture cannot be read or enhanced"
    return message


def _remedy(error: ScotopicError) -> str | None:
    remedy = error.remedy
    if isinstance(remedy, Parameter):
        if remedy.name in ("allow_truncated", "format", "quality", "model"):
            value = "true" if remedy.value is True else str(remedy.value)
            return f"send the field {remedy.name} with the value {value}"
        return None
    return None if remedy is None else _public(remedy)

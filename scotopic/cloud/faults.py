"""Errors of stores, as errors of scotopic in one line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from scotopic.errors import (
    AccessError,
    MissingFileError,
    Parameter,
    ScotopicError,
    TargetExistsError,
)

_SECRETS = re.compile(r"(?<=://)[^/\s@]*@|\?[^\s'\"]*")
"""What may stand in an address and is nobody else's business: names with passwords, and queries."""


@contextlib.contextmanager
def faults(url: str, doing: str) -> Iterator[None]:
    """Turn every error of a store's library into a `ScotopicError` about a URL.

    Each library has error classes of its own, beside those of Python that it
    translates to; none of them may end a batch.

    Parameters
    ----------
    url : str
        What it is about.
    doing : str
        What was tried: ``read``, ``written`` or ``listed``.
    """
    try:
        yield
    except (ScotopicError, MemoryError):
        raise
    except FileExistsError as error:
        raise already_there(url) from error
    except FileNotFoundError as error:
        problem = "there is no such bucket" if doing == "written" else "is not there"
        raise MissingFileError(problem, path=url) from error
    except Exception as error:
        raise AccessError(f"cannot be {doing}: {_said(error)}", path=url) from error


@contextlib.contextmanager
def about(place: str) -> Iterator[None]:
    """Have errors name the place that the user gave, not what we keep in it."""
    try:
        yield
    except ScotopicError as error:
        error.path = place
        raise


def already_there(url: str) -> TargetExistsError:
    """The error for an object that may not be replaced."""
    return TargetExistsError("exists already", path=url, remedy=Parameter("overwrite"))


def _said(error: Exception) -> str:
    """What an error says, without credentials that an address may hold."""
    text = _SECRETS.sub("", getattr(error, "strerror", None) or str(error))
    return text or type(error).__name__

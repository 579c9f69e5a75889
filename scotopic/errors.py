"""The errors that scotopic raises for what a user can act on, as data.

Each has a message, and where they help the path that it is about and a remedy.
Python sees the remedy as a parameter to pass; the command line names its option
for it instead (`scotopic.commands.common`).
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass
from typing import Any

_WRITTEN = re.compile(r"pass (\w+)=(True|\d+|'[^']*')(?: to (\w+))?")


@dataclass(frozen=True)
class Parameter:
    """A remedy: a parameter to pass, by its name and value in Python.

    Attributes
    ----------
    name : str
    value : object
    owner : str, optional
        What it is passed to, if that is not the function that was called.
    """

    name: str
    value: object = True
    owner: str = ""

    def __str__(self) -> str:
        to = f" to {self.owner}" if self.owner else ""
        return f"pass {self.name}={self.value!r}{to}"

    @classmethod
    def read(cls, text: str) -> Parameter | None:
        """The one that ``str`` writes so, its value True, a number or text; None for other text."""
        found = _WRITTEN.fullmatch(text)
        return None if found is None else cls(found[1], ast.literal_eval(found[2]), found[3] or "")


class ScotopicError(Exception):
    """A failure that a user can act on. All other errors are subclasses of this one.

    Parameters
    ----------
    message : str
        What went wrong, in one line, without the path and the remedy.
    path : str or path, optional
        The file, folder or source that it is about.
    remedy : Parameter or str, optional
        What to do about it: a parameter to pass, or a sentence.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        remedy: Parameter | str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.path = None if path is None else os.fspath(path)
        self.remedy = remedy

    def __str__(self) -> str:
        return self.told(None if self.remedy is None else str(self.remedy))

    def told(self, remedy: str | None) -> str:
        """The error in one line, with the remedy in the caller's own words."""
        about = "" if self.path is None else f"{self.path}: "
        return about + self.message + ("" if remedy is None else f"; {remedy}")

    def as_dict(self) -> dict[str, str]:
        """The name of the class and the line, as plain values for JSON."""
        return {"kind": type(self).__name__, "message": str(self)}

    def about(self, path: str | os.PathLike[str]) -> ScotopicError:
        """This error, which gets a path if it has none yet."""
        if self.path is None:
            self.path = os.fspath(path)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.message, self.path, self.remedy)


def _rebuilt(
    kind: type[ScotopicError], message: str, path: str | None, remedy: Parameter | str | None
) -> ScotopicError:
    return kind(message, path=path, remedy=remedy)


class InvalidValueError(ScotopicError, ValueError):
    """A parameter that is out of its range, or does not go with another one."""


class ModelError(InvalidValueError):
    """A model, or a provider to run it on, that cannot be used."""


class UnreadableError(ScotopicError, ValueError):
    """A file that is no picture, is damaged, or is of a kind that is not supported."""


class TooLargeError(ScotopicError):
    """A picture that needs more memory, or has more pixels, than it may have."""


class MissingFileError(ScotopicError, FileNotFoundError):
    """A file or folder that is not there, or a folder without pictures."""


class TargetExistsError(ScotopicError, FileExistsError):
    """A file that would have to be replaced."""


class AccessError(ScotopicError, OSError):
    """A file or folder that cannot be read or written."""


class MissingPackageError(ScotopicError, ImportError):
    """An optional package that is needed and is not installed."""

"""What was made of what: the file by which a stopped batch goes on.

A line of JSON is appended before a picture is worked on and another when it is
done or has failed, so that whatever stops a batch, what is on disk tells:

- done, from the same input, with the same settings and network, and the result
  still as it was written: nothing to do;
- started, or done otherwise and the result still as it was written: made by
  scotopic, so it may be made anew;
- anything else that stands in a result's place is somebody's own.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from scotopic.errors import ScotopicError
from scotopic.session import sha256_of

NAME = ".scotopic.jsonl"


class Manifest:
    """The record of an output folder.

    Parameters
    ----------
    folder : Path
        Where the results go; the record is ``.scotopic.jsonl`` in it.

    Raises
    ------
    ScotopicError
        When it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._last: dict[str, dict[str, Any]] = {}
        self._outputs: dict[str, str] = {}
        self._torn = False
        try:
            lines = self.path.read_text(encoding="ascii").splitlines(keepends=True)
        except FileNotFoundError:
            lines = []
        except (OSError, ValueError) as error:
            raise ScotopicError(f"{self.path}: cannot be read: {error}") from error
        for line in lines:
            self._take(line)

    def _take(self, line: str) -> None:
        """Read one line; one that a power cut left unfinished is passed over."""
        self._torn = not line.endswith("\n")
        try:
            self._remember(json.loads(line))
        except (ValueError, KeyError, TypeError):
            return

    def _remember(self, entry: dict[str, Any]) -> None:
        self._last[entry["target"]] = entry
        if "output" in entry:
            self._outputs[entry["target"]] = entry["output"]

    def is_done(self, target: Path, made_from: dict[str, Any]) -> bool:
        """Whether a result is there, whole, and made from the very same."""
        entry = self._last.get(self._name(target), {})
        return (
            entry.get("status") == "done"
            and entry["made_from"] == json.loads(json.dumps(made_from))
            and self._is_as_written(target)
        )

    def is_own(self, target: Path) -> bool:
        """Whether what stands in a result's place was made here, and not changed since."""
        entry = self._last.get(self._name(target), {})
        return entry.get("status") == "started" or self._is_as_written(target)

    def _is_as_written(self, target: Path) -> bool:
        try:
            return sha256_of(target.read_bytes()) == self._outputs.get(self._name(target))
        except OSError:
            return False

    def note(self, target: Path, status: str, **facts: Any) -> None:
        """Append a line and see that it is with the system.

        Raises
        ------
        ScotopicError
            When it cannot be written.
        """
        entry = {"target": self._name(target), "status": status, **facts}
        entry["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="ascii") as file:
                file.write(("\n" if self._torn else "") + json.dumps(entry) + "\n")
        except OSError as error:
            raise ScotopicError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._torn = False
        self._remember(entry)

    def _name(self, target: Path) -> str:
        return str(target.relative_to(self.folder))

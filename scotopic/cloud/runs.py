"""The record of a run: what became of each picture, as lines of JSON beside the results.

Objects cannot be appended to. So a run puts its lines in place part by part, each
whole: ``.scotopic/<when it began>-<of its own>-<part>.jsonl`` under the output. The
first part says what the run is, before any work is done that could not be written. A
run that is killed loses the lines since its last part, and no results.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from datetime import datetime, timezone
from typing import Any

from scotopic.cloud import urls
from scotopic.cloud.faults import about
from scotopic.cloud.stores import open_store
from scotopic.errors import ScotopicError
from scotopic.jobs.outcome import Outcome
from scotopic.version import __version__

FOLDER = ".scotopic"
ENDING = ".jsonl"
_MOST_LINES = 5000
_MOST_SECONDS = 60.0


class RunRecord:
    """Notes what became of each picture of a run.

    It may be used by several threads at once.

    Parameters
    ----------
    output : str
        URL or path of the folder for results.
    facts : dict
        What there is to know of the run, as plain values.

    Raises
    ------
    ScotopicError
        When nothing can be written there.
    """

    def __init__(self, output: str, facts: dict[str, Any]) -> None:
        self._store, self._output = open_store(output), output
        # To the microsecond, so that names are in the order in which runs began.
        began = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
        folder = urls.key_of(output).rstrip("/")
        self._start = f"{folder}/{FOLDER}/{began}-{secrets.token_hex(4)}"
        self._lines = [json.dumps({"began": began, "version": __version__, **facts})]
        self._part = 0
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._put()

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Note an outcome, and how long it took; at intervals, put the lines in place.

        Lines that cannot be put in place now are kept for the next time.
        """
        line = json.dumps(_entry(outcome, seconds))
        with self._lock:
            self._lines.append(line)
            is_due = time.monotonic() - self._since > _MOST_SECONDS
            if is_due or len(self._lines) % _MOST_LINES == 0:
                self._since = time.monotonic()
                try:
                    self._put()
                except ScotopicError:
                    return  # `close` says so, if it lasts

    def close(self) -> None:
        """Put in place what is left.

        Raises
        ------
        ScotopicError
            When it cannot be written.
        """
        with self._lock:
            self._put()

    def _put(self) -> None:
        if not self._lines:
            return
        data = ("\n".join(self._lines) + "\n").encode()
        key = f"{self._start}-{self._part:05}{ENDING}"
        with about(self._output):
            self._store.put(key, data, "application/jsonl", replace=False)
        self._part += 1
        self._lines = []


def _entry(outcome: Outcome, seconds: float) -> dict[str, Any]:
    error = outcome.error
    return {
        "source": outcome.source,
        "target": None if outcome.target is None else str(outcome.target),
        "status": outcome.status,
        "error": None if error is None else {"kind": type(error).__name__, "reason": error.message},
        "seconds": round(seconds, 3),
        "time": round(time.time(), 3),
    }

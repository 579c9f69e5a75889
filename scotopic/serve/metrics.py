"""Numbers about the server's work, in the text format of Prometheus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

KIND = "text/plain; version=0.0.4; charset=utf-8"
_STATM = Path("/proc/self/statm")
_PAGE = 4096


class Metrics:
    """Counts of what was asked for and answered; for the thread of the event loop alone."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)
        self.received = self.sent = 0

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a request that has ended."""
        self._requests[route, status] += 1
        self._seconds[route] += seconds

    def text(self, gauges: dict[str, tuple[str, float]]) -> str:
        """All numbers.

        Parameters
        ----------
        gauges : dict
            Names to what they are and what they stand at now.
        """
        requests = [
            (f'{{route="{route}",status="{status}"}}', count)
            for (route, status), count in sorted(self._requests.items())
        ]
        counts: dict[str, int] = defaultdict(int)
        for (route, _), count in self._requests.items():
            counts[route] += count
        lines = _lines("requests_total", "counter", "Requests that have ended.", requests)
        lines += _lines("request_seconds", "summary", "Time from headers to the end.", [])
        for route, seconds in sorted(self._seconds.items()):
            lines.append(f'scotopic_request_seconds_sum{{route="{route}"}} {seconds:.6f}')
            lines.append(f'scotopic_request_seconds_count{{route="{route}"}} {counts[route]}')
        received, sent = [("", self.received)], [("", self.sent)]
        lines += _lines("received_bytes_total", "counter", "Bytes of bodies received.", received)
        lines += _lines("sent_bytes_total", "counter", "Bytes of bodies sent.", sent)
        for name, (told, value) in gauges.items():
            lines += _lines(name, "gauge", told, [("", value)])
        memory = _resident()
        if memory is not None:
            told = "Memory of the process that is in use."
            lines += _lines("resident_memory_bytes", "gauge", told, [("", memory)])
        return "\n".join(lines) + "\n"


def _lines(name: str, kind: str, told: str, values: Sequence[tuple[str, float]]) -> list[str]:
    head = [f"# HELP scotopic_{name} {told}", f"# TYPE scotopic_{name} {kind}"]
    return [*head, *(f"scotopic_{name}{labels} {value:.15g}" for labels, value in values)]


def _resident() -> int | None:
    """Bytes of memory that are in use; None where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return None

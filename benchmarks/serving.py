"""The server under load, under hostile uploads, and when it has nothing to do.

    python benchmarks/serving.py [--requests 200] [--clients 16] [--hostile 1000]
                                 [--photos DATA/photos] [--json results.json]

Load: clients that send pictures as fast as they get answers to two workers, and one more round
when the queue is empty again. Right answers are 200 and 429, and peak memory stays under
`--memory` and 300 MB.

Hostile: damaged files, decompression bombs, what is no picture, damaged forms, wrong lengths,
slow clients, cut connections and nonsense, one after the other in several threads
(`benchmarks/hostile.py`). Each is answered or closed, the process lives, and when
all is over it has grown by less than 50 MB.

Start and idle: seconds from the command to the page, and processor time over ten
seconds in which nobody asks.

Everything that is not as it should be is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fuzz import BY_ROWS, seeds
from hostile import BOUNDARY, CLOSED, Target, attack, form
from PIL import Image

SAMPLE = Path(__file__).parent.parent / "docs" / "sample_dark.png"
MEMORY, OVER, MOST_GROWTH = 2**30, 300 * 10**6, 50 * 10**6
WORKERS, QUEUE, SIZE = 2, 8, (1200, 800)
WARM = 40
REFUSED, PAUSE = 429, 1.0
"""A client that is refused asks again after so many seconds."""
HOSTILE_THREADS, IDLE_SECONDS = 4, 10


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    seconds: float

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of an answer; a body is posted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        try:
            connection.request("GET" if body is None else "POST", path, body, kind)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def number(self, name: str) -> float:
        """One of the server's own numbers."""
        text = self.ask("/metrics")[1].decode()
        found = [line for line in text.splitlines() if line.startswith(f"scotopic_{name} ")]
        return float(found[0].split()[1])

    def memory(self, what: str) -> int:
        """Bytes of memory: ``VmHWM`` for the most there was, ``VmRSS`` for what there is."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        (line,) = [line for line in lines if line.startswith(what)]
        return 1024 * int(line.split()[1])

    def processor(self) -> float:
        """Seconds of processor time that were used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_until_idle(self) -> float:
        """Seconds until nothing waits, runs or arrives."""
        began = time.monotonic()
        while any(self.number(name) for name in ("running", "queue_waiting", "uploads")):
            time.sleep(0.05)
            if time.monotonic() - began > 120:
                break
        return time.monotonic() - began


@contextmanager
def serving(*arguments: str) -> Iterator[Server]:
    """A server, and the seconds that it took until its page was there."""
    command = [sys.executable, "-m", "scotopic", "serve", "--memory", str(MEMORY), *arguments]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline()
    port = int(address.rstrip("/\n").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()
    try:
        yield Server(process, port, time.monotonic() - began)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def load(requests: int, clients: int) -> tuple[dict[str, Any], list[str]]:
    """Pictures from several clients at once; figures, and what is wrong."""
    with Image.open(SAMPLE) as sample:
        buffer = io.BytesIO()
        sample.convert("RGB").resize(SIZE).save(buffer, "JPEG", quality=90)
    body = form(buffer.getvalue())
    with serving("--workers", str(WORKERS), "--queue", str(QUEUE)) as server:

        def one(_: int) -> tuple[int, float]:
            began = time.monotonic()
            status = server.ask("/v1/enhance", body)[0]
            seconds = time.monotonic() - began
            if status == REFUSED:
                time.sleep(PAUSE)
            return status, seconds

        began = time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            results = list(pool.map(one, range(requests)))
        seconds = time.monotonic() - began
        recovered = server.wait_until_idle()
        after = [one(0)[0] for _ in range(3)]
        peak = server.memory("VmHWM")
    counts = Counter(status for status, _ in results)
    took = [each for status, each in results if status == 200]
    found = {
        "requests": requests,
        "clients": clients,
        "statuses": {str(status): count for status, count in sorted(counts.items())},
        "seconds": round(seconds, 2),
        "p50": round(float(np.quantile(took, 0.5)), 3) if took else None,
        "p95": round(float(np.quantile(took, 0.95)), 3) if took else None,
        "peak": peak,
        "bound": MEMORY + OVER,
        "seconds_until_idle": round(recovered, 2),
        "afterwards": after,
    }
    wrong = [
        f"load: {count} answers of {status}"
        for status, count in counts.items()
        if status not in (200, REFUSED)
    ]
    wrong += [] if took else ["load: no picture was enhanced"]
    wrong += [] if after == [200] * 3 else [f"load: afterwards {after}"]
    wrong += [] if peak <= MEMORY + OVER else [f"load: {peak / 1e6:.0f} MB at most, over the bound"]
    return found, wrong


def hostility(count: int, folder: Path | None) -> tuple[dict[str, Any], list[str]]:
    """Attacks; how often what came back, and what is wrong."""
    arguments = ["--max-bytes", "20M", "--max-megapixels", "13", "--queue", "16"]
    with serving(*arguments) as server:
        target = Target(server.port, seeds(folder))
        for ending, data in target.files[0]:  # what is loaded once, for a format, is no growth
            for path in ("/v1/enhance", "/v1/preview"):
                status = server.ask(path, form(data, f"a{ending}"))[0]
                assert status == 200 or ending == BY_ROWS, f"{status} for a whole {ending}"
        for seed in range(WARM):
            attack(target, count + seed)
        server.wait_until_idle()
        before = server.memory("VmRSS")
        counts: Counter[tuple[str, str]] = Counter()
        wrong: list[str] = []

        def one(seed: int) -> tuple[int, tuple[str, str]]:
            try:
                return seed, attack(target, seed)
            except Exception as error:
                return seed, ("attack", f"{type(error).__name__}: {error}")

        with ThreadPoolExecutor(HOSTILE_THREADS) as pool:
            for seed, (kind, came) in pool.map(one, range(count)):
                counts[kind, came] += 1
                if came != CLOSED and not (came.isdigit() and int(came) < 500):
                    wrong.append(f"hostile: seed {seed}, {kind}: {came}")
        idle = server.wait_until_idle()
        assert server.process.poll() is None, "the server has died"
        alive = server.ask("/v1/enhance", form(SAMPLE.read_bytes()))[0]
        time.sleep(1)
        growth, peak = server.memory("VmRSS") - before, server.memory("VmHWM")
    wrong += [] if alive == 200 else [f"hostile: afterwards {alive}"]
    wrong += [] if growth < MOST_GROWTH else [f"hostile: {growth / 1e6:.0f} MB more afterwards"]
    wrong += [] if idle < 60 else ["hostile: the queue does not become empty"]
    told = {f"{kind}: {came}": number for (kind, came), number in sorted(counts.items())}
    return {"count": count, "answers": told, "growth": growth, "peak": peak}, wrong


def idleness() -> tuple[dict[str, Any], list[str]]:
    """Seconds to the page, and processor time when there is nothing to do."""
    with serving() as server:
        assert server.ask("/v1/enhance", form(SAMPLE.read_bytes()))[0] == 200
        time.sleep(1)
        before = server.processor()
        time.sleep(IDLE_SECONDS)
        used = server.processor() - before
    found = {"seconds_to_page": round(server.seconds, 2), "processor_seconds": round(used, 3)}
    return found, [] if used < 0.01 * IDLE_SECONDS else [f"idle: {used:.2f} s of processor time"]


def main() -> None:
    """Measure, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--hostile", type=int, default=1000)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    parts: dict[str, Callable[[], tuple[dict[str, Any], list[str]]]] = {
        "idle": idleness,
        "load": lambda: load(options.requests, options.clients),
        "hostile": lambda: hostility(options.hostile, options.photos),
    }
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, measure in parts.items():
        found[name], faults = measure()
        wrong += faults
        print(json.dumps({name: found[name]}, indent=1), flush=True)
    for line in wrong:
        print(line)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()

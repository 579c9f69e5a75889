"""A folder of 600x400 JPEGs: files a second, and where the time goes.

    python benchmarks/throughput.py [--files 200] [--jobs 1 2] [--json results.json]

Runs the command as a user does, and then the same in this process with a clock
around the network, the decoder and the encoder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.jobs import many
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.record import Record
from scotopic.jobs.settings import Placement, Settings
from scotopic.networks.exposing import ExposingNetwork
from scotopic.photo import reading, writing

SAMPLE = Path(__file__).parent.parent / "docs" / "sample_dark.png"
SIZE = (600, 400)


def make_folder(folder: Path, count: int) -> None:
    """Write parts of a real dark picture, each with a level of its own."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with Image.open(SAMPLE) as sample:
        picture = sample.convert("RGB")
    for index in range(count):
        left, top = rng.integers(0, picture.width - 300), rng.integers(0, picture.height - 200)
        part = picture.crop((left, top, left + 300, top + 200)).resize(SIZE)
        level = rng.uniform(0.6, 1.4)
        part.point(lambda x, level=level: min(255, int(x * level))).save(
            folder / f"{index:05}.jpg", quality=90
        )


def run_command(source: Path, output: Path, jobs: int) -> float:
    """Seconds that the command takes in all."""
    command = [sys.executable, "-m", "scotopic", "enhance", source, "-o", output, "-q"]
    began = time.perf_counter()
    subprocess.run([*map(str, command), "--jobs", str(jobs)], check=True)
    return time.perf_counter() - began


def shares(source: Path, output: Path) -> dict[str, float]:
    """Shares of the time, one picture after the other, in this process."""
    spent: dict[str, float] = defaultdict(float)

    def clocked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            result = function(*args, **options)
            spent[name] += time.perf_counter() - began
            return result

        return timed

    reading.read = clocked("decode", reading.read)
    writing.encode = clocked("encode", writing.encode)
    ExposingNetwork.look = clocked("network", ExposingNetwork.look)  # type: ignore[method-assign]
    ExposingNetwork.correct = clocked("network", ExposingNetwork.correct)  # type: ignore[method-assign]
    storage.write_atomically = clocked("write", storage.write_atomically)
    enhancer, settings = Enhancer(), Settings(placement=Placement(output, is_folder=True))
    record, began = Record(output), time.perf_counter()
    for job in plan_jobs([source], settings):
        many.run_job(enhancer, job, settings, record)
    whole = time.perf_counter() - began
    told = {name: seconds / whole for name, seconds in spent.items()}
    return {**told, "the rest": 1 - sum(told.values())}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {"files": options.files, "files_a_second": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder / "in", options.files)
        for jobs in options.jobs:
            seconds = run_command(folder / "in", folder / f"out{jobs}", jobs)
            found["files_a_second"][jobs] = options.files / seconds
            print(f"--jobs {jobs}: {options.files / seconds:.1f} files a second, start included")
        found["shares"] = shares(folder / "in", folder / "out")
    for step, share in found["shares"].items():
        print(f"{step}: {share:.0%}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

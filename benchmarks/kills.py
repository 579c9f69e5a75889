"""A folder of pictures, killed at random moments and gone on with.

    python benchmarks/kills.py [--files 200] [--rounds 50] [--jobs 2]

Each round enhances the folder anew, kills the process (SIGKILL) at a random
moment, and runs the same command to its end. Then every result must be there
with the very bytes of an undisturbed run, and by the record no picture may
have been begun twice but the one that was in flight.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.jobs.record import NAME


def make_folder(folder: Path, count: int) -> None:
    """Write small dark pictures, no two alike."""
    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = rng.integers(0, 60, (6, 8, 3), dtype=np.uint8)
        place = folder / f"{index % 7}" / f"{index}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((96, 64), Image.Resampling.BICUBIC).save(place)


def command(source: Path, output: Path, jobs: int) -> list[str]:
    """The command that is killed and run again."""
    places = [str(source), "-o", str(output), "--jobs", str(jobs)]
    return [sys.executable, "-m", "scotopic", "enhance", *places, "-q"]


def hashes(folder: Path) -> dict[str, str]:
    """Of all pictures in a folder."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != NAME]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def one_round(
    source: Path, output: Path, jobs: int, delay: float, wanted: dict[str, str]
) -> str | None:
    """Kill, go on, compare; what is wrong, if anything."""
    with subprocess.Popen(command(source, output, jobs)) as process:
        time.sleep(delay)
        process.kill()
    before = len(hashes(output)) if output.exists() else 0
    done = subprocess.run(command(source, output, jobs), check=False)
    if done.returncode:
        return f"exit code {done.returncode} after {before} files"
    if hashes(output) != wanted:
        return f"other files than undisturbed, after {before}"
    lines = [json.loads(line) for line in (output / NAME).read_text().splitlines()]
    begun = Counter(line["target"] for line in lines if line["status"] == "started")
    twice = [target for target, times in begun.items() if times > 1]
    if len(twice) > jobs or max(begun.values()) > 2:
        return f"done twice: {', '.join(twice)}"
    return None


def main() -> None:
    """Run the rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    rng = np.random.default_rng()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder / "in", options.files)
        began = time.monotonic()
        subprocess.run(command(folder / "in", folder / "whole", options.jobs), check=True)
        took = time.monotonic() - began
        wanted, wrong = hashes(folder / "whole"), []
        print(f"undisturbed: {len(wanted)} files in {took:.1f} s")
        for index in range(options.rounds):
            delay = float(rng.uniform(0, took))
            problem = one_round(folder / "in", folder / "out", options.jobs, delay, wanted)
            if problem:
                wrong.append(f"killed after {delay:.3f} s: {problem}")
            shutil.rmtree(folder / "out", ignore_errors=True)
            print(f"round {index + 1}: {len(wrong)} wrong", file=sys.stderr)
    print(f"{options.rounds} kills: {len(wrong)} wrong")
    for line in wrong:
        print(line)
    raise SystemExit(1 if wrong or len(wanted) != options.files else 0)


if __name__ == "__main__":
    main()

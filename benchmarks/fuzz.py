"""Damaged files by the thousand: no crash, no hang, no memory over the bound.

    python benchmarks/fuzz.py [--count 10000] [--photos ../shared/data/photos] [--seed 0]

Real files (small ones made here in every format, and those of a folder that
are under 300 kB) have bytes flipped, are cut, spliced with one another, and
have the size in their header replaced. Each goes the whole way in a worker
process: read, enhance, encode. An answer is a result or one line that says
what is wrong; all else is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic import photo
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError

SECONDS = 20
MEGAPIXELS = 30
BOUND = 2 * 2**30
"""Bytes that a worker may reach: 30 megapixels, and the process itself."""
CHUNK = 250
LARGEST_SEED = 300_000


def seeds(folder: Path | None) -> list[bytes]:
    """Whole files to start from."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 90, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((80, 60), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8769)[0x927C] = bytes(range(200))
    made = []
    for form, options in (
        ("JPEG", {"exif": exif, "dpi": (300, 300)}),
        ("JPEG", {"progressive": True}),
        ("PNG", {"exif": exif}),
        ("WEBP", {"exif": exif.tobytes()}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {}),
        ("BMP", {}),
        ("GIF", {}),
    ):
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        made.append(buffer.getvalue())
    deep = photo.Photo(np.asarray(image).astype(np.uint16) * 257)
    made += [photo.encode(deep, form) for form in photo.DEEP_FORMATS]
    if folder is not None:
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        made += [p.read_bytes() for p in files if p.stat().st_size < LARGEST_SEED]
    return made


def damaged(files: list[bytes], seed: int) -> bytes:
    """One of the files, damaged in a way that the seed gives."""
    rng = np.random.default_rng(seed)
    data = bytearray(files[rng.integers(len(files))])
    kind = rng.integers(5)
    if kind == 0:
        for _ in range(rng.integers(1, 30)):
            data[rng.integers(len(data))] = rng.integers(256)
    elif kind == 1:
        for _ in range(rng.integers(1, 10)):
            data[rng.integers(min(200, len(data)))] = rng.integers(256)
    elif kind == 2:
        del data[rng.integers(len(data)) :]
    elif kind == 3:
        other = files[rng.integers(len(files))]
        place = int(rng.integers(len(data)))
        data[place:] = other[int(rng.integers(len(other))) :]
    else:
        place = int(rng.integers(min(400, len(data) - 4)))
        size = int(rng.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 20_000]))
        data[place : place + 4] = size.to_bytes(4, str(rng.choice(["big", "little"])))
    return bytes(data)


def go_the_whole_way(enhancer: Enhancer, data: bytes) -> str:
    """Read, enhance, encode, and read again; what came of it."""
    try:
        taken = photo.read(data, "fuzzed", MEGAPIXELS)
        taken.pixels, _ = enhancer.enhance_array(taken.pixels)
        form = taken.format if taken.format in photo.FORMATS.values() else "PNG"
        again = photo.read(photo.encode(taken, form))
    except ScotopicError as error:
        if "\n" in str(error):
            return f"more than one line: {error}"
        return "refused"
    if again.pixels.shape != taken.pixels.shape:
        return f"shape {again.pixels.shape} for {taken.pixels.shape}"
    return "enhanced"


def work(folder: Path | None, start: int, count: int) -> None:
    """A worker: a line of JSON for each input, before and after."""
    files, enhancer = seeds(folder), Enhancer(memory=2**29, threads=1)

    def out_of_time(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, out_of_time)
    for seed in range(start, start + count):
        print(json.dumps({"begun": seed}), flush=True)
        signal.alarm(SECONDS)
        began = time.monotonic()
        try:
            said = go_the_whole_way(enhancer, damaged(files, seed))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        signal.alarm(0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        took = time.monotonic() - began
        print(json.dumps({"done": seed, "said": said, "took": took, "peak": peak}), flush=True)


def supervise(folder: Path | None, start: int, count: int) -> tuple[dict[str, int], list[str]]:
    """Run workers over the inputs; how often what was said, and what is wrong."""
    counts: dict[str, int] = {}
    wrong: list[str] = []
    longest, peak, seed, stop = 0.0, 0, start, start + count
    while seed < stop:
        amount = min(CHUNK, stop - seed)
        command = [sys.executable, __file__, "--work", str(seed), str(amount)]
        command += ["--photos", str(folder)] if folder else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        begun, last = seed, seed - 1
        for line in done.stdout.splitlines():
            entry = json.loads(line)
            begun = entry.get("begun", begun)
            if "done" not in entry:
                continue
            last = entry["done"]
            longest, peak = max(longest, entry["took"]), max(peak, entry["peak"])
            counts[entry["said"]] = counts.get(entry["said"], 0) + 1
            if entry["said"] not in ("refused", "enhanced"):
                wrong.append(f"seed {last}: {entry['said']}")
        if done.returncode:
            wrong.append(f"seed {begun}: the worker died, {done.returncode}: {done.stderr[-300:]}")
            last = begun
        seed = last + 1
        print(f"{seed - start} of {count}: {counts}", file=sys.stderr)
    print(f"longest {longest:.1f} s, peak {peak / 2**30:.2f} GiB")
    if peak > BOUND:
        wrong.append(f"peak {peak / 2**30:.2f} GiB, over the bound")
    return counts, wrong


def main() -> None:
    """Fuzz, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first; each input has its own")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.photos, *options.work)
        return
    counts, wrong = supervise(options.photos, options.seed, options.count)
    print(counts)
    for line in wrong:
        print(line)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""Damaged files by the thousand: no crash, no hang, no memory over the bound.

    python benchmarks/fuzz.py [--count 10000] [--photos DATA/photos] [--seed 0]

Real files (small ones made here in every format, still and animated, and those of a
folder, large ones more rarely) are damaged: bytes are changed, the end is cut off, two
files are joined, or the size in the header is replaced. Some TIFFs are read by rows, for
want of memory. Each is read, enhanced, written and
read again in a worker process. Right answers are a whole result, or an error of one
line and no file. Everything else is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pillow_heif
import tifffile
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.jobs.many import run_job
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.settings import Placement, Settings
from scotopic.photo import formats, reading, writing
from scotopic.photo.photo import Photo
from scotopic.types import Array

SECONDS = 20
MEGAPIXELS = 13
BOUND = 2**29 + 300 * 10**6
"""Bytes that a worker may reach."""
CHUNK = 250
LARGEST_SMALL = 300_000
SHARE_OF_LARGE = 0.01


BY_ROWS = ".rows.tif"
"""Ending of files that are enhanced in so little memory that they are read by rows."""

Seed = tuple[str, bytes]
"""Ending of a file's name, and what is in the file."""


class HangError(BaseException):
    """A picture took too long; no handler of ordinary errors may take it for damage."""


def seeds(folder: Path | None) -> tuple[list[Seed], list[Seed]]:
    """Whole files to start from, small ones and large ones."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 90, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((80, 60), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8769)[0x927C] = bytes(range(200))
    made = [*_stills_and_animations(image, exif), *_tiffs_by_rows(np.asarray(image))]
    deep = Photo(np.asarray(image).astype(np.uint16) * 257, exif=exif.tobytes())
    for row in formats.FORMATS.values():
        if row.is_written and row.bits == 16:
            made.append((row.suffixes[0], writing.encode(deep, row.name)[0]))
    for options in ({}, {"chroma": 444}):
        for kept in (image, _cut_out(image)):
            buffer = io.BytesIO()
            heif = pillow_heif.from_pillow(kept)
            heif.save(buffer, quality=90, exif=exif.tobytes(), **options)
            made.append((".heic", buffer.getvalue()))
    found = [] if folder is None else [path for path in sorted(folder.iterdir()) if path.is_file()]
    real = [(path.suffix, path.read_bytes()) for path in found]
    small = [(ending, data) for ending, data in real if len(data) < LARGEST_SMALL]
    large = [(ending, data) for ending, data in real if len(data) >= LARGEST_SMALL]
    return made + small, large


def _cut_out(image: Image.Image) -> Image.Image:
    """The image, transparent at its left."""
    result = image.convert("RGBA")
    result.paste((255, 255, 255, 0), (0, 0, 20, image.height))
    return result


def _stills_and_animations(image: Image.Image, exif: Image.Exif) -> Iterator[Seed]:
    frames = {"save_all": True, "append_images": [image.rotate(90)], "duration": [50, 70]}
    clear = _cut_out(image)
    clear_frames = {**frames, "append_images": [clear.rotate(90), image.rotate(45)]}
    clear_frames["duration"] = [50, 70, 90]
    for source, ending, options in (
        (image, ".jpg", {"exif": exif, "dpi": (300, 300)}),
        (image, ".jpg", {"progressive": True}),
        (image, ".png", {"exif": exif}),
        (image, ".png", frames),
        (image, ".png", {**frames, "default_image": True, "duration": [70]}),
        (clear, ".png", clear_frames),
        (image, ".webp", {"exif": exif.tobytes()}),
        (image, ".webp", {"lossless": True, **frames}),
        (clear, ".webp", clear_frames),
        (image, ".tif", {"compression": "tiff_lzw"}),
        (image, ".tif", {}),
        (clear, ".tif", {"save_all": True, "append_images": [image]}),
        (image, ".bmp", {}),
        (image, ".gif", {"comment": b"night"}),
        (image, ".gif", frames),
        (clear, ".gif", {**clear_frames, "disposal": 2}),
        (image, ".avif", {"exif": exif.tobytes()}),
        (clear, ".avif", {}),
        (image, ".avif", frames),
    ):
        buffer = io.BytesIO()
        source.save(buffer, formats.named(ending).name, **options)
        yield ending, buffer.getvalue()


def _tiffs_by_rows(pixels: Array) -> Iterator[Seed]:
    deep = pixels.astype(np.uint16) * 257
    clear = np.dstack([pixels, np.full(pixels.shape[:2], 99, np.uint8)])
    gray = {"photometric": "minisblack"}
    for kept, options in (
        (pixels, {"rowsperstrip": 9}),
        (pixels, {"tile": (16, 32), "compression": "zlib"}),
        (deep, {"rowsperstrip": 7, "compression": "lzw", "predictor": 2, "byteorder": ">"}),
        (clear, {"rowsperstrip": 9, "compression": "zstd", "extrasamples": ["unassalpha"]}),
        (pixels[..., 0], {"tile": (16, 16), "compression": "jpeg", **gray}),
        (pixels, {"rowsperstrip": 16, "compression": "webp"}),
    ):
        buffer = io.BytesIO()
        every: dict[str, Any] = {"photometric": "rgb", "metadata": None}
        tifffile.imwrite(buffer, kept, **(every | options))
        yield BY_ROWS, buffer.getvalue()


def damaged(files: tuple[list[Seed], list[Seed]], seed: int) -> Seed:
    """One of the files, damaged in a way that the seed gives."""
    rng = np.random.default_rng(seed)
    small, large = files
    among = large if large and rng.random() < SHARE_OF_LARGE else small
    ending, whole = among[rng.integers(len(among))]
    data = bytearray(whole)
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
        _, other = small[rng.integers(len(small))]
        place = int(rng.integers(len(data)))
        data[place:] = other[int(rng.integers(len(other))) :]
    else:
        place = int(rng.integers(min(400, len(data) - 4)))
        size = int(rng.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 20_000]))
        order: Literal["big", "little"] = "big" if rng.random() < 0.5 else "little"
        data[place : place + 4] = size.to_bytes(4, order)
    return ending, bytes(data)


def go_the_whole_way(enhancer: Enhancer, given: Seed, folder: Path) -> str:
    """Enhance a file, read the result, and say what came of it."""
    ending, data = given
    source = folder / f"a{ending}"
    source.write_bytes(data)
    settings = Settings(placement=Placement(folder / "out"), max_megapixels=MEGAPIXELS)
    (job,) = plan_jobs([source], settings)
    if ending == BY_ROWS:
        enhancer = enhancer.with_memory(1)
    try:
        run_job(enhancer, job, settings)
        reading.read(job.target)
    except ScotopicError as error:
        if "\n" in str(error):
            return f"more than one line: {error}"
        if job.target.exists() or (job.target.parent.exists() and any(job.target.parent.iterdir())):
            return f"left a file behind, though: {error}"
        return "refused"
    job.target.unlink()
    return "enhanced"


def work(folder: Path | None, start: int, count: int) -> None:
    """A worker: a line of JSON for each input, before and after."""
    files, enhancer = seeds(folder), Enhancer(memory=2**29, threads=1)

    def out_of_time(*_: object) -> None:
        raise HangError

    signal.signal(signal.SIGALRM, out_of_time)
    _check_that_whole_files_are_enhanced(enhancer)
    for seed in range(start, start + count):
        print(json.dumps({"begun": seed}), flush=True)
        signal.alarm(SECONDS)
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as name:
                said = go_the_whole_way(enhancer, damaged(files, seed), Path(name))
        except (Exception, HangError) as error:
            said = f"{type(error).__name__}: {error}"
        signal.alarm(0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        took = time.monotonic() - began
        print(json.dumps({"done": seed, "said": said, "took": took, "peak": peak}), flush=True)


def _check_that_whole_files_are_enhanced(enhancer: Enhancer) -> None:
    """Without this, a fault that refuses every file would go unnoticed."""
    for whole in seeds(None)[0]:
        with tempfile.TemporaryDirectory() as name:
            said = go_the_whole_way(enhancer, whole, Path(name))
        assert said == "enhanced", f"{whole[0]}: {said}, though it is not damaged"


def supervise(folder: Path | None, start: int, count: int) -> tuple[dict[str, int], list[str]]:
    """Run workers over the inputs; how often what was said, and what is wrong."""
    counts: dict[str, int] = {}
    wrong: list[str] = []
    longest, peak, seed, stop = (0.0, 0), (0, 0), start, start + count
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
            longest = max(longest, (entry["took"], last))
            peak = max(peak, (entry["peak"], last), key=itemgetter(0))
            counts[entry["said"]] = counts.get(entry["said"], 0) + 1
            if entry["said"] not in ("refused", "enhanced"):
                wrong.append(f"seed {last}: {entry['said']}")
        if done.returncode:
            wrong.append(f"seed {begun}: the worker died, {done.returncode}: {done.stderr[-300:]}")
            last = begun
        seed = last + 1
        print(f"{seed - start} of {count}: {counts}", file=sys.stderr)
    print(f"longest {longest[0]:.1f} s, seed {longest[1]}")
    print(f"peak {peak[0] / 10**6:.0f} MB, by seed {peak[1]}; the bound is {BOUND / 10**6:.0f}")
    if peak[0] > BOUND:
        wrong.append("more memory than the bound")
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

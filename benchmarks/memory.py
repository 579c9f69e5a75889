"""The memory that each format is estimated to need, and what the command takes with it.

    python benchmarks/memory.py DATA/photos/sony_24mp_mpf.jpg [--only deep.png]

Writes the photo, darkened, in every format. Runs the command on each file with
too little memory, and takes the amount that it asks for from its message; then runs
it with that amount. Its peak must stay under that amount plus 300 MB. The estimates
are `bytes_per_pixel` in scotopic/photo/formats.py, and the traits in limits.py.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pillow_heif
import tifffile
from PIL import Image

from scotopic.photo import reading, writing
from scotopic.photo.photo import Photo

ALLOWED = 300 * 10**6


def with_alpha(image: Image.Image) -> Image.Image:
    """The image with an alpha channel: the darker, the more transparent."""
    result = image.copy()
    result.putalpha(image.getchannel(0))
    return result


def plain(image: Image.Image, form: str) -> bytes:
    """A file of 8 bits a channel, by our own encoder."""
    return writing.encode(Photo(np.asarray(image)), form)[0]


def deep(image: Image.Image, form: str) -> bytes:
    """A file of 16 bits a channel."""
    return writing.encode(Photo(np.asarray(image).astype(np.uint16) * 257), form)[0]


def of_floats(image: Image.Image, path: Path) -> None:
    """A TIFF of floating-point numbers."""
    tifffile.imwrite(path, np.asarray(image, np.float32) / 255, photometric="rgb")


WRITERS: dict[str, Callable[[Image.Image, Path], object]] = {
    "baseline.jpg": lambda image, path: image.save(path, quality=92),
    "progressive.jpg": lambda image, path: image.save(
        path, quality=92, progressive=True, subsampling=0
    ),
    "cmyk.jpg": lambda image, path: image.convert("CMYK").save(path),
    "gray.jpg": lambda image, path: image.convert("L").save(path),
    "plain.png": lambda image, path: image.save(path, compress_level=1),
    "alpha.png": lambda image, path: with_alpha(image).save(path, compress_level=1),
    "deep.png": lambda image, path: path.write_bytes(deep(image, "PNG")),
    "lossy.webp": lambda image, path: image.save(path, quality=90),
    "lossless.webp": lambda image, path: image.save(path, lossless=True, method=0),
    "plain.avif": lambda image, path: image.save(path, quality=80, speed=10),
    "plain.heic": lambda image, path: pillow_heif.from_pillow(image).save(path, quality=80),
    "plain.gif": lambda image, path: image.save(path),
    "plain.bmp": lambda image, path: image.save(path),
    "plain.jxl": lambda image, path: path.write_bytes(plain(image, "JPEGXL")),
    "deep.jxl": lambda image, path: path.write_bytes(deep(image, "JPEGXL")),
    "plain.jp2": lambda image, path: path.write_bytes(plain(image, "JPEG2000")),
    "deep.jp2": lambda image, path: path.write_bytes(deep(image, "JPEG2000")),
    "floats.tif": of_floats,
}


def write_all(source: Path, folder: Path, only: list[str]) -> None:
    """Write the files. Run in a process of its own, whose memory is not counted."""
    image = Image.fromarray(reading.read(source).pixels // 4)
    for name in only:
        WRITERS[name](image, folder / name)


def measured(path: Path, folder: Path) -> Iterator[int]:
    """Bytes that the command asks for, and bytes that it takes when it has them."""
    wanted = asked = "0.001"
    while asked:  # a large file asks for what reading it takes before its pixels can tell more
        wanted = asked
        process = subprocess.Popen(
            [sys.executable, "-m", "scotopic", "enhance", str(path), "-o", str(folder), "-q"]
            + ["--no-resume", "--overwrite", "--memory", f"{wanted}G"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        asked = "".join(re.findall(r"use --memory ([\d.]+)G", said))
    yield int(float(wanted) * 2**30)
    yield usage.ru_maxrss * 1024 if process.returncode == 0 else 2**62


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--only", nargs="+", choices=WRITERS, default=list(WRITERS))
    options = parser.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = (options.photo, folder, options.only)
        process = get_context("spawn").Process(target=write_all, args=arguments)
        process.start()
        process.join()
        for kind in options.only:
            wanted, taken = measured(folder / kind, folder / "out")
            worst = max(worst, taken - wanted)
            told = f"{wanted / 1e6:5.0f} MB given, {taken / 1e6:5.0f} MB taken"
            print(f"{kind:16} {told}", flush=True)
    raise SystemExit(1 if worst > ALLOWED else 0)


if __name__ == "__main__":
    main()

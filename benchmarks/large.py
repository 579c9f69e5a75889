"""Large pictures: tiles against the whole, and the peak memory of the command.

    python benchmarks/large.py DATA/photos/sony_24mp_mpf.jpg --save large/

Darkens a large photo by the inverse of the exposing curve, and

- enhances it once in tiles under a small memory and once in one piece, and
  writes the absolute difference times 50 as a picture;
- runs ``scotopic enhance --memory 1G`` on it and on a picture of 100 megapixels
  made from it, and reads the peak memory of that process from the system.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.networks import exposing
from scotopic.photo import reading
from scotopic.photo.quiet import quiet
from scotopic.pixels.exposure import expose
from scotopic.types import Array
from scotopic.wish import Wish

SMALL = 600 * 2**20
EXPOSURE = 0.35
HUNDRED_MEGAPIXELS = (12000, 8400)
NAMES = ("24_megapixels.jpg", "100_megapixels.jpg")


def darkened(pixels: Array) -> Array:
    """The photo so dark that a gain of 12 brings it back, except for rounding."""
    dark: Array = np.rint(expose(pixels / np.float32(255), 1 / 12) * 255).astype(np.uint8)
    return dark


def prepare(source: Path, save: Path) -> None:
    """Write the dark pictures.

    This runs in a process of its own, since the system counts the memory of a
    process towards the peak of those that it starts.
    """
    small = Image.fromarray(darkened(reading.read(source).pixels))
    large = small.resize(HUNDRED_MEGAPIXELS, Image.Resampling.BICUBIC)
    for name, image in zip(NAMES, (small, large), strict=True):
        image.save(save / name, quality=92)


def tiles_against_whole(pixels: Array, save: Path) -> None:
    """Print the largest difference, in levels of 255, and write its picture."""
    wish = Wish(exposure=EXPOSURE)
    tiled, report = Enhancer(memory=SMALL).enhance_array(pixels, wish)
    # Tiles have a largest size whatever the memory is; here the whole is wanted.
    exposing.MAX_TILE_PIXELS = pixels.size
    whole, one = Enhancer(memory=2**40).enhance_array(pixels, wish)
    assert report.tiles > 1 == one.tiles
    difference = np.abs(tiled.astype(np.int16) - whole)
    target = save / "difference_times_50.png"
    Image.fromarray(np.clip(difference * 50, 0, 255).astype(np.uint8)).save(target)
    print(
        f"{report.tiles} tiles against {one.tiles}: at most {difference.max()} of 255 apart,"
        f" {np.mean(difference > 0):.2%} of the values differ; {target}"
    )


def peak_memory(source: Path, target: Path) -> None:
    """Run the command on a file and print what it took."""
    command = [sys.executable, "-m", "scotopic", "enhance", source, "-o", target]
    command += ["--memory", "1G", "--overwrite"]
    began = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with quiet(), Image.open(source) as image:  # Pillow warns of large pictures
        size = f"{image.width}x{image.height}"
    print(
        f"{size} with --memory 1G: exit code {process.returncode}, peak"
        f" {usage.ru_maxrss / 2**20:.2f} GiB, {time.perf_counter() - began:.1f} s",
        flush=True,
    )


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--save", type=Path, required=True, help="folder for the pictures")
    options = parser.parse_args()
    options.save.mkdir(parents=True, exist_ok=True)
    preparing = get_context("spawn").Process(target=prepare, args=(options.photo, options.save))
    preparing.start()
    preparing.join()
    for name in NAMES:
        peak_memory(options.save / name, options.save / f"enhanced_{name}")
    tiles_against_whole(reading.read(options.save / NAMES[0]).pixels, options.save)


if __name__ == "__main__":
    main()

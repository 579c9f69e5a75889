"""Small dark pictures, and the command as a process of its own."""

import os
import subprocess
import sys

import numpy as np
from PIL import Image


def make_pictures(folder, count):
    """Dark pictures, no two alike, some of them in a folder within the folder."""
    rng = np.random.default_rng(0)
    for index in range(count):
        place = folder / ("inner" if index % 3 == 0 else "") / f"{index:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 60, (24, 32, 3), dtype=np.uint8)).save(place)
    return folder


def run_cluster(*arguments, **environment):
    """The installed command; on a local cluster unless an address is given."""
    command = [sys.executable, "-m", "scotopic", "cluster", *map(str, arguments)]
    known = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**known, **environment}
    )

"""A small data set that the tests make, for training runs and backends."""

import json
from pathlib import Path

import numpy as np
from PIL import Image


def make(folder: Path, count: int = 4, size: int = 96) -> Path:
    """Write pairs of smooth pictures and the same pictures darkened."""
    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        high = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
        pixels = np.asarray(high) / 255
        low = np.rint(pixels / (10 - 9 * pixels) * 255).astype(np.uint8)
        for kind, picture in (("low", Image.fromarray(low)), ("high", high)):
            (folder / "our485" / kind).mkdir(parents=True, exist_ok=True)
            picture.save(folder / "our485" / kind / f"{index}.png")
    names = [str(index) for index in range(count)]
    scenes = {"groups": [[name] for name in names], "siblings_of_test": {}}
    (folder / "scenes.json").write_text(json.dumps(scenes))
    return folder

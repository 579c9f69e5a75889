"""A small data set that the tests make, for training runs and backends."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.pixels.exposure import expose
from scotopic.training.pairs import PairSet

QUICK_XLA = {
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
}
"""For the environment of programs on JAX that compile longer than they compute."""


def smooth(seed, size=(48, 64)):
    """A picture of colours that vary smoothly, (height, width, 3), 8 bits."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC))


def pair_set(count=4, gain=0.1, size=(48, 64)):
    """Pairs of smooth pictures and the same pictures darkened by the exposing curve."""
    high = [smooth(seed, size) for seed in range(count)]
    low = [np.rint(expose(h / 255, gain) * 255).astype(np.uint8) for h in high]
    return PairSet("made", [str(i) for i in range(count)], low, high)


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

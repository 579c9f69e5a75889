"""How much local contrast to give back, by held-out scenes.

    python benchmarks/contrast.py LOL SICE [--model NAME] [--every 2]

Pictures of the scenes that a run holds out of these data sets are enhanced automatically, with each of
several values of `LIFTED` in `scotopic/pixels/contrast.py`; the others stay as they are. For each: PSNR,
SSIM and GT-mean PSNR, averaged.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest import mock

import numpy as np

from scotopic.datasets.pictures import read_image
from scotopic.enhancer import Enhancer
from scotopic.measures import likeness
from scotopic.pixels import contrast
from scotopic.training.pairs import pair_paths, training_folder
from scotopic.training.splits import Scenes, split_by_scene
from scotopic.types import Array

AMOUNTS = (0.0, 0.1, 0.2, 0.3)


def held_out(folder: Path, every: int) -> list[tuple[Array, Array]]:
    """Dark pictures and references of held-out scenes."""
    paths = pair_paths(training_folder(folder))
    _, held = split_by_scene([name for name, _, _ in paths], Scenes.read(folder))
    chosen = [(low, high) for name, low, high in paths if name in held][::every]
    return [(read_image(low), read_image(high)) for low, high in chosen]


def scores(enhancer: Enhancer, pairs: list[tuple[Array, Array]]) -> Array:
    """Mean PSNR, SSIM and GT-mean PSNR."""
    found = []
    for low, high in pairs:
        result = enhancer.enhance_array(low)[0]
        found.append(
            [f(result, high) for f in (likeness.psnr, likeness.ssim, likeness.gt_mean_psnr)]
        )
    mean: Array = np.mean(found, axis=0)
    return mean


def main() -> None:
    """Print a line for each amount and data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--every", type=int, default=2)
    options = parser.parse_args()
    enhancer = Enhancer(options.model)
    sets = {folder.name: held_out(folder, options.every) for folder in options.folders}
    for amount in AMOUNTS:
        for name, pairs in sets.items():
            with mock.patch.object(contrast, "LIFTED", amount):
                told = "{:.2f}, {:.3f}, {:.2f}".format(*scores(enhancer, pairs))
            print(f"{amount:.1f} {name} ({len(pairs)}): {told}", flush=True)


if __name__ == "__main__":
    main()

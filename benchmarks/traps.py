"""Why published scores may mean little: each mistake, made on real pictures.

    python benchmarks/traps.py DATA/lol_v1_256/eval15 [--model NAME] [--each]

Prints the mean PSNR of the dark pictures as they are, of uniform noise, and of what
a model makes of the dark pictures: computed correctly, with 8-bit overflow, with the
wrong range, of luma alone, after GT-mean, and with the exposure of the reference
given to the model. With `--each`, a table of correct and overflowed PSNR for each
picture comes first.

The last line simulates choosing the checkpoint that is best on the test set: 50
checkpoints of the same quality are the model's results with the exposure of each
picture changed by a random 10 %, drawn anew for each checkpoint.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import read_image
from scotopic.enhancer import Enhancer
from scotopic.evaluation import pairing
from scotopic.measures import likeness
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.pixels.exposure import expose, exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.units import gray
from scotopic.wish import Wish


def wrapped_psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """PSNR by `np.mean((a - b) ** 2)` of uint8 arrays, which overflow modulo 256."""
    return float(20 * np.log10(255 / np.sqrt(np.mean((result - reference) ** 2))))


def range_error_psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """PSNR by `max_val=255` for pictures in 0..1: 20 log10(255) = 48.13 dB too much."""
    return likeness.psnr(result, reference) + float(20 * np.log10(255))


def luma_psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """PSNR of gray alone, which ignores all errors of colour."""
    return likeness.psnr(*(gray(x / 255.0)[..., None] for x in (result, reference)))


FORMULAS = {
    "true": likeness.psnr,
    "SSIM": likeness.ssim,
    "8-bit wrap": wrapped_psnr,
    "range error": range_error_psnr,
    "luma alone": luma_psnr,
    "GT-mean": likeness.gt_mean_psnr,
}
CHECKPOINTS = 50
FORMULA_NAMES = list(FORMULAS)
EACH = {
    "enhanced": ("true", "SSIM", "GT-mean", "8-bit wrap"),
    "dark, untouched": ("true", "8-bit wrap"),
}


def show_each(scores: dict[str, dict[str, list[float]]]) -> None:
    """Print a row for each picture, and their mean."""
    columns = [f"{what} {how}" for what, formulas in EACH.items() for how in formulas]
    rows = {
        name: [of[what][FORMULA_NAMES.index(how)] for what, hows in EACH.items() for how in hows]
        for name, of in scores.items()
    }
    rows["mean"] = list(np.mean(list(rows.values()), axis=0))
    print("| picture | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, values in rows.items():
        print(f"| {name} | " + " | ".join(f"{value:.4g}" for value in values) + " |")


def picked_checkpoint(
    results: list[np.ndarray], references: list[np.ndarray], rng: np.random.Generator
) -> tuple[float, float]:
    """Mean PSNR of all simulated checkpoints, and PSNR of the best one."""
    means = []
    for _ in range(CHECKPOINTS):
        gains = np.exp(rng.normal(0, 0.1, len(results)))
        drifted = [expose(x / 255.0, gain) for x, gain in zip(results, gains, strict=True)]
        scores = [likeness.psnr(x, y / 255.0) for x, y in zip(drifted, references, strict=True)]
        means.append(float(np.mean(scores)))
    return float(np.mean(means)), max(means)


def main() -> None:
    """Compute and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, help="folder with the folders low and high")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--each", action="store_true", help="print a row for each picture too")
    options = parser.parse_args()
    enhancer, rng = Enhancer(options.model), np.random.default_rng(0)
    found: dict[str, dict[str, list[float]]] = {}
    enhanced, wanted = [], []
    folders = {"inputs": options.pairs / "low", "references": options.pairs / "high"}
    for pair in pairing.pair_folders(**folders)[0]:
        assert pair.input and pair.reference, "both folders were asked for"
        dark, reference = read_image(pair.input), read_image(pair.reference)
        level = exposure_of(thumbnail(reference))
        results = {
            "dark, untouched": dark,
            "uniform noise": rng.integers(0, 256, dark.shape, dtype=np.uint8),
            "enhanced": enhancer.enhance_array(dark)[0],
            "enhanced, exposure fed": enhancer.enhance_array(dark, Wish(exposure=level))[0],
        }
        enhanced.append(results["enhanced"])
        wanted.append(reference)
        found[pair.name] = {
            name: [formula(result, reference) for formula in FORMULAS.values()]
            for name, result in results.items()
        }
    if options.each:
        show_each(found)
    print(f"{'':24}" + "".join(f"{name:>13}" for name in FORMULAS))
    for name in next(iter(found.values())):
        means = np.mean([scores[name] for scores in found.values()], axis=0)
        print(f"{name:24}" + "".join(f"{mean:13.4g}" for mean in means))
    mean, best = picked_checkpoint(enhanced, wanted, rng)
    print(
        f"{CHECKPOINTS} simulated checkpoints of the same quality: mean {mean:.2f} dB, best {best:.2f} dB"
    )


if __name__ == "__main__":
    main()

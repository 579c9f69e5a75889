"""What published figures can be worth: each trap on real pictures.

    python benchmarks/traps.py ../shared/data/lol_v1_256/eval15 [--model NAME]

For the untouched dark pictures, for uniform noise, and for what a model makes
of the dark ones, mean PSNR: true, with the 8-bit wrap, with the range error,
of luma alone, after GT-mean, and with the reference's exposure fed in.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from scotopic import evaluation, metrics
from scotopic.enhancer import Enhancer
from scotopic.exposure import exposure_of, gray, thumbnail
from scotopic.session import DEFAULT_MODEL


def wrapped_psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """`np.mean((a - b) ** 2)` of uint8 arrays: difference and square wrap modulo 256."""
    return float(20 * np.log10(255 / np.sqrt(np.mean((result - reference) ** 2))))


def range_error_psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """`max_val=255` for pictures in 0..1: 20 log10(255) = 48.13 dB more."""
    return metrics.psnr(result, reference) + float(20 * np.log10(255))


def luma_psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """PSNR of gray alone: no error of colour counts."""
    return metrics.psnr(*(gray(x / 255.0)[..., None] for x in (result, reference)))


FORMULAS = {
    "true": metrics.psnr,
    "8-bit wrap": wrapped_psnr,
    "range error": range_error_psnr,
    "luma alone": luma_psnr,
    "GT-mean": metrics.gt_mean_psnr,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, help="folder with low and high")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    enhancer, rng = Enhancer(options.model), np.random.default_rng(0)
    rows: dict[str, list[list[float]]] = {}
    for pair in evaluation.pair_folders(options.pairs / "low", options.pairs / "high"):
        dark, reference = map(evaluation.read_8_bits, (pair.picture, pair.reference))
        level = exposure_of(thumbnail(reference))
        results = {
            "dark, untouched": dark,
            "uniform noise": rng.integers(0, 256, dark.shape, dtype=np.uint8),
            "enhanced": enhancer.enhance_array(dark)[0],
            "enhanced, exposure fed": enhancer.enhance_array(dark, exposure=level)[0],
        }
        for name, result in results.items():
            scores = [formula(result, reference) for formula in FORMULAS.values()]
            rows.setdefault(name, []).append(scores)
    print(f"{'':24}" + "".join(f"{name:>13}" for name in FORMULAS))
    for name, scores in rows.items():
        print(f"{name:24}" + "".join(f"{mean:13.2f}" for mean in np.mean(scores, axis=0)))


if __name__ == "__main__":
    main()

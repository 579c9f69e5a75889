"""Why published scores may mean little: each mistake, made on real pictures.

    python benchmarks/traps.py DATA/lol_v1_eval15 [--model NAME] [--write]

Prints two tables, and with `--write` puts them into docs/protocol.md:

- for each picture, what `scotopic evaluate` says of the model, and the PSNR of the
  result and of the dark picture with 8-bit overflow;
- the mean PSNR of the dark pictures as they are, of uniform noise, and of what the
  model makes of the dark pictures: computed correctly, with 8-bit overflow, with the
  wrong range, of luma alone, after GT-mean, and with the exposure of the reference
  given to the model.

The last sentence simulates choosing the checkpoint that is best on the test set: 50
checkpoints of the same quality are the model's results with the exposure of each
picture changed by a random 10 %, drawn anew for each checkpoint.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from scotopic import storage
from scotopic.datasets.pictures import read_image
from scotopic.enhancer import Enhancer
from scotopic.evaluation import pairing
from scotopic.evaluation.pairing import Case
from scotopic.measures import likeness
from scotopic.pixels.exposure import expose, exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.units import gray
from scotopic.wish import Wish

PAGE = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
BEGIN, END = "<!-- written by benchmarks/traps.py -->\n", "<!-- end -->\n"


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
    "8-bit wrap": wrapped_psnr,
    "range error": range_error_psnr,
    "luma alone": luma_psnr,
    "GT-mean": likeness.gt_mean_psnr,
}
CHECKPOINTS = 50
EACH = ("PSNR", "SSIM", "GT-mean", "wrapped", "dark: PSNR", "dark: wrapped")
DIGITS = {"SSIM": 4}


def evaluated(folders: dict[str, Path], model: str, results: Path) -> dict[str, dict[str, Any]]:
    """The lines of `scotopic evaluate` for each picture by its name; its results are saved."""
    command = [sys.executable, "-m", "scotopic", "evaluate", "--json", "--model", model]
    for option, folder in {**folders, "save": results}.items():
        command += [f"--{option}", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line for line in lines if line["status"] == "scored"}


def table(first: str, columns: list[str], rows: dict[str, list[float]]) -> str:
    """A table in Markdown."""
    lines = [f"| {first} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, values in rows.items():
        cells = [
            f"{value:.{DIGITS.get(column, 2)}f}"
            for column, value in zip(columns, values, strict=True)
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


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


def measured(cases: list[Case], lines: dict[str, dict[str, Any]], saved: Path, model: str) -> str:
    """Both tables, and the sentence on checkpoints."""
    enhancer, rng = Enhancer(model), np.random.default_rng(0)
    each: dict[str, list[float]] = {}
    mistakes: dict[str, list[list[float]]] = {}
    enhanced, wanted = [], []
    for case in sorted(cases, key=lambda case: case.name.zfill(9)):
        assert case.input and case.reference, "both folders were asked for"
        dark, reference = read_image(case.input), read_image(case.reference)
        level = exposure_of(thumbnail(reference))
        results = {
            "dark, untouched": dark,
            "uniform noise": rng.integers(0, 256, dark.shape, dtype=np.uint8),
            "enhanced": read_image(saved / f"{case.name}.png"),
            "enhanced, exposure fed": enhancer.enhance_array(dark, Wish(exposure=level))[0],
        }
        for name, result in results.items():
            row = [formula(result, reference) for formula in FORMULAS.values()]
            mistakes.setdefault(name, []).append(row)
        line = lines[case.name]
        each[case.name] = [
            *(line[key] for key in ("psnr", "ssim", "gt_mean_psnr")),
            wrapped_psnr(results["enhanced"], reference),
            likeness.psnr(dark, reference),
            wrapped_psnr(dark, reference),
        ]
        enhanced.append(results["enhanced"])
        wanted.append(reference)
    each["mean"] = list(np.mean(list(each.values()), axis=0))
    means = {name: list(np.mean(rows, axis=0)) for name, rows in mistakes.items()}
    mean, best = picked_checkpoint(enhanced, wanted, rng)
    return (
        f"Each picture, by `{model}`:\n\n{table('picture', list(EACH), each)}\n"
        f"Means of PSNR in dB, computed correctly and by common mistakes:\n\n"
        f"{table('', list(FORMULAS), means)}\n"
        f"{CHECKPOINTS} simulated checkpoints of the same quality, with an exposure that is off by a "
        f"random 10 % for each\npicture, have a mean of {mean:.2f} dB. The best of them on these "
        f"pictures has {best:.2f} dB.\n"
    )


def put_into(page: str, text: str) -> str:
    """The page with new text between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, "the page has both marks"
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main() -> None:
    """Compute and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, help="folder with the folders low and high")
    parser.add_argument("--model", default="mirnet_small_lol")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.name}")
    options = parser.parse_args()
    folders = {"inputs": options.pairs / "low", "references": options.pairs / "high"}
    with tempfile.TemporaryDirectory() as saved:
        lines = evaluated(folders, options.model, Path(saved))
        cases = pairing.pair_folders(**folders)[0]
        text = measured(cases, lines, Path(saved), options.model)
    print(text, end="")
    if options.write:
        storage.write_atomically(put_into(PAGE.read_text("utf-8"), text).encode(), PAGE)


if __name__ == "__main__":
    main()

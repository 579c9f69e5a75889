"""Scores of models on real pairs: all the scores that the model cards give.

    python benchmarks/quality.py DATA [--model FILE]... [--json quality.json]

For each model and each set of pairs (LOL eval15, the test pairs of ROSE, and with
--held-out the training scenes that a run with a split holds out):

- scores with the automatic exposure, with the predicted exposure without limits,
  and with the exposure of the reference given to the model;
- the error of the predicted exposure, beside that of the best constant;
- the number of pictures on which asking for an exposure of 0.2, 0.35 or 0.5 gives
  a mean level within 15 % of it;
- the PSNR of references that are enhanced as if they were dark, against themselves.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import fmean
from typing import Any

from scotopic.datasets.pictures import read_image
from scotopic.enhancer import Enhancer
from scotopic.evaluation import columns, pairing, scoring, statistics
from scotopic.evaluation.pairing import Case
from scotopic.measures import likeness
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.training.pairs import pair_paths, training_folder
from scotopic.training.splits import Scenes, split_by_scene
from scotopic.wish import Wish

DATA_SETS = {"LOL": "lol_v1_256", "ROSE": "rose"}
TESTS = {
    "LOL test 600x400": "lol_v1_eval15",
    "LOL test": "lol_v1_256/eval15",
    "ROSE test": "rose/test",
}
LEVELS = (0.2, 0.35, 0.5)
TOLERANCE = 0.15


def test_pairs(data: Path, name: str) -> list[Case]:
    """The pairs of a test set."""
    folder = data / TESTS[name]
    return pairing.pair_folders(inputs=folder / "low", references=folder / "high")[0]


def held_out_pairs(data: Path, name: str) -> list[Case]:
    """The training pairs whose scenes a run with a split holds out."""
    folder = data / DATA_SETS[name]
    paths = pair_paths(training_folder(folder))
    pairs = [Case(name, input=low, reference=high) for name, low, high in paths]
    _, held = split_by_scene([pair.name for pair in pairs], Scenes.read(folder))
    return [pair for pair in pairs if pair.name in held]


def scores_of(enhancer: Enhancer, pairs: list[Case], exposure: str) -> list[columns.Score]:
    """The scores of all pairs; a picture that cannot be scored ends the program."""
    scores = []
    for outcome in scoring.score_model(enhancer, pairs, exposure):
        if isinstance(outcome, pairing.Failure):
            raise SystemExit(str(outcome.error))
        scores.append(outcome)
    return scores


def evaluated(enhancer: Enhancer, pairs: list[Case]) -> dict[str, Any]:
    """All figures of one model on one set of pairs."""
    scores = {exposure: scores_of(enhancer, pairs, exposure) for exposure in scoring.EXPOSURES}
    return {
        "pictures": len(pairs),
        **{exposure: statistics.means(rows) for exposure, rows in scores.items()},
        "constant_exposure_error": statistics.constant_exposure_error(scores["automatic"]),
        "levels_reached": {str(level): levels_reached(enhancer, pairs, level) for level in LEVELS},
        "references_psnr": references_psnr(enhancer, pairs),
    }


def levels_reached(enhancer: Enhancer, pairs: list[Case], level: float) -> int:
    """Number of pictures whose mean level is near the exposure asked for."""
    reached = 0
    for pair in pairs:
        assert pair.input, "the pairs were made with inputs"
        result, _ = enhancer.enhance_array(read_image(pair.input), Wish(exposure=level))
        reached += abs(exposure_of(thumbnail(result)) / level - 1) <= TOLERANCE
    return reached


def references_psnr(enhancer: Enhancer, pairs: list[Case]) -> dict[str, float]:
    """PSNR of enhanced references against themselves: mean and least."""
    values = []
    for pair in pairs:
        assert pair.reference, "the pairs were made with references"
        reference = read_image(pair.reference)
        values.append(likeness.psnr(enhancer.enhance_array(reference)[0], reference))
    return {"mean": fmean(values), "least": min(values)}


def show(model: str, name: str, row: dict[str, Any]) -> None:
    """Print the figures of one model on one set of pairs."""
    print(f"\n{model}: {name}, {row['pictures']} pictures")
    print("exposure from   PSNR    SSIM   GT-mean")
    for exposure in scoring.EXPOSURES:
        mean = row[exposure]
        print(f"{exposure:13} {mean['psnr']:6.2f}  {mean['ssim']:.4f}  {mean['gt_mean_psnr']:7.2f}")
    error, constant = row["automatic"]["exposure_error"], row["constant_exposure_error"]
    print(f"exposure error {error:.3f}, of the best constant {constant:.3f}")
    reached = ", ".join(f"{level}: {count}" for level, count in row["levels_reached"].items())
    print(f"pictures within {TOLERANCE:.0%} of the exposure asked for: {reached}")
    back = row["references_psnr"]
    print(f"enhanced references: mean {back['mean']:.1f} dB, least {back['least']:.1f}", flush=True)


def main() -> None:
    """Evaluate each model on each set; print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with lol_v1_eval15, lol_v1_256 and rose")
    parser.add_argument("--model", action="append", help="name or .onnx file; may be repeated")
    parser.add_argument(
        "--held-out", action="store_true", help="evaluate on the held-out training scenes too"
    )
    parser.add_argument("--json", type=Path, help="file to write")
    options = parser.parse_args()
    report: dict[str, dict[str, Any]] = {}
    for model in options.model or [DEFAULT_MODEL]:
        enhancer = Enhancer(model)
        sets = {name: test_pairs(options.data, name) for name in TESTS}
        if options.held_out:
            sets |= {f"{name} held out": held_out_pairs(options.data, name) for name in DATA_SETS}
        report[model] = {}
        for name, pairs in sets.items():
            report[model][name] = evaluated(enhancer, pairs)
            show(model, name, report[model][name])
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

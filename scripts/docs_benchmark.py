"""Write docs/benchmark.md from benchmarks/leaderboard.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "benchmark.md"
BOARD = ROOT / "benchmarks" / "leaderboard.json"
PAGE = Path(__file__).parent / "benchmark_page.md"
TABLES = {
    "measured": "lol_v1_eval15",
    "own": "lol_v1_eval15_own",
    "gt_mean": "lol_v1_eval15_gt_mean",
}


def table(board: dict[str, Any], protocol: str) -> str:
    """The rows of a protocol, best PSNR first."""
    rows = [row for row in board["rows"] if row["protocol"] == protocol]
    one_program = all(row["kind"] == "measured" for row in rows)
    lines = [
        f"Protocol `{protocol}`: {board['protocols'][protocol]['description']}.\n",
        "| method | PSNR | SSIM |"
        + (" GT-mean |" if one_program else " figures |")
        + " trained on | reproduced | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: -row["scores"]["psnr"]):
        scores = row["scores"]
        source = f"{row['source']}. {row['note']}" if "note" in row else row["source"]
        cells = [
            row["method"],
            f"{scores['psnr']:.2f}",
            f"{scores['ssim']:.3f}" if "ssim" in scores else "",
            f"{scores['gt_mean_psnr']:.2f}" if one_program else row["kind"],
            row["trained_on"],
            row["reproduced"],
            source,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def text() -> str:
    """The page."""
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    made = PAGE.read_text(encoding="utf-8")
    for place, protocol in TABLES.items():
        made = made.replace(f"{{{place}}}", table(board, protocol))
    return made

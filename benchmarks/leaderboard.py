"""Rows of docs/benchmark.md: add one from what `scotopic evaluate` says, or check them all.

    scotopic evaluate --results mine/ --references lol_v1/eval15/high --json > lines.jsonl
    python benchmarks/leaderboard.py add lines.jsonl --method "My method" \\
        --trained-on "LOL v1" --source https://example.org/my-method
    python benchmarks/leaderboard.py check

`add` takes the means of the line `summary`, and replaces the method's earlier row of the same
protocol and kind. Rows are kept in benchmarks/leaderboard.json, which
benchmarks/leaderboard.schema.json describes. Then run `make docs` for the page.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

try:
    import jsonschema
except ImportError:
    sys.exit("leaderboard.py needs jsonschema: pip install jsonschema")

FOLDER = Path(__file__).resolve().parent
BOARD, SCHEMA = FOLDER / "leaderboard.json", FOLDER / "leaderboard.schema.json"
KEYS = ("psnr", "ssim", "gt_mean_psnr", "gt_mean_ssim", "ms_ssim")
"""Scores that a row keeps."""
DIGITS = {"psnr": 2, "gt_mean_psnr": 2}

Board = dict[str, Any]


def read(path: Path = BOARD) -> Board:
    """The board in a file.

    Raises
    ------
    ValueError
        When it does not follow the schema, with the place.
    """
    board: Board = json.loads(path.read_text(encoding="utf-8"))
    check(board)
    return board


def check(board: Board) -> None:
    """Raise ValueError for the first thing that is wrong with a board."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    try:
        jsonschema.validate(board, schema)
    except jsonschema.ValidationError as error:
        place = "/".join(map(str, error.absolute_path))
        raise ValueError(f"{place}: {error.message}") from error
    keys = [_key(row) for row in board["rows"]]
    for index, row in enumerate(board["rows"]):
        if row["protocol"] not in board["protocols"]:
            raise ValueError(f"rows/{index}: no protocol {row['protocol']!r}")
        if _key(row) in keys[:index]:
            raise ValueError(f"rows/{index}: a second row of {row['method']!r}")


def summary(lines: str) -> dict[str, Any]:
    """The one line `summary` of `scotopic evaluate --json`.

    Raises
    ------
    ValueError
        When there is none, or more than one.
    """
    try:
        records = [json.loads(line) for line in lines.splitlines() if line.strip()]
    except json.JSONDecodeError as error:
        raise ValueError("not the output of `scotopic evaluate --json`") from error
    found: list[dict[str, Any]] = [line for line in records if line["status"] == "summary"]
    if len(found) != 1:
        raise ValueError(f"{len(found)} methods instead of one; evaluate one at a time")
    return found[0]


def added(board: Board, row: dict[str, Any], judged: dict[str, Any]) -> Board:
    """The board with a row that has the scores of a `summary`.

    Raises
    ------
    ValueError
        When not all pictures of the protocol were scored, or the result does
        not follow the schema.
    """
    pictures = board["protocols"][row["protocol"]]["pictures"]
    if judged["failed"] or judged["pictures"] != pictures:
        raise ValueError(
            f"{judged['pictures']} pictures scored and {judged['failed']} failed, "
            f"but the protocol {row['protocol']} has {pictures}"
        )
    missing = [key for key in ("psnr", "ssim", "gt_mean_psnr") if judged["mean"].get(key) is None]
    if missing:
        raise ValueError(f"no {', '.join(missing)}; give --references")
    scores = {
        key: round(judged["mean"][key], DIGITS.get(key, 4)) for key in KEYS if key in judged["mean"]
    }
    notes = [row["note"], *judged["warnings"]] if row.get("note") else judged["warnings"]
    new = {**row, "scores": scores, **({"note": " ".join(notes)} if notes else {})}
    others = [old for old in board["rows"] if _key(old) != _key(new)]
    result = {**board, "rows": sorted([*others, new], key=_order)}
    check(result)
    return result


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return row["method"], row["protocol"], row["kind"]


def _order(row: dict[str, Any]) -> tuple[str, float]:
    return row["protocol"], -row["scores"]["psnr"]


def write(board: Board, path: Path = BOARD) -> None:
    """Write a board."""
    path.write_text(json.dumps(board, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Add a row or check all; 1 if something is wrong, which is said."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--board", type=Path, default=BOARD, help="another file of rows")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("check")
    adding = what.add_parser("add")
    adding.add_argument("lines", help="output of `scotopic evaluate --json`; - is standard input")
    adding.add_argument("--method", required=True)
    adding.add_argument("--trained-on", required=True)
    adding.add_argument("--source", required=True, help="where the method, or its pictures, are")
    adding.add_argument("--protocol", default="lol_v1_eval15")
    adding.add_argument("--reproduced", default="yes", choices=["yes", "no", "not tried"])
    adding.add_argument("--parameters", type=int)
    adding.add_argument("--note")
    options = vars(parser.parse_args(arguments))
    path, what_to_do, lines = options.pop("board"), options.pop("what"), options.pop("lines", "")
    at: Path | str = path
    try:
        board = read(path)
        if what_to_do == "add":
            at = lines
            text = sys.stdin.read() if lines == "-" else Path(lines).read_text(encoding="utf-8")
            given = {name: value for name, value in options.items() if value is not None}
            row = {**given, "kind": "measured", "date": f"{dt.date.today()}"}
            write(added(board, row, summary(text)), path)
    except (KeyError, OSError, ValueError) as error:
        print(f"{at}: {error}", file=sys.stderr)
        return 1
    print(f"{path}: {len(read(path)['rows'])} rows, all as the schema has it")
    if what_to_do == "add":
        print("`make docs` writes the page from it")
    return 0


if __name__ == "__main__":
    sys.exit(main())

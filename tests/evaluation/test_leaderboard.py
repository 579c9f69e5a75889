"""benchmarks/leaderboard.json, what adds to it, and the page that shows it."""

import json
import re

import pytest
from places import DOCS, ROOT

pytest.importorskip("jsonschema")

import docs_benchmark
import leaderboard

from scotopic.networks.registry import registry

CARDS = ROOT / "scotopic" / "networks" / "weights"
SCORES = {"psnr": 20.123, "ssim": 0.812345, "gt_mean_psnr": 25.0, "mae": 0.1}
SUMMARY = {
    "method": "mine",
    "status": "summary",
    "pictures": 15,
    "failed": 0,
    "mean": SCORES,
    "warnings": [],
}
MINE = ["--method", "Mine", "--trained-on", "LOL v1", "--source", "https://example.org"]


@pytest.fixture
def board(tmp_path):
    path = tmp_path / "board.json"
    path.write_text(leaderboard.BOARD.read_text(encoding="utf-8"))
    return path


def lines(folder, **changes):
    path = folder / "lines.jsonl"
    scored = {"method": "mine", "name": "1", "status": "scored"}
    path.write_text("\n".join(map(json.dumps, (scored, {**SUMMARY, **changes}))))
    return str(path)


def test_the_board_follows_its_schema():
    assert len(leaderboard.read()["rows"]) > 10
    assert leaderboard.main(["check"]) == 0


def test_the_page_shows_the_board():
    assert docs_benchmark.TARGET.read_text(encoding="utf-8") == docs_benchmark.text(), (
        "run: make docs"
    )
    assert docs_benchmark.TARGET == DOCS / "benchmark.md"
    assert "{" not in docs_benchmark.text()


def test_every_protocol_has_its_table():
    assert set(docs_benchmark.TABLES.values()) == set(leaderboard.read()["protocols"])


def test_a_row_is_added_and_replaced(board, tmp_path):
    count = len(leaderboard.read(board)["rows"])
    add = ["--board", str(board), "add", lines(tmp_path), *MINE]
    assert leaderboard.main(add) == 0
    assert leaderboard.main([*add, "--note", "Again."]) == 0
    rows = leaderboard.read(board)["rows"]
    [mine] = [row for row in rows if row["method"] == "Mine"]
    assert len(rows) == count + 1
    assert mine["scores"] == {"psnr": 20.12, "ssim": 0.8123, "gt_mean_psnr": 25.0}
    assert (mine["kind"], mine["reproduced"], mine["note"]) == ("measured", "yes", "Again.")


def test_warnings_of_the_evaluation_become_part_of_the_row(board, tmp_path):
    warned = lines(tmp_path, warnings=["the levels are those of the references"])
    assert leaderboard.main(["--board", str(board), "add", warned, *MINE]) == 0
    [mine] = [row for row in leaderboard.read(board)["rows"] if row["method"] == "Mine"]
    assert mine["note"] == "the levels are those of the references"


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"pictures": 14}, "14 pictures scored and 0 failed"),
        ({"failed": 1}, "15 pictures scored and 1 failed"),
        ({"mean": {"noise": 0.1}}, "no psnr, ssim, gt_mean_psnr"),
        ({"status": "scored"}, "0 methods instead of one"),
    ],
)
def test_what_is_not_the_protocol_is_refused(board, tmp_path, capsys, changes, said):
    before = board.read_text()
    assert leaderboard.main(["--board", str(board), "add", lines(tmp_path, **changes), *MINE]) == 1
    assert said in capsys.readouterr().err
    assert board.read_text() == before


@pytest.mark.parametrize(
    "content, said", [(None, "No such file"), ("PSNR 20", "not the output of")]
)
def test_a_fault_of_the_lines_is_told_with_their_file(board, tmp_path, capsys, content, said):
    path = tmp_path / "mine.jsonl"
    if content:
        path.write_text(content)
    assert leaderboard.main(["--board", str(board), "add", str(path), *MINE]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{path}: ") and said in told


def test_a_board_that_breaks_the_schema_is_refused(board, capsys):
    content = json.loads(board.read_text())
    content["rows"][0]["reproduced"] = "perhaps"
    board.write_text(json.dumps(content))
    assert leaderboard.main(["--board", str(board), "check"]) == 1
    assert "rows/0/reproduced: 'perhaps' is not one of" in capsys.readouterr().err


def test_rows_of_ours_say_what_their_cards_say():
    ours = {
        row["method"].removeprefix("scotopic "): row["scores"]
        for row in leaderboard.read()["rows"]
        if row["method"].startswith("scotopic ")
    }
    assert set(ours) <= registry().keys() and "mirnet_small_lol" in ours
    for name, scores in ours.items():
        card = (CARDS / f"{name}.md").read_text(encoding="utf-8")
        stated = {float(number) for number in re.findall(r"\| (\d+\.\d+)\b", card)}
        assert {scores["psnr"], scores["gt_mean_psnr"]} <= stated, f"{name}: leaderboard.py add"

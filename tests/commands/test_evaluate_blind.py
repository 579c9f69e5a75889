"""scotopic evaluate --blind: from pictures to sheets, and from ballots to a ranking."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from scotopic.cli import main

KEY = "KEY_do_not_open_before_judging.json"


def evaluate(*arguments):
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with photos in ``low`` and results in ``good``, ``fair`` and ``poor``."""
    rng = np.random.default_rng(0)
    for name, gain in {"low": 1, "good": 4, "fair": 3, "poor": 2}.items():
        (tmp_path / name).mkdir()
        for photo in ("1", "2", "3"):
            coarse = rng.integers(0, 60, (6, 8, 3), dtype=np.uint8)
            dark = Image.fromarray(coarse).resize((120, 90), Image.Resampling.BICUBIC)
            dark.point(lambda level, gain=gain: gain * level).save(tmp_path / name / f"{photo}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


RESULTS = ("--results", "good", "--results", "fair", "--results", "poor")
WRITE = ("--inputs", "low", *RESULTS, "--blind", "sheets")


def letters_of(folder, photo):
    """Letter by method, from the key."""
    entries = json.loads((folder / "sheets" / KEY).read_text())["photos"][photo]
    return {entry["method"]: letter for letter, entry in entries.items()}


def fill_in(folder, name, judge, orders):
    """Fill in a copy of the empty ballot, with rankings of methods in place of letters."""
    head, *rows = (folder / "sheets" / "ballot.csv").read_text().splitlines()
    lines = [head]
    for row in rows:
        photo = row.split(",")[0]
        ranking = orders[photo]
        for method, letter in letters_of(folder, photo).items():
            ranking = ranking.replace(method, letter)
        lines.append(f"{photo},{judge},{ranking}")
    (folder / name).write_text("\n".join([*lines, ""]))
    return folder / name


def test_sheets_are_written_judged_and_tallied(folder):
    done = evaluate(*WRITE)
    assert done.exit_code == 0 and done.stderr == ""
    assert done.stdout.startswith("sheets: 12 sheets of 3 photos\n") and KEY in done.stdout
    for path in (folder / "sheets").glob("*.png"):
        with Image.open(path) as sheet:
            assert sheet.format == "PNG" and sheet.width < 1000
    assert len(list((folder / "sheets").iterdir())) == 12 + 2

    ann = {"1": "good>fair>poor", "2": "good=fair>poor", "3": "fair>good>poor"}
    bob = dict.fromkeys("123", "good>fair>poor")
    ballots = (
        *("--tally", fill_in(folder, "ann.csv", "Ann", ann)),
        *("--tally", fill_in(folder, "bob.csv", "Bob", bob)),
    )
    done = evaluate("--blind", "sheets", *ballots, "--json")
    assert done.exit_code == 0 and done.stderr == ""
    good, fair, poor = map(json.loads, done.stdout.splitlines())
    assert [line["method"] for line in (good, fair, poor)] == ["good", "fair", "poor"]
    assert good["mean"] == pytest.approx({"rank": (1 + 1.25 + 1.5) / 3, "first": 2.25 / 3})
    assert good["interval"]["rank"] == [1, 1.5] and poor["interval"]["rank"] == [3, 3]
    assert good["wins"] == {"fair": 4, "poor": 6} and fair["wins"] == {"good": 1, "poor": 6}
    assert (good["judges"], good["photos"], good["rankings"]) == (2, 3, 6)

    done = evaluate("--blind", "sheets", *ballots)
    assert done.exit_code == 0
    first, _, best, *_ = done.stdout.splitlines()
    assert first == "6 rankings of 3 photos by 2 judges, with 95 % interval"
    assert best.split()[:3] == ["1", "good", "1.25"]


def test_the_same_seed_gives_the_same_files_and_another_one_other_letters(folder):
    def written(seed, name):
        assert evaluate(*WRITE[:-1], name, "--seed", seed).exit_code == 0
        return {path.name: path.read_bytes() for path in (folder / name).iterdir()}

    assert written(5, "one") == written(5, "again")
    keys = {json.dumps(json.loads(written(seed, f"s{seed}")[KEY])["photos"]) for seed in range(4)}
    assert len(keys) > 1


def test_nothing_is_overwritten_unless_it_is_said(folder):
    evaluate(*WRITE)
    (folder / "sheets" / "ballot.csv").write_text("filled in")
    (folder / "sheets" / KEY).unlink()
    again = evaluate(*WRITE)
    assert again.exit_code == 1 and not (folder / "sheets" / KEY).exists()
    assert again.stderr == "scotopic: sheets/ballot.csv: exists already; use --overwrite\n"
    assert (folder / "sheets" / "ballot.csv").read_text() == "filled in"
    assert evaluate(*WRITE, "--overwrite").exit_code == 0
    assert (folder / "sheets" / "ballot.csv").read_text().startswith("photo,judge,ranking\n")


def test_pictures_that_do_not_go_together_are_named_and_nothing_is_written(folder):
    Image.new("RGB", (90, 120)).save(folder / "fair" / "2.png")
    done = evaluate(*WRITE)
    assert done.exit_code == 2
    assert done.stderr == ("scotopic: fair/2.png: the result is 90x120 pixels, its input 120x90\n")
    (folder / "fair" / "2.png").unlink()
    done = evaluate(*WRITE)
    assert done.exit_code == 1
    assert done.stderr == "scotopic: low/2.png: no picture of this name in fair\n"
    assert not (folder / "sheets").exists()


def test_a_wrong_ballot_is_named_with_its_line(folder):
    evaluate(*WRITE)
    (folder / "b.csv").write_text("photo,judge,ranking\n1,Ann,A>B>C\n2,Ann,A>B>D\n")
    done = evaluate("--blind", "sheets", "--tally", "b.csv")
    assert done.exit_code == 1 and done.stdout == ""
    assert done.stderr == (
        "scotopic: b.csv: line 3: the ranking 'A>B>D' has the letter D; the candidates are "
        "A, B, C\n"
    )


def test_rows_without_a_ranking_are_said_and_the_rest_is_tallied(folder):
    evaluate(*WRITE)
    (folder / "b.csv").write_text("photo,judge,ranking\n1,Ann,A>B>C\n2,,\n3,,\n")
    done = evaluate("--blind", "sheets", "--tally", "b.csv")
    assert done.exit_code == 0 and done.stdout.startswith("1 ranking of 1 photo by 1 judge")
    assert done.stderr == "scotopic: 2 rows have no ranking\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--blind", "sheets"), "--blind needs --inputs and several --results, or --tally"),
        (("--blind", "sheets", "--inputs", "low"), "--blind needs --inputs and several"),
        (("--blind", "sheets", *RESULTS), "--blind needs --inputs and several"),
        (("--blind", "s", "--inputs", "low", "--results", "good"), "2 to 26 methods can be"),
        ((*WRITE, "--json", "--html", "r.html"), "--html, --json: not together with --blind"),
        ((*WRITE, "--tally", "b.csv"), "--inputs, --results: not together with --tally"),
        (("--inputs", "low", "--seed", "1"), "--seed: only together with --blind"),
        (("--tally", "b.csv", "--overwrite"), "--overwrite, --tally: only together with --blind"),
    ],
)
def test_wrong_calls_exit_with_2_and_a_line(folder, options, message):
    done = evaluate(*options)
    assert done.exit_code == 2 and message in done.stderr
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert not (folder / "sheets").exists()

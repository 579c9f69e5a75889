import numpy as np
import pytest

from scotopic.evaluation.blind.ballots import Ranking
from scotopic.evaluation.blind.tally import as_records, as_table, tally


def rankings(*rows):
    """Rankings from rows such as ``("1", "Ann", "x>y=z")``, with methods in place of letters."""
    return [
        Ranking(photo, judge, tuple(tuple(place.split("=")) for place in text.split(">")))
        for photo, judge, text in rows
    ]


@pytest.fixture
def outcome():
    return tally(
        rankings(
            ("1", "Ann", "x>y>z"),
            ("1", "Bob", "x=y>z"),
            ("2", "Ann", "z>x=y"),
        )
    )


def test_ranks_firsts_and_wins_are_those_computed_by_hand(outcome):
    """Ranks on photo 1: x 1 and 1.5, y 2 and 1.5, z 3 and 3; on photo 2: x and y 2.5, z 1."""
    assert (outcome.judges, outcome.photos, outcome.rankings) == (2, 2, 3)
    standings = {standing.method: standing for standing in outcome.standings}
    means = {method: standing.mean for method, standing in standings.items()}
    assert means == {
        "x": {"rank": (1.25 + 2.5) / 2, "first": (0.75 + 0) / 2},
        "y": {"rank": (1.75 + 2.5) / 2, "first": (0.25 + 0) / 2},
        "z": {"rank": (3 + 1) / 2, "first": (0 + 1) / 2},
    }
    assert {method: standing.wins for method, standing in standings.items()} == {
        "x": {"y": 1, "z": 2},
        "y": {"x": 0, "z": 2},
        "z": {"x": 1, "y": 1},
    }


def test_the_best_mean_rank_comes_first(outcome):
    assert [standing.method for standing in outcome.standings] == ["x", "z", "y"]


def test_the_interval_of_two_photos_reaches_from_one_to_the_other(outcome):
    first = outcome.standings[0]
    assert first.interval == {"rank": (1.25, 2.5), "first": (0, 0.75)}


def test_a_three_way_tie_shares_the_mean_rank_and_the_first_place():
    for standing in tally(rankings(("1", "Ann", "x=y=z"))).standings:
        assert standing.mean == {"rank": 2, "first": pytest.approx(1 / 3)}
        assert set(standing.wins.values()) == {0}


def test_photos_weigh_the_same_however_many_judges_have_ranked_them():
    many = [("1", judge, "x>y") for judge in "abcdefgh"]
    best = tally(rankings(*many, ("2", "a", "y>x"))).standings[0]
    assert best.mean == {"rank": 1.5, "first": 0.5}


def test_the_interval_is_that_of_a_share_of_photos():
    """Of 100 photos, x is first on 70: the standard error is sqrt(0.7 0.3 / 100)."""
    rows = [(str(photo), "Ann", "x>y" if photo < 70 else "y>x") for photo in range(100)]
    best = tally(rankings(*rows)).standings[0]
    error = np.sqrt(0.7 * 0.3 / 100)
    assert best.method == "x" and best.mean["first"] == pytest.approx(0.7)
    wanted = (0.7 - 1.96 * error, 0.7 + 1.96 * error)
    assert best.interval["first"] == pytest.approx(wanted, abs=0.015)
    low, high = best.interval["rank"]
    assert (2 - high, 2 - low) == pytest.approx(best.interval["first"]), "of two, rank is 2 - first"


def test_a_second_judge_who_agrees_does_not_narrow_the_interval():
    rows = [(str(photo), "Ann", "x>y" if photo % 3 else "y>x") for photo in range(30)]
    both = rows + [(photo, "Bob", text) for photo, _, text in rows]
    one, two = (tally(rankings(*given)).standings[0] for given in (rows, both))
    assert one.interval == two.interval and two.wins == {"y": 40}


def test_intervals_depend_on_the_seed_alone():
    rng = np.random.default_rng(0)
    texts = ["x>y>z", "y>z>x", "z>x>y", "x=z>y"]
    rows = rankings(*[(str(photo), "Ann", texts[rng.integers(4)]) for photo in range(37)])
    assert tally(rows, 1) == tally(rows, 1)
    seeds = {str([one.interval for one in tally(rows, seed).standings]) for seed in range(4)}
    assert len(seeds) > 1


def test_a_record_of_each_method_has_plain_values(outcome):
    first = as_records(outcome)[0]
    assert first == {
        "method": "x",
        "status": "ranked",
        "judges": 2,
        "photos": 2,
        "rankings": 3,
        "mean": {"rank": 1.875, "first": 0.375},
        "interval": {"rank": [1.25, 2.5], "first": [0, 0.75]},
        "wins": {"y": 1, "z": 2},
    }


def test_the_table_has_the_ranking_and_the_wins(outcome):
    assert as_table(outcome).splitlines() == [
        "3 rankings of 2 photos by 2 judges, with 95 % interval",
        "       mean rank               share of firsts",
        "  1  x 1.88  1.25 to 2.50      0.38  0.00 to 0.75",
        "  2  z 2.00  1.00 to 3.00      0.50  0.00 to 1.00",
        "  3  y 2.12  1.75 to 2.50      0.12  0.00 to 0.25",
        "rankings that put the method of the row above that of the column",
        "            1     2     3",
        "  1  x      -     2     1",
        "  2  z      1     -     1",
        "  3  y      0     2     -",
    ]

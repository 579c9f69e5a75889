import pytest

from scotopic.errors import MissingFileError, ScotopicError, UnreadableError
from scotopic.evaluation.blind import ballots
from scotopic.evaluation.blind.trials import Key

KEY = Key(
    ("x", "y", "z"),
    {"1": {"A": "x", "B": "y", "C": "z"}, "2": {"A": "z", "B": "x", "C": "y"}},
)


@pytest.fixture
def ballot(tmp_path):
    """Writes a ballot of lines under the usual head."""

    def write(*lines, name="ballot.csv"):
        path = tmp_path / name
        path.write_text("\n".join(["photo,judge,ranking", *lines, ""]), encoding="utf-8")
        return path

    return write


def test_letters_become_the_methods_of_their_photo(ballot):
    path = ballot("1,Ann,B>A>C", "2,Ann,B>A>C", "2,Bob,a = c > b")
    found = ballots.read([path], KEY)
    assert found.empty == 0
    assert found.rankings == [
        ballots.Ranking("1", "Ann", (("y",), ("x",), ("z",))),
        ballots.Ranking("2", "Ann", (("x",), ("z",), ("y",))),
        ballots.Ranking("2", "Bob", (("z", "y"), ("x",))),
    ]


def test_several_ballots_are_read_together(ballot):
    paths = [ballot("1,Ann,A>B>C"), ballot("1,Bob,C>B>A", name="other.csv")]
    assert [one.judge for one in ballots.read(paths, KEY).rankings] == ["Ann", "Bob"]


def test_rows_without_a_ranking_are_counted_and_blank_ones_are_not(ballot):
    found = ballots.read([ballot("1,Ann,A>B>C", "2,,", "", ",,", "2,Bob,")], KEY)
    assert len(found.rankings) == 1 and found.empty == 2


def test_a_spreadsheet_s_mark_line_ends_and_more_columns_do_no_harm(tmp_path):
    text = '\ufeffphoto,remark,judge,ranking\r\n1,"dull, but clean",Ann,A>B>C\r\n'
    (tmp_path / "b.csv").write_bytes(text.encode())
    assert len(ballots.read([tmp_path / "b.csv"], KEY).rankings) == 1


def test_an_empty_ballot_can_be_filled_in(tmp_path):
    text = ballots.empty(["1", "2"]).decode().replace("1,,", "1,Ann,A=B=C")
    (tmp_path / "b.csv").write_text(text)
    found = ballots.read([tmp_path / "b.csv"], KEY)
    assert [one.places for one in found.rankings] == [(("x", "y", "z"),)] and found.empty == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,Ann,A>B>D", "the ranking 'A>B>D' has the letter D; the candidates are A, B, C"),
        ("1,Ann,AB>C", "the ranking 'AB>C' has the letter AB; the candidates are A, B, C"),
        ("1,Ann,A>C", "the ranking 'A>C' lacks B"),
        ("1,Ann,B", "the ranking 'B' lacks A, C"),
        ("1,Ann,A>B>C>A", "the ranking 'A>B>C>A' has a letter twice"),
        ("1,Ann,A>>B>C", "the ranking 'A>>B>C' is not of the form B>A=C"),
        ("7,Ann,A>B>C", "the key has no photo '7'"),
        ("7,,", "the key has no photo '7'"),
        ("1,,A>B>C", "no judge is named"),
        ("2,Ann,A>B>C", "Ann has ranked photo 2 before"),
    ],
)
def test_a_wrong_row_is_named_with_file_and_line(ballot, row, message):
    path = ballot("2,Ann,A>B>C", "2,Bob,A>B>C", row)
    with pytest.raises(ScotopicError) as caught:
        ballots.read([path], KEY)
    assert str(caught.value) == f"{path}: line 4: {message}"


def test_a_photo_that_a_judge_ranks_in_two_ballots_is_named(ballot):
    paths = [ballot("1,Ann,A>B>C"), ballot("1,Ann,A>B>C", name="other.csv")]
    with pytest.raises(ScotopicError) as caught:
        ballots.read(paths, KEY)
    assert str(caught.value) == f"{paths[1]}: line 2: Ann has ranked photo 1 before"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1: no column photo and judge and ranking"),
        (b"photo;judge;ranking\n1;Ann;A>B>C\n", "fields are parted by commas"),
        (b"photo,ranking\n1,A>B>C\n", "line 1: no column judge;"),
        (b"photo,judge,ranking\n1,\xff,A>B>C\n", "is no CSV file in UTF-8"),
    ],
)
def test_what_is_no_ballot_is_named(tmp_path, data, message):
    (tmp_path / "b.csv").write_bytes(data)
    with pytest.raises(UnreadableError, match=message) as caught:
        ballots.read([tmp_path / "b.csv"], KEY)
    assert caught.value.path == str(tmp_path / "b.csv")


def test_ballots_without_any_ranking_are_refused(ballot):
    with pytest.raises(ScotopicError, match="no row has a ranking"):
        ballots.read([ballot("1,,", "2,,")], KEY)


def test_a_missing_ballot_is_named(tmp_path):
    with pytest.raises(MissingFileError) as caught:
        ballots.read([tmp_path / "none.csv"], KEY)
    assert caught.value.path == str(tmp_path / "none.csv")

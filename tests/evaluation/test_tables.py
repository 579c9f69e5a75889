import csv
import io

from scotopic.evaluation import tables
from scotopic.evaluation.columns import Score

ONE = [Score("1", {"psnr": 20.0, "reference_exposure": 0.4}), Score("2", {"psnr": 22.5})]
OTHER = [Score("1", {"psnr": 21.0}), Score("2", {"psnr": 25.5})]


def test_csv_has_a_line_for_each_method_and_picture():
    rows = list(csv.DictReader(io.StringIO(tables.as_csv({"one": ONE, "other": OTHER}))))
    assert [(row["method"], row["name"], float(row["psnr"])) for row in rows] == [
        ("one", "1", 20),
        ("one", "2", 22.5),
        ("other", "1", 21),
        ("other", "2", 25.5),
    ]
    assert [row["reference_exposure"] for row in rows] == ["0.4", "", "", ""]


def test_the_table_has_the_mean_of_each_method_and_their_difference():
    lines = tables.as_table({"one": ONE, "other": OTHER}).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "one: mean of 2 pictures, with 95 % interval",
        "PSNR, dB 21.25 20.00 to 22.50",
        "other: mean of 2 pictures, with 95 % interval",
        "PSNR, dB 23.25 21.00 to 25.50",
        "other minus one: mean difference over 2 pictures",
        "PSNR, dB 2.00 1.00 to 3.00",
    ]


def test_the_table_has_the_error_of_the_best_constant():
    scores = [Score("1", {"reference_exposure": 0.4})]
    assert "exposure error, best constant  0.000" in tables.as_table({"one": scores})


def test_a_method_without_scores_is_left_out_of_the_table():
    assert tables.as_table({"one": []}) == ""
    assert tables.as_table({"one": [], "other": OTHER}) == tables.as_table({"other": OTHER})
    assert tables.as_table({"one": ONE, "other": []}) == tables.as_table({"one": ONE})


def test_the_table_of_methods_without_a_common_picture_says_so():
    table = tables.as_table({"one": ONE[:1], "other": OTHER[1:]})
    assert table.endswith("other minus one: mean difference over 0 pictures")

"""Sizes that keep the code readable. (Ruff counts the parameters of functions.)"""

from places import ROOT

MOST_LINES = 350


def test_no_module_has_more_than_350_lines():
    lines = {path: len(path.read_text().splitlines()) for path in ROOT.glob("scotopic/**/*.py")}
    assert len(lines) > 100
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}

"""Sizes that keep the code readable. (Ruff counts the parameters of functions.)"""

from places import ROOT

MOST_LINES = 350


def test_no_module_has_more_than_350_lines():
    paths = [path for suffix in ("py", "js") for path in ROOT.glob(f"scotopic/**/*.{suffix}")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert len(lines) > 100
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}

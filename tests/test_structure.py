"""Sizes that keep the code readable."""

import ast

from places import ROOT

PACKAGE = ROOT / "scotopic"
MOST_LINES, MOST_PARAMETERS = 350, 6
KEYWORDS_ALONE = {("api.py", "enhance"), ("api.py", "enhance_folder")}
"""The faces of the package, each option of which is a keyword by its own name."""


def functions():
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield str(path.relative_to(PACKAGE)), node


def test_no_function_has_more_than_six_parameters():
    long = set()
    for module, function in functions():
        given = function.args
        names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        if len([name for name in names if name not in ("self", "cls")]) > MOST_PARAMETERS:
            long.add((module, function.name))
    assert long == KEYWORDS_ALONE


def test_no_module_has_more_than_350_lines():
    lines = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}

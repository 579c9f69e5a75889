"""The commands and the code on the page on training are such as can be run."""

import ast
import importlib
import re
import shlex

import pytest

pytest.importorskip("keras", reason="training needs keras")

from places import DOCS

from scotopic.cli import main
from scotopic.training import presets

PAGE = (DOCS / "training.md").read_text()
COMMANDS = [
    shlex.split(line)
    for line in PAGE.replace("\\\n", " ").splitlines()
    if re.match(r"    scotopic (train|export) ", line)
]


def parsed(words):
    """The options of a command line, which is not run."""
    command = main.get_command(None, words[1])
    return command.make_context(words[1], words[2:]).params


def test_the_page_has_commands():
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_has_options_presets_and_recipes_that_exist(words):
    options = parsed(words)
    if words[1] == "train":
        presets.find_recipe(options["recipe"], options["preset"])
        assert (options["epochs"] is None) != (options["minutes"] is None)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_what_the_code_imports_exists(block):
    names = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
    for node in names:
        module = importlib.import_module(node.module)
        assert all(hasattr(module, name.name) for name in node.names)
    assert names

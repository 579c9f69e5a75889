"""The pixels of the page: JavaScript twins of scotopic.pixels, tested with what it computes."""

import json
import math
import re

import golden_vectors
import pytest
from node_checks import WEB, node


def assert_alike(found, wanted, where):
    """The same structure and texts, and numbers that differ by rounding alone."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), where
        pairs = ((key, found[key], wanted[key]) for key in wanted)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        pairs = ((i, *both) for i, both in enumerate(zip(found, wanted, strict=True)))
    else:
        same = found == wanted
        if isinstance(wanted, float):
            same = math.isclose(found, wanted, rel_tol=1e-5, abs_tol=1e-6)
        assert same, f"{where}: {found}, not {wanted}"
        return
    for key, one, other in pairs:
        assert_alike(one, other, f"{where} {key}")


@pytest.mark.parametrize("name", golden_vectors.VECTORS)
def test_the_golden_vectors_are_what_the_package_computes(name):
    file = golden_vectors.FOLDER / f"{name}.json"
    written = json.loads(file.read_text(encoding="utf-8"))
    now = json.loads(json.dumps(golden_vectors.plain(golden_vectors.VECTORS[name]())))
    assert_alike(now, written, name)


def test_there_are_no_other_golden_vectors():
    assert {path.stem for path in golden_vectors.FOLDER.iterdir()} == set(golden_vectors.VECTORS)


def test_the_twins_and_the_files_pass_their_tests_in_node():
    files = sorted(WEB.rglob("*.test.mjs"))
    assert files
    printed = node("--test", "--test-reporter=tap", *files)
    passed = int(re.search(r"^# pass (\d+)$", printed, re.MULTILINE)[1])
    assert passed >= len(files)

"""Which room imports which, exactly.

A room is a package or a module that lies directly in scotopic/. `IMPORTS` names
for each room the rooms that it imports, the ground floor first: a room may only
import rooms that stand above it in the table. Print the table anew, as the code
has it, with `python tests/test_imports.py`.
"""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "scotopic"

IMPORTS = {
    "errors": "",
    "machine": "",
    "types": "",
    "version": "",
    "pixels": "errors types",
    "storage": "errors machine",
    "wish": "errors types",
    "measures": "errors pixels types",
    "networks": "errors machine pixels storage types wish",
    "photo": "errors machine storage types",
    "datasets": "errors photo pixels types",
    "enhancer": "errors machine networks pixels types wish",
    "doctor": "enhancer errors machine networks version",
    "evaluation": "datasets enhancer errors measures networks photo pixels storage types version wish",
    "series": "enhancer errors machine networks pixels types wish",
    "training": "datasets errors measures networks pixels storage types version",
    "jobs": "enhancer errors machine networks photo pixels series storage types version wish",
    "cloud": "enhancer errors jobs photo storage version",
    "api": "enhancer errors jobs machine networks photo storage types wish",
    "video": "enhancer errors jobs series storage types version wish",
    "cluster": "cloud enhancer errors jobs machine networks types",
    "serve": "enhancer errors jobs machine networks photo storage version wish",
    "commands": "cloud cluster datasets doctor enhancer errors evaluation jobs machine networks photo serve storage training video wish",
    "cli": "commands version",
    "scotopic": "api enhancer errors jobs series version wish",
    "__main__": "cli",
}
FACE = "scotopic"
"""The package's own `__init__.py`, as a room."""


def room_of(path):
    """The room that a source file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return FACE if parts[0] == "__init__" else parts[0]


def imported_rooms(source):
    """The rooms that a source text imports, at its head, in functions and for types alone."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for first, *rest in (name.split(".") for name in names):
            if first == "scotopic":
                inside = rest and ((ROOT / rest[0]).is_dir() or (ROOT / f"{rest[0]}.py").is_file())
                yield rest[0] if inside else FACE


@cache
def imports_in_code():
    """Each room with the rooms that its files import."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        room = room_of(path)
        found.setdefault(room, set()).update(imported_rooms(path.read_text(encoding="utf-8")))
    return {room: rooms - {room} for room, rooms in found.items()}


def in_order(imports):
    """The rooms so that each comes after all that it imports; fails where there is a circle."""
    left, order = dict(imports), []
    while left:
        ready = sorted(room for room, rooms in left.items() if not rooms & left.keys())
        assert ready, f"these rooms import each other in a circle: {sorted(left)}"
        order += ready
        for room in ready:
            del left[room]
    return order


def as_table(imports):
    """The table as it stands above, from the code."""
    lines = [f'    "{room}": "{" ".join(sorted(imports[room]))}",' for room in in_order(imports)]
    return "\n".join(["IMPORTS = {", *lines, "}"])


def table():
    return {room: set(rooms.split()) for room, rooms in IMPORTS.items()}


def test_every_room_stands_in_the_table():
    assert set(imports_in_code()) == set(IMPORTS)


@pytest.mark.parametrize("room", IMPORTS)
def test_a_room_imports_what_the_table_says_and_no_more(room):
    found, allowed = imports_in_code()[room], table()[room]
    assert found - allowed == set(), f"{room} imports what the table does not allow"
    assert allowed - found == set(), f"the table allows {room} what it does not import"


def test_a_room_imports_only_rooms_above_it_in_the_table():
    above = set()
    for room, rooms in table().items():
        assert rooms <= above, f"{room} stands above {rooms - above}"
        above.add(room)


@pytest.mark.parametrize("room", ["training", "evaluation"])
def test_nothing_but_commands_imports_what_only_researchers_need(room):
    assert {other for other, rooms in table().items() if room in rooms} == {"commands"}


def test_ray_is_imported_in_one_module_alone():
    holders = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "ray")
        or (isinstance(node, ast.Import) and any(a.name.split(".")[0] == "ray" for a in node.names))
    }
    assert holders == {"cluster/on_ray.py"}


def test_pixels_need_numpy_alone():
    names = set()
    for path in (ROOT / "pixels").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    assert names - sys.stdlib_module_names == {"numpy", "scotopic"}


def test_an_import_is_seen_wherever_it_stands():
    source = (
        "import scotopic.errors\n"
        "from scotopic import Enhancer, storage\n"
        "from scotopic.photo.codecs import deep\n"
        "def work():\n"
        "    from scotopic.training import loop\n"
    )
    assert set(imported_rooms(source)) == {"errors", FACE, "storage", "photo", "training"}


def modules_after(code):
    """The packages that are loaded after some code ran, in a new process."""
    listing = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_scotopic_loads_nothing_heavy():
    heavy = {"numpy", "PIL", "onnxruntime", "keras", "click"}
    assert not modules_after("import scotopic") & heavy


def test_enhancing_loads_no_training_framework():
    code = (
        "import numpy as np, scotopic\n"
        "scotopic.enhance(np.zeros((20, 20, 3), np.uint8))\n"
        "import scotopic.cli"
    )
    loaded = modules_after(code)
    assert "onnxruntime" in loaded
    assert not loaded & {"ray", "pyarrow", "pandas", "fsspec"}
    assert not loaded & {"keras", "tensorflow", "torch", "jax", "skimage", "scipy", "matplotlib"}


def test_a_worker_needs_nothing_of_ray():
    loaded = modules_after("from scotopic.cluster import EnhanceActor; EnhanceActor()")
    assert "onnxruntime" in loaded
    assert not loaded & {"ray", "pyarrow"}


if __name__ == "__main__":
    print(as_table(imports_in_code()))

import ast
import subprocess
import sys
from pathlib import Path

import scotopic

ROOT = Path(scotopic.__file__).parent
ROOMS = {
    "errors": set(),
    "exposure": {"errors"},
    "tiling": {"errors"},
    "metrics": {"errors", "exposure"},
    "files": {"errors"},
    "formats": {"errors", "formats"},
    "machine": set(),
    "limits": {"errors", "formats", "machine"},
    "photo": {"errors", "files", "formats", "limits"},
    "encoding": {"errors", "formats", "photo"},
    "session": {"errors", "files", "machine"},
    "pieces": {"exposure", "tiling"},
    "blending": {"exposure", "pieces", "session", "tiling"},
    "enhancer": {"blending", "errors", "exposure", "machine", "pieces", "session", "tiling"},
    "settings": {"enhancer", "errors", "formats", "limits", "photo"},
    "large": {"errors", "formats", "limits", "photo"},
    "single": {
        "encoding",
        "enhancer",
        "errors",
        "exposure",
        "files",
        "formats",
        "large",
        "photo",
        "settings",
    },
    "index": set(),
    "walk": set(),
    "manifest": {"errors", "files", "index"},
    "planning": {"errors", "formats", "index", "photo", "settings", "walk"},
    "batch": {
        "enhancer",
        "errors",
        "files",
        "machine",
        "manifest",
        "planning",
        "settings",
        "single",
    },
    "niqe": {"errors", "exposure"},
    "data": {"errors", "exposure", "files", "photo"},
    "cases": {"errors", "data", "photo"},
    "checks": {"cases", "data"},
    "report": {"files", "photo"},
    "evaluation": {
        "encoding",
        "files",
        "errors",
        "photo",
        "enhancer",
        "metrics",
        "exposure",
        "cases",
        "checks",
        "niqe",
    },
    "perceptual": {"errors", "cases", "evaluation"},
    "judging": {
        "errors",
        "cases",
        "checks",
        "data",
        "enhancer",
        "evaluation",
        "perceptual",
        "report",
        "session",
    },
    "api": {"batch", "encoding", "enhancer", "errors", "photo", "single"},
    "doctor": {"errors", "enhancer", "machine", "session"},
    "training": {"data", "errors", "exposure", "metrics", "session", "training"},
}
ANYWHERE = {"cli", "commands", "__init__", "__main__"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scotopic"):
            parts = node.module.split(".")
            names = parts[1:2] or [alias.name for alias in node.names]
            yield from (name for name in names if name != "__version__")


def test_imports_go_one_way():
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in ANYWHERE:
            assert set(imported(path)) <= ROOMS[room], path


def modules_after(code):
    listing = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_loads_nothing_heavy():
    assert not modules_after("import scotopic") & {"numpy", "PIL", "onnxruntime", "keras"}


def test_enhancing_loads_no_training_framework(tmp_path):
    code = (
        "import numpy as np, scotopic\n"
        "scotopic.enhance(np.zeros((20, 20, 3), np.uint8))\n"
        "import scotopic.cli"
    )
    loaded = modules_after(code)
    assert "onnxruntime" in loaded
    assert not loaded & {"keras", "tensorflow", "torch", "jax", "skimage", "scipy"}

"""Node.js, and what tests have it do."""

import json
import re
import shutil
import subprocess

import pytest
from places import ROOT, TESTS

WEB = TESTS / "web"
NODE = shutil.which("node")
OLDEST_NODE = (20, 19)
"""The first that takes a file with `import` in it for a module without being told."""


def need_node():
    """Skip a test where there is no Node.js that runs modules."""
    if NODE is None:
        pytest.skip("Node.js is not installed")
    text = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
    if version < OLDEST_NODE:
        pytest.skip(f"Node.js {text.strip()} is older than 20.19")


def node(*arguments):
    """What a script prints."""
    need_node()
    done = subprocess.run(
        [NODE, "--no-warnings", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lay_out(folder):
    """Lay the page without a server into a folder, but for its runtime."""
    build = (ROOT / "web" / "build.mjs").as_uri()
    code = f'const {{ layOut }} = await import("{build}"); layOut({json.dumps(str(folder))});'
    node("--input-type=module", "-e", code)


def written_again(folder, source, target, **options):
    """Read a picture and write it as the page does; the notes, or the error."""
    return json.loads(node(WEB / "in_node.mjs", folder, source, target, json.dumps(options)))

import subprocess
import sys

import pytest
from places import BENCHMARKS

pytestmark = pytest.mark.slow


def test_damaged_files_are_refused_in_one_line_or_enhanced():
    command = [sys.executable, BENCHMARKS / "fuzz.py", "--count", "200", "--seed", "1000000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-1000:]
    assert "'refused'" in done.stdout and "'enhanced'" in done.stdout


def test_killed_folders_end_as_undisturbed_ones():
    command = [sys.executable, BENCHMARKS / "kills.py", "--files", "12", "--rounds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-1000:]
    assert "2 kills: 0 wrong" in done.stdout

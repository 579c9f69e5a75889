"""The examples for Dask and Spark, run where these are installed."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest
from places import ROOT

EXAMPLES = ROOT / "examples" / "cluster"


def run_example(name, source, out):
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, str(EXAMPLES / name), str(source), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("name", ["with_dask.py", "with_spark.py"])
def test_an_example_fits_a_page(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    code = text.split('"""\n', 1)[1].splitlines()
    assert len([line for line in code if line.strip()]) <= 40


@pytest.mark.parametrize("name", ["with_dask.py", "with_spark.py"])
def test_without_arguments_or_its_package_an_example_says_a_line(name):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"{name} SOURCE OUTPUT" in done.stderr or "pip install" in done.stderr


@pytest.mark.slow
def test_dask_makes_all_results_and_repeats_none(photos, tmp_path):
    pytest.importorskip("dask.bag", reason="dask[bag] is not installed")
    pytest.importorskip("distributed", reason="distributed is not installed")
    done = run_example("with_dask.py", photos, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "enhanced 12\n"
    assert len(list((tmp_path / "out").rglob("*.png"))) == 12
    again = run_example("with_dask.py", photos, tmp_path / "out")
    assert again.stdout == "skipped 12\n"


@pytest.mark.slow
def test_spark_makes_all_results_and_repeats_none(photos, tmp_path):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("java is not installed, which pyspark needs")
    for status in ("enhanced", "skipped"):
        done = run_example("with_spark.py", photos, tmp_path / "out")
        assert done.returncode == 0, done.stderr
        assert re.search(rf"{status}\s*\|\s*12\s*\|", done.stdout)
    assert len(list((tmp_path / "out").rglob("*.png"))) == 12

"""`scotopic cluster` as it is installed, on a cluster of this machine."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="extra ray")
pq = pytest.importorskip("pyarrow.parquet", reason="extra ray")
from cluster_runs import make_pictures, run_cluster
from processes import Processes

PATIENCE = 300
"""Seconds until a cluster has started that is given up."""


def hashes(folder):
    found = [path for path in folder.rglob("*.png") if ".scotopic" not in path.parts]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def enhanced_plainly(source, out):
    command = [sys.executable, "-m", "scotopic", "enhance", source, "-o", f"{out}/", "-q"]
    subprocess.run([*map(str, command), "--model", "fast"], check=True)
    return hashes(out)


def wait_until(true, process=None):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if true():
            return
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("it took too long")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("many"), 80)


def start(source, out, report, processes):
    command = [sys.executable, "-m", "scotopic", "cluster", source, "-o", out, "--report", report]
    options = ["--model", "fast", "--workers", "1", "--exposure", "0.4"]
    return subprocess.Popen(
        [*map(str, command), *options],
        env=processes.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_folder_becomes_the_results_of_the_plain_command_and_a_report(photos, tmp_path):
    source = tmp_path / "in"
    make_pictures(source, 12)
    (source / "damaged.png").write_bytes(b"no picture")
    out, report = tmp_path / "out", tmp_path / "report.parquet"
    done = run_cluster(source, "-o", out, "--report", report, "--workers", "1", "--model", "fast")
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert all(line.startswith("scotopic: ") for line in lines)
    assert lines[0] == "scotopic: 13 pictures for 1 worker"
    assert "damaged.png: not a picture" in done.stderr
    assert lines[-1].startswith("scotopic: 12 enhanced, 1 failed in ")
    assert hashes(out) == enhanced_plainly(photos, tmp_path / "plain")
    rows = {Path(row["source"]).name: row for row in pq.read_table(report).to_pylist()}
    assert len(rows) == 13
    assert rows["damaged.png"]["status"] == "failed"
    assert rows["001.png"]["target"] == str(out / "001.png")
    assert rows["001.png"]["worker"].rpartition(":")[2].isdigit()
    told = subprocess.run(
        [sys.executable, "-m", "scotopic", "report", str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split()[:6] == ["done", "12", "skipped", "0", "failed", "1"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_worker_that_is_killed_costs_nothing(many, tmp_path):
    processes, out = Processes(), tmp_path / "out"
    with start(many, out, tmp_path / "r.parquet", processes) as process:
        for least in (2, 30):
            wait_until(lambda least=least: len(hashes(out)) >= least, process)
            before = processes.find("ray::MapWorker")
            for worker in before:
                os.kill(worker, signal.SIGKILL)
            wait_until(
                lambda before=before: set(processes.find("ray::MapWorker")) - set(before), process
            )
        said, complaints = process.communicate(timeout=PATIENCE)
    assert said == ""
    assert process.returncode == 0, complaints
    table = pq.read_table(tmp_path / "r.parquet")
    assert len(table) == len(set(table["source"].to_pylist())) == 80
    assert set(table["status"].to_pylist()) <= {"enhanced", "skipped"}
    assert len(set(table["worker"].to_pylist())) >= 2
    assert hashes(out).keys() == {str(path.relative_to(many)) for path in many.rglob("*.png")}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_after_the_driver_was_killed_only_the_rest_is_done(many, tmp_path):
    processes, out, report = Processes(), tmp_path / "out", tmp_path / "r.parquet"
    with start(many, out, report, processes) as process:
        wait_until(lambda: len(hashes(out)) >= 20, process)
        process.kill()
        process.wait()
        wait_until(lambda: not processes.find("ray::MapWorker"))
        # Readers of what it wrote to would wait for processes that may end later.
        process.stdout.close()
        process.stderr.close()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert 20 <= len(before) < 80
    with start(many, out, report, Processes()) as process:
        _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, complaints
    assert f"{len(before)} of 80 skipped: finished by an earlier call" in complaints
    assert {path: path.stat().st_mtime_ns for path in before} == before
    table = pq.read_table(report)
    assert len(table) == len(set(table["source"].to_pylist())) == 80
    assert len(hashes(out)) == 80


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (("gone", "-o", "out"), "gone: no such file or folder", 1),
        (("gone.parquet", "-o", "out"), "gone.parquet: no such file", 1),
        (("photos", "-o", "-"), "not on standard input", 2),
        (("photos", "-o", "out", "--exposure", "2"), "exposure must lie between 0 and 1", 2),
        (("photos", "-o", "out", "--model", "none"), "none", 2),
        (("photos", "-o", "out", "--report", "photos"), "already; name a folder that is new", 2),
    ],
)
def test_a_wrong_call_is_told_in_one_line(photos, tmp_path, arguments, told, code):
    given = [str(photos) if each == "photos" else each for each in arguments]
    given = [
        str(tmp_path / each) if each in ("out", "gone", "gone.parquet") else each for each in given
    ]
    done = run_cluster(*given)
    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("address", "told", "code"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1", 1),
        ("ray://head:10001", "'ray://head:10001' is not the address of a Ray cluster", 2),
        ("head", "'head' is not the address of a Ray cluster", 2),
    ],
)
def test_a_cluster_that_is_not_there_is_told(photos, tmp_path, address, told, code):
    done = run_cluster(photos, "-o", tmp_path / "out", "--address", address, "--model", "fast")
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert told in line


@pytest.mark.parametrize("package", ["ray", "pyarrow"])
def test_without_the_package_the_line_to_install_it_is_told(photos, tmp_path, package):
    code = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from scotopic.cli import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "cluster", str(photos), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"scotopic: a cluster needs {package}; pip install 'scotopic[ray]'\n"


def test_other_commands_never_load_ray():
    code = (
        "import sys\nfrom scotopic.cli import main\n"
        "main(['models'], standalone_mode=False)\n"
        "assert not {'ray', 'pyarrow'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

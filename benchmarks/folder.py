"""A folder of very many small pictures: what listing and recording them costs.

    python benchmarks/folder.py [--files 100000] [--folders 100] [--whole]

Makes small JPEGs and measures, each in a process of its own, the seconds and
the peak memory above that of a process that only imports:

- the listing: counting the pictures, then going through the jobs;
- the record: two lines a picture are written;
- reading the record, and asking it of every picture whether it is done; reading
  and hashing inputs and results, which is the work itself, counted apart.

With --whole it runs the command on all of them, once and once more, and on
1,000 of them to compare with.

A process that is started counts the memory of the one that starts it as its
peak: the one that measures imports nothing large.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scotopic.jobs.plan import Plan
    from scotopic.jobs.record import Record
    from scotopic.jobs.settings import Job

VARIANTS = 16
FEW = 1000
STEPS = ("import", "list", "write", "read")


def make_folder(folder: Path, files: int, folders: int) -> None:
    """Write dark pictures of a few kinds: encoding each would take longest."""
    import numpy as np
    from PIL import Image

    rng, encoded = np.random.default_rng(0), []
    for _ in range(VARIANTS):
        buffer = io.BytesIO()
        pixels = rng.integers(0, 60, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
        encoded.append(buffer.getvalue())
    for index in range(folders):
        (folder / f"{index:03}").mkdir(parents=True)
    for index in range(files):
        place = folder / f"{index % folders:03}" / f"picture_{index:06}.jpg"
        place.write_bytes(encoded[index % VARIANTS])


def make(folder: Path, files: int, folders: int) -> None:
    """The same in a process of its own."""
    making = get_context("spawn").Process(target=make_folder, args=(folder, files, folders))
    making.start()
    making.join()


def jobs(source: Path, output: Path) -> Plan:
    """What the command would do."""
    from scotopic.jobs.plan import plan_jobs
    from scotopic.jobs.settings import Placement, Settings

    return plan_jobs([source], Settings(placement=Placement(output, is_folder=True)))


def facts(job: Job, digest: str) -> dict[str, Any]:
    """What the command records."""
    from scotopic.jobs.settings import Settings

    model = {"model": "b" * 64, "version": "0.1.0"}
    made_from = {"input": digest, **model, **Settings().of_result()}
    return {"source": str(job.source), "made_from": made_from}


def write(source: Path, output: Path) -> float:
    """Record all pictures as done, the input itself standing for the result."""
    from scotopic.jobs.record import Record
    from scotopic.storage import sha256_of

    record, apart = Record(output), 0.0
    for job in jobs(source, source.parent / "no_output"):
        began = time.perf_counter()
        digest = sha256_of(job.source.read_bytes())
        apart += time.perf_counter() - began
        target = output / job.source.parent.name / job.source.name
        told = facts(job, digest)
        record.note(target, "started", **told)
        record.note(target, "done", outcome="enhanced", **told, output=digest, seconds=0.012)
    return apart


def read(source: Path, output: Path) -> float:
    """Ask the record of every picture; seconds of reading and hashing files."""
    from scotopic.jobs.record import Record
    from scotopic.storage import sha256_of

    apart = 0.0

    def hashing(self: Record, target: Path) -> bool:
        nonlocal apart
        began = time.perf_counter()
        digest = sha256_of((source / target.parent.name / target.name).read_bytes())
        apart += time.perf_counter() - began
        return self._find(self._outputs, target).get("output") == digest

    Record._is_as_written = hashing  # type: ignore[method-assign]
    began = time.perf_counter()
    record = Record(output)
    print(f"the record is read in {time.perf_counter() - began:.2f} s", file=sys.stderr)
    for job in jobs(source, output):
        began = time.perf_counter()
        digest = sha256_of(job.source.read_bytes())
        apart += time.perf_counter() - began
        made_from = facts(job, digest)["made_from"]
        if not record.is_done(job.target, made_from):
            raise SystemExit(f"{job.target}: recorded, and not found")
    return apart


def step(name: str, source: Path, output: Path) -> None:
    """One measurement, in a process of its own; prints seconds and the work's part of them."""
    import scotopic.jobs.many  # noqa: F401

    began, apart = time.perf_counter(), 0.0
    if name == "list":
        plan = jobs(source, output)
        if sum(1 for _ in plan) != len(plan):
            raise SystemExit("counted other pictures than listed")
    elif name == "write":
        apart = write(source, output)
    elif name == "read":
        apart = read(source, output)
    print(json.dumps([time.perf_counter() - began, apart]))


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds, peak memory in MB, and standard output of a process."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, said


def measure(source: Path, output: Path) -> None:
    """Print the table of the parts."""
    print(f"{'':8}{'seconds':>9}{'of files':>10}{'MB':>8}{'above':>8}")
    baseline = 0.0
    for name in STEPS:
        command = [sys.executable, __file__, "--step", name, str(source), str(output)]
        _, peak, said = run(command)
        seconds, apart = json.loads(said)
        baseline = baseline or peak
        print(f"{name:8}{seconds - apart:9.2f}{apart:10.2f}{peak:8.1f}{peak - baseline:8.1f}")


def whole(folder: Path, files: int, folders: int) -> None:
    """Print what the command takes, for a few pictures and for all of them."""
    make(folder / "few", FEW, min(folders, FEW))
    print(f"{'files':>8}{'':>8}{'seconds':>9}{'MB':>8}")
    for count, source in ((FEW, folder / "few"), (files, folder / "in")):
        output = source.with_name(f"{source.name}_enhanced")
        command = [sys.executable, "-m", "scotopic", "enhance", str(source), "-o", str(output)]
        for time_ in ("first", "again"):
            seconds, peak, _ = run([*command, "-q"])
            print(f"{count:8}{time_:>8}{seconds:9.1f}{peak:8.1f}", flush=True)


def main() -> None:
    """Make the folder and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--whole", action="store_true", help="run the command on all")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, source, output = options.step
        step(name, Path(source), Path(output))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "in", options.files, options.folders)
        measure(folder / "in", folder / "record")
        if options.whole:
            whole(folder, options.files, options.folders)


if __name__ == "__main__":
    main()

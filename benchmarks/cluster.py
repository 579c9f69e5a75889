"""What `scotopic cluster` promises, tried on a local cluster and on a local server of S3.

    python benchmarks/cluster.py equal [--files 5000]       # bucket to bucket, as the plain command
    python benchmarks/cluster.py kills [--files 5000]       # workers and driver killed on the way
    python benchmarks/cluster.py throughput [--files 1200]  # beside scotopic enhance --jobs 2
    python benchmarks/cluster.py listing [--names 1000 100000 1000000]

Each says what it found, and ends with 1 where a promise is broken. The server is moto's
(extra `test`); it takes time of the same processors.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kills
import object_storage
import throughput
from processes import Processes

from scotopic.cloud.stores import open_store

WORKERS = 2
LEAST_RATIO = 0.85
MOST_GROWTH = 48 * 2**20
"""Bytes that the memory for planning may grow by, from the fewest names to the most."""
MOST_FILES = 100_000
"""Files in the folder that is listed: to make more of them takes minutes."""
_BUCKETS = ("dark", "light")


def command(name: str, source: object, output: object, *options: object) -> list[str]:
    """A command of scotopic, as a user gives it."""
    given = [name, source, "-o", output, "-q", *options]
    return [sys.executable, "-m", "scotopic", *map(str, given)]


def cluster(source: object, output: object, *options: object) -> list[str]:
    """`scotopic cluster` with two workers."""
    return command("cluster", source, output, "--workers", WORKERS, *options)


def seconds_of(call: list[str]) -> float:
    """Seconds that a command takes in all."""
    began = time.perf_counter()
    subprocess.run(call, check=True)
    return time.perf_counter() - began


class Bucket:
    """The bucket for results, in which every version of every object is kept."""

    def __init__(self) -> None:
        self.store = open_store("s3://light")
        for name in _BUCKETS:
            self.store.fs.call_s3("create_bucket", Bucket=name)
        state = {"Status": "Enabled"}
        call = self.store.fs.call_s3
        call("put_bucket_versioning", Bucket="light", VersioningConfiguration=state)

    def fill(self, folder: Path) -> None:
        """Put the pictures of a folder under s3://dark/in/."""
        for path in folder.rglob("*.jpg"):
            self.store.put(f"dark/in/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def count(self, folder: str) -> int:
        """Results in a folder of the bucket."""
        return sum(key.endswith(".jpg") for key in self.store.list(f"light/{folder}/"))

    def versions(self, folder: str) -> Iterator[tuple[str, str]]:
        """Name and version of every result that was ever put."""
        marks: dict[str, str] = {}
        while True:
            told = self.store.fs.call_s3(
                "list_object_versions", Bucket="light", Prefix=f"{folder}/", **marks
            )
            for entry in told.get("Versions", ()):
                if entry["Key"].endswith(".jpg"):
                    yield entry["Key"].removeprefix(f"{folder}/"), entry["VersionId"]
            if not told.get("IsTruncated"):
                return
            marks = {
                "KeyMarker": told["NextKeyMarker"],
                "VersionIdMarker": told["NextVersionIdMarker"],
            }

    def read(self, folder: str, name: str, version: str) -> str:
        """SHA-256 of one version of a result."""
        data = self.store.fs.cat_file(f"light/{folder}/{name}", version_id=version)
        return hashlib.sha256(data).hexdigest()


class Findings:
    """What was found, line by line, and whether a promise was broken."""

    def __init__(self) -> None:
        self.broken = False

    def tell(self, what: str, kept: bool | None = None) -> None:
        """Print a line, and whether the promise in it was kept, where it is one."""
        self.broken |= kept is False
        said = {None: "", True: ": yes", False: ": NO"}[kept]
        print(f"{what}{said}", flush=True)


def prepared(folder: Path, count: int) -> tuple[Bucket, dict[str, str]]:
    """A bucket with pictures, and the results of the plain command by name."""
    kills.make_folder(folder / "in", count)
    subprocess.run(kills.command(folder / "in", folder / "plain", WORKERS), check=True)
    bucket = Bucket()
    bucket.fill(folder / "in")
    return bucket, kills.hashes(folder / "plain")


def check(found: Findings, bucket: Bucket, folder: str, wanted: dict[str, str]) -> int:
    """Compare all that was ever put with the plain command's results; how many more than once."""
    put = list(bucket.versions(folder))
    times = Counter(name for name, _ in put)
    whole = all(bucket.read(folder, *each) == wanted.get(each[0]) for each in put)
    found.tell(f"{len(times)} of {len(wanted)} results are there", times.keys() == wanted.keys())
    found.tell("all that was ever put has the bytes of the plain command", whole)
    return len(put) - len(times)


def check_report(found: Findings, folder: Path, count: int) -> dict[str, int]:
    """Compare the report with the number of pictures; pictures by status."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder)
    names = set(table["source"].to_pylist())
    found.tell(f"the report has {len(table)} rows, one for each picture", len(names) == count)
    found.tell("and no picture twice", len(table) == len(names))
    return dict(Counter(table["status"].to_pylist()))


def equal(options: argparse.Namespace, found: Findings) -> None:
    """From bucket to bucket, and the same pictures by the plain command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bucket, wanted = prepared(folder, options.files)
        call = cluster("s3://dark/in", "s3://light/out", "--report", folder / "r.parquet")
        found.tell(f"{options.files} pictures in {seconds_of(call):.0f} s, start included")
        twice = check(found, bucket, "out", wanted)
        found.tell(f"{twice} results were put more than once", twice == 0)
        found.tell(f"by status: {check_report(found, folder / 'r.parquet', options.files)}")


def killed_at(
    call: list[str], bucket: Bucket, folder: str, moments: list[int], victims: Callable[..., Any]
) -> int:
    """Run a command, and at each number of results have somebody killed; its exit code."""
    processes = Processes()
    with subprocess.Popen(call, env=processes.environment) as process:
        for moment in moments:
            while process.poll() is None and bucket.count(folder) < moment:
                time.sleep(0.2)
            for victim in victims(process, processes):
                os.kill(victim, signal.SIGKILL)
        code = process.wait()
    while processes.find("ray::MapWorker"):
        time.sleep(0.2)
    return code


def one_worker(process: subprocess.Popen[bytes], processes: Processes) -> list[int]:
    """A worker that works at this moment."""
    return [] if process.poll() is not None else processes.find("ray::MapWorker")[:1]


def the_driver(process: subprocess.Popen[bytes], processes: Processes) -> list[int]:
    """The command itself."""
    return [process.pid]


def kill(options: argparse.Namespace, found: Findings) -> None:
    """A worker killed three times; then, of another run, the driver."""
    with tempfile.TemporaryDirectory() as name:
        folder, count = Path(name), options.files
        bucket, wanted = prepared(folder, count)
        call = cluster("s3://dark/in", "s3://light/a", "--report", folder / "a.parquet")
        moments = [count // 5, 2 * count // 5, 3 * count // 5]
        code = killed_at(call, bucket, "a", moments, one_worker)
        found.tell(f"three workers killed, at {moments} results: exit code {code}", code == 0)
        twice = check(found, bucket, "a", wanted)
        statuses = check_report(found, folder / "a.parquet", count)
        found.tell(f"by status: {statuses}; a worker that died had put those that were skipped")
        found.tell(f"{twice} results were put more than once", twice <= len(moments))
        call = cluster("s3://dark/in", "s3://light/b", "--report", folder / "b.parquet")
        killed_at(call, bucket, "b", [count // 2], the_driver)
        before = set(bucket.versions("b"))
        found.tell(f"driver killed: {len(before)} results are there", 0 < len(before) < count)
        found.tell(f"the rest in {seconds_of(call):.0f} s, start included")
        kept = before <= set(bucket.versions("b"))
        twice = check(found, bucket, "b", wanted)
        found.tell("only the rest was done", kept and twice == 0)
        found.tell(f"by status: {check_report(found, folder / 'b.parquet', count)}")


def through(options: argparse.Namespace, found: Findings) -> None:
    """Pictures of 600x400 from folder to folder, the time of a start taken off."""
    rates, count = {}, options.files
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        throughput.make_folder(folder / "in", count)
        throughput.make_folder(folder / "one", 1)
        for way, option in (("enhance", "--jobs"), ("cluster", "--workers")):

            def run(source: str, way: str = way, option: str = option) -> float:
                output = folder / f"{source}-{way}"
                return seconds_of(command(way, folder / source, output, option, WORKERS))

            start, whole = run("one"), run("in")
            rates[way] = (count - 1) / (whole - start)
            found.tell(
                f"{way}: {rates[way]:.2f} pictures a second; {count / whole:.2f} with its start "
                f"and one picture, of {start:.1f} s"
            )
            if way == "enhance":
                found.tell(f"{core_hour(count + 1):.0f} pictures per core-hour, starts included")
        same = kills.hashes(folder / "in-enhance") == {
            path: digest
            for path, digest in kills.hashes(folder / "in-cluster").items()
            if not path.startswith(".scotopic")
        }
    found.tell("both made the same bytes", same)
    ratio = rates["cluster"] / rates["enhance"]
    found.tell(f"ratio {ratio:.2f}, {LEAST_RATIO} at least", ratio >= LEAST_RATIO)


def core_hour(count: int) -> float:
    """Pictures per hour of processor time, by that of the commands until now."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 3600 * count / (spent.ru_utime + spent.ru_stime)


_PLANNING = """
import json, re, sys, time
from scotopic.cluster import on_ray, run
from scotopic.jobs.settings import Settings
began = time.perf_counter()
planned = run.plan(sys.argv[1], sys.argv[2], Settings(), print)
seconds = time.perf_counter() - began
# Not by getrusage, which counts the memory of the process that started this one, too.
peak = 1024 * int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
print(json.dumps({"names": planned.count, "seconds": seconds, "peak": peak}))
"""


def sources(folder: Path, count: int) -> dict[str, Path]:
    """List and manifest of the same names and, if they are not too many, a folder of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [f"{n // 1000:04}/{n:07}.jpg" for n in range(count)]
    made = folder / "pictures"
    for name in names if count <= MOST_FILES else ():
        place = made / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    (folder / "names.txt").write_text("".join(f"{made / name}\n" for name in names))
    table = pa.table({"source": [str(made / name) for name in names]})
    pq.write_table(table, folder / "names.parquet")
    found = {"list": folder / "names.txt", "manifest": folder / "names.parquet"}
    return {"folder": made, **found} if count <= MOST_FILES else found


def listing(options: argparse.Namespace, found: Findings) -> None:
    """Planning alone, each in a process of its own: seconds and peak of memory."""
    peaks: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as name:
        for count in sorted(options.names):
            for kind, source in sources(Path(name), count).items():
                call = [sys.executable, "-c", _PLANNING, str(source), f"{name}/out-{kind}-{count}"]
                done = subprocess.run(call, check=True, capture_output=True, text=True)
                told = json.loads(done.stdout)
                peaks.setdefault(kind, []).append(told["peak"])
                found.tell(
                    f"{kind} of {count} names: {told['peak'] / 2**20:.0f} MB at most, "
                    f"{told['seconds']:.1f} s",
                    None if told["names"] == count else False,
                )
    for kind, told in peaks.items():
        grown = told[-1] - told[0]
        most = MOST_GROWTH // 2**20
        found.tell(f"{kind}: {grown / 2**20:.0f} MB more, {most} at most", grown <= MOST_GROWTH)


def main() -> None:
    """Try one promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for name, work, files in (
        ("equal", equal, 5000),
        ("kills", kill, 5000),
        ("throughput", through, 1200),
    ):
        one = commands.add_parser(name)
        one.add_argument("--files", type=int, default=files)
        one.set_defaults(work=work, server=name != "throughput")
    one = commands.add_parser("listing")
    one.add_argument("--names", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    one.set_defaults(work=listing, server=False)
    options, found = parser.parse_args(), Findings()
    server = object_storage.start_server() if options.server else None
    try:
        options.work(options, found)
    finally:
        if server is not None:
            server.terminate()
            server.wait()
    raise SystemExit(1 if found.broken else 0)


if __name__ == "__main__":
    main()

"""The same pictures from a folder and from a bucket: pictures a second, and whether bytes are equal.

    python benchmarks/object_storage.py [--files 200] [--jobs 2] [--json results.json]

Runs the command as a user does. The bucket is that of moto's server on this machine
(extra `test`), which takes time of the same processors.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from throughput import make_folder

from scotopic import storage
from scotopic.cloud.stores import Store, open_store


def start_server() -> subprocess.Popen[bytes]:
    """A server of S3, which the environment of this process then names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    user = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "me", "AWS_REGION": "us-east-1"}
    os.environ.update(user, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return server
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server of S3 did not start; pip install 'scotopic[test]'")


def seconds_of(source: str, output: str, jobs: int) -> float:
    """Seconds that the command takes in all."""
    command = [sys.executable, "-m", "scotopic", "enhance", source, "-o", output, "-q"]
    began = time.perf_counter()
    subprocess.run([*command, "--jobs", str(jobs)], check=True)
    return time.perf_counter() - began


def contents(store: Store, folder: str) -> dict[str, str]:
    """SHA-256 of each result in a folder."""
    keys = [key for key in store.list(f"{folder}/") if key.endswith(".jpg")]
    return {Path(key).name: storage.sha256_of(store.read(key)[0]) for key in keys}


def measure(folder: Path, count: int, jobs: int) -> dict[str, Any]:
    """Both ways, one after the other, and a second call that has nothing to do."""
    make_folder(folder / "in", count)
    bucket = open_store("s3://dark")
    for name in ("dark", "light"):
        bucket.fs.call_s3("create_bucket", Bucket=name)
    for path in (folder / "in").iterdir():
        bucket.put(f"dark/in/{path.name}", path.read_bytes())
    by_path = seconds_of(str(folder / "in"), str(folder / "out"), jobs)
    by_url = seconds_of("s3://dark/in", "s3://light/out", jobs)
    again = seconds_of("s3://dark/in", "s3://light/out", jobs)
    equal = contents(open_store(str(folder)), str(folder / "out")) == contents(bucket, "light/out")
    return {
        "files": count,
        "jobs": jobs,
        "folder_pictures_per_second": round(count / by_path, 2),
        "bucket_pictures_per_second": round(count / by_url, 2),
        "skipped_pictures_per_second": round(count / again, 2),
        "ratio": round(by_path / by_url, 3),
        "equal_bytes": equal,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    server = start_server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), options.files, options.jobs)
    finally:
        server.terminate()
        server.wait()
    text = json.dumps(found, indent=1)
    print(text)
    if options.json is not None:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()

"""One thread for each process that runs tests, no telemetry of a library, and a server of S3."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # some tests import it by themselves
sys.modules.setdefault("openvino_telemetry", None)  # what OpenVINO reports with when imported

# Several workers, each with as many threads as there are processors, would be in
# each other's way: each worker, and what it starts, gets a processor of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and hasattr(os, "sched_setaffinity"):
    _processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {_processors[int(_worker.removeprefix("gw")) % len(_processors)]})

S3_USER = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def wait_for(port, process):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, "the server of S3 ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AssertionError("the server of S3 did not start")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(scope="session")
def s3_server():
    """The environment of a user whose S3 is a server on this machine."""
    pytest.importorskip("s3fs", reason="extra s3")
    pytest.importorskip("moto", reason="moto[server] is not installed")
    pytest.importorskip("flask", reason="moto[server] is not installed")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield {**S3_USER, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """A new bucket: its URL. What the tests start finds the server, too."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    bucket = f"bucket-{secrets.token_hex(4)}"
    from scotopic.cloud.stores import open_store

    open_store(f"s3://{bucket}").fs.call_s3("create_bucket", Bucket=bucket)
    return f"s3://{bucket}"

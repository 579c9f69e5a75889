"""Stores to test: files, memory, and a server of S3 on this machine."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time

import pytest

from scotopic.cloud import stores

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
    stores.open_store(f"s3://{bucket}").fs.call_s3("create_bucket", Bucket=bucket)
    return f"s3://{bucket}"


@pytest.fixture(params=["path", "file", "memory", "s3"])
def root(request, tmp_path):
    """A folder of each kind of store, empty, as a user names it."""
    if request.param == "path":
        return str(tmp_path / "store")
    if request.param == "file":
        return f"file://{tmp_path / 'store'}"
    if request.param == "memory":
        pytest.importorskip("fsspec", reason="extra cloud")
        return f"memory://{secrets.token_hex(4)}"
    return request.getfixturevalue("s3") + "/store"

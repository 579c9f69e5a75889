"""A listing of 100,000 names, held a few at a time."""

import os
import secrets
import subprocess
import sys
import tracemalloc

import pytest

from scotopic.cloud import locations, stores, urls

COUNT = 100_000
SERVER = """
import logging, sys
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").disabled = True
backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
backend.create_bucket("many", "us-east-1")
for number in range(int(sys.argv[1])):
    backend.put_object("many", f"in/{number % 100:02}/{number:06}.jpg", b"1")
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
"""A server of S3 that has the objects from its start: putting them would take minutes."""


def name(number):
    return f"in/{number % 100:02}/{number:06}.jpg"


@pytest.fixture
def files(tmp_path):
    for number in range(100):
        (tmp_path / "in" / f"{number:02}").mkdir(parents=True)
    for number in range(COUNT):
        os.close(os.open(tmp_path / name(number), os.O_CREAT | os.O_WRONLY))
    return f"file://{tmp_path}/in"


@pytest.fixture
def memory():
    pytest.importorskip("fsspec", reason="extra cloud")
    from fsspec.implementations.memory import MemoryFile

    root = secrets.token_hex(4)
    fs = stores.open_store(f"memory://{root}").fs
    # Its own way to put an object goes through all the others.
    fs.store |= {f"/{root}/{name(number)}": MemoryFile() for number in range(COUNT)}
    yield f"memory://{root}/in"
    fs.store.clear()


@pytest.fixture
def bucket(s3_server, monkeypatch):
    # It looks at all objects for each page: with pages of 1000, as S3 has them, for minutes.
    command = [sys.executable, "-c", SERVER, str(COUNT)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    env = {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": "10000"}
    with subprocess.Popen(command, text=True, env=env, **pipes) as server:
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for variable, value in {**s3_server, "AWS_ENDPOINT_URL": address}.items():
            monkeypatch.setenv(variable, value)
        stores._opened.cache_clear()
        yield "s3://many/in"
        stores._opened.cache_clear()
        server.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "is_flat"), [("files", True), ("memory", False), ("bucket", True)]
)
def test_100000_names_are_listed_in_memory_that_does_not_grow(place, is_flat, request):
    """What lies in memory holds all of its names anyway."""
    root = request.getfixturevalue(place)
    names, seen = locations.names(root), bytearray(COUNT)

    def most_memory_of(count):
        for _ in range(count):
            seen[int(urls.stem_of(next(names)))] += 1
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        early = most_memory_of(COUNT // 5)
        late = most_memory_of(COUNT - COUNT // 5)
    finally:
        tracemalloc.stop()
    assert next(names, None) is None
    assert seen == b"\1" * COUNT
    if is_flat:
        assert late < early + 2**20

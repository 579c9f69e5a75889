"""Stores to test: files, memory, and a server of S3 on this machine."""

import secrets

import pytest


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

import importlib.util

import pytest
from server_process import serving

if not all(map(importlib.util.find_spec, ("starlette", "uvicorn", "python_multipart"))):
    collect_ignore_glob = ["test_*.py"]  # they need the extra serve


@pytest.fixture(scope="session")
def server():
    with serving("--max-bytes", "4M", "--max-megapixels", "20") as started:
        yield started

import pytest

pytest.importorskip("starlette", reason="extra serve")
pytest.importorskip("uvicorn", reason="extra serve")
pytest.importorskip("python_multipart", reason="extra serve")

from server_process import serving


@pytest.fixture(scope="session")
def server():
    with serving("--max-bytes", "4M", "--max-megapixels", "20") as started:
        yield started

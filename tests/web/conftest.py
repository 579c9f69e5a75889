"""The page without a server, built, hosted, and open in a real browser."""

import functools
import http.server
import re
import shutil
import subprocess
import threading

import pytest
from browser import Tab
from chromium import launched
from node_checks import NODE, need_node
from places import ROOT

PLACE = "photos/scotopic"
"""A folder of the host: the page need not lie at its top."""


class Files(http.server.SimpleHTTPRequestHandler):
    """A host of static files, as plain as they come; networks may be kept for an hour."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def end_headers(self):
        """What stands before a file."""
        if self.path.endswith(".onnx"):
            self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder of a host, in which the page is built."""
    need_node()
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    host = tmp_path_factory.mktemp("host")
    script = ROOT / "web" / "build.mjs"
    done = subprocess.run([NODE, script, host / PLACE], capture_output=True, text=True)
    if re.search("ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN", done.stderr):
        pytest.skip("the registry of npm cannot be reached")
    assert done.returncode == 0, done.stderr
    return host


@pytest.fixture(scope="session")
def host(built):
    """The address of the page."""
    handler = functools.partial(Files, directory=built)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{PLACE}/"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture
def new_tab(chromium, host):
    """A function that opens the page in a browser that has never seen it."""
    opened = []

    def call(service_workers="allow", **options):
        tab = Tab(chromium.new_context(service_workers=service_workers), host, **options)
        opened.append(tab)
        return tab

    yield call
    for tab in opened:
        tab.close()


@pytest.fixture(scope="module")
def tab(chromium, host):
    """The page, open for all tests of a module."""
    opened = Tab(chromium.new_context(), host)
    yield opened
    opened.close()

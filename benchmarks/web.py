"""Time of the page without a server, in the browser of this machine.

    make web
    python benchmarks/web.py [--folder build/web] [--model standard] [--megapixels 1 12 24] [--json F]

Needs chromium and the package playwright. The page is opened twice: the first visit has one
thread, the second is isolated by the service worker and has as many as the browser gives. One engine
is made for each visit and warmed with a small picture. For each size a preview at 1024 pixels, one
more of the same file with another wish, and a result are then timed once each, from the file to the
file. The first visit's time until the page is ready is that of a browser that has nothing of it; its
pictures are timed once the service worker has all files.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import io
import json
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "sample_dark.png"
READY = "#engine:not(:empty)"
WARMING_MEGAPIXELS = 0.2
WORKER_IS_READY = "async () => { await navigator.serviceWorker.ready; }"
TIMES = """
async ([data, model]) => {
  const response = await fetch(data);
  const file = new File([await response.blob()], "photo.jpg");
  const engine = await (window.timedEngine ??= import("./engine.js").then((m) => m.createEngine()));
  const seconds = {};
  const timed = async (name, work) => {
    const began = performance.now();
    await work();
    seconds[name] = (performance.now() - began) / 1000;
  };
  await timed("preview", () => engine.preview(file, {}, { side: 1024 }));
  await timed("another wish", () => engine.preview(file, { ev: 1 }, { side: 1024 }));
  await timed("result", () => engine.enhance(file, { model }, {}));
  return seconds;
}
"""


class Files(http.server.SimpleHTTPRequestHandler):
    """The built page, and the pictures of the benchmark beside it."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }
    pictures: dict[str, bytes] = {}

    def do_GET(self) -> None:
        """Answer with a picture, or a file of the page."""
        picture = self.pictures.get(self.path)
        if picture is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(picture)))
        self.end_headers()
        self.wfile.write(picture)

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


def picture_of(megapixels: float) -> bytes:
    """A dark JPEG of 3:2 with the sample's texture, of so many megapixels."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(1.5 * height)
    with Image.open(SAMPLE) as image:
        sample = np.asarray(image.convert("RGB"))
    times = -(-height // sample.shape[0]), -(-width // sample.shape[1]), 1
    buffer = io.BytesIO()
    Image.fromarray(np.tile(sample, times)[:height, :width]).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def name_of(size: float) -> str:
    """Name of the picture of so many megapixels."""
    return f"picture-{size:g}.jpg"


def measured(page: Any, address: str, model: str, sizes: list[float]) -> dict[str, Any]:
    """The engine's name, and the seconds for each size, of one visit."""
    began = time.perf_counter()
    page.goto(address)
    page.locator(READY).wait_for(state="attached")
    found: dict[str, Any] = {"ready": round(time.perf_counter() - began, 2)}
    found["engine"] = page.inner_text("#engine")
    page.evaluate(WORKER_IS_READY)
    page.evaluate(TIMES, [name_of(WARMING_MEGAPIXELS), model])
    for size in sizes:
        seconds = page.evaluate(TIMES, [name_of(size), model])
        found[f"{size:g} megapixels"] = {key: round(value, 2) for key, value in seconds.items()}
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="time of the page without a server")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "web")
    parser.add_argument("--model", default="standard")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 24])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is not installed")
    from playwright.sync_api import sync_playwright

    for size in [WARMING_MEGAPIXELS, *asked.megapixels]:
        Files.pictures[f"/{name_of(size)}"] = picture_of(size)
    handler = functools.partial(Files, directory=asked.folder)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as driver,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(3_600_000)
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        visits = [measured(page, address, asked.model, asked.megapixels) for _ in range(2)]
        found = {"browser": f"chromium {browser.version}", "visits": visits}
        browser.close()
        server.shutdown()
    text = json.dumps(found, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

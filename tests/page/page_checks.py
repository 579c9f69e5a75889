"""What the tests do with the page, in the words of a person who uses it."""

import base64
import io
import re

import numpy as np
from PIL import Image
from places import DOCS

SAMPLE = DOCS / "sample_dark.png"


class Page:
    """The page in a browser, with what the browser complains of."""

    def __init__(self, tab, server):
        self.tab, self.server = tab, server
        self.session = tab.context.new_cdp_session(tab)
        self.complaints, self.foreign = [], []
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("console", self._console)
        tab.on("request", self._request)
        tab.goto(server.url)
        tab.wait_for_selector("#privacy:not(:empty)")

    def _console(self, message):
        # A refused request is what some tests are about.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _request(self, request):
        if not request.url.startswith((self.server.url, "blob:", "data:")):
            self.foreign.append(request.url)

    def choose(self, *files):
        """Choose files: paths, or (name, bytes)."""
        self.tab.set_input_files("#files", [as_file(file) for file in files])

    def transfer(self, kind, *files):
        """Drop or paste files: the browser's own event, with its own file objects."""
        given = [(name, base64.b64encode(data).decode()) for name, data in map(named, files)]
        self.tab.evaluate(
            """([kind, files]) => {
              const transfer = new DataTransfer();
              for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name, {type: "image/png"}));
              }
              const options = {bubbles: true, cancelable: true};
              document.body.dispatchEvent(kind === "drop"
                ? new DragEvent("drop", {...options, dataTransfer: transfer})
                : new ClipboardEvent("paste", {...options, clipboardData: transfer}));
            }""",
            [kind, given],
        )

    def wait_for_preview(self):
        self.tab.wait_for_selector("#stage:not(.blank)")
        self.wait_for_note("Preview")

    def wait_for_note(self, text, timeout=60_000):
        self.tab.wait_for_function(
            "(text) => document.getElementById('stage-note').textContent === text",
            arg=text,
            timeout=timeout,
        )

    def drag_slider(self, name, *values):
        """Move a slider through some values, as fast as a hand does: by an input event for each."""
        self.tab.eval_on_selector(
            f"#{name}",
            """(node, values) => {
              for (const value of values) {
                node.value = value;
                node.dispatchEvent(new Event("input", {bubbles: true}));
              }
            }""",
            [str(value) for value in values],
        )

    def canvas(self, which="after"):
        """Pixels of a canvas, (height, width, 3)."""
        address = self.tab.eval_on_selector(
            f"#pane-{which} canvas", "(node) => node.toDataURL('image/png')"
        )
        data = base64.b64decode(address.split(",")[1])
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def previews(self):
        """The wishes of the previews that the server was asked for."""
        return [fields for kind, _, fields in self.server.requests if kind == "preview"]

    def wipe(self):
        """Where the divider is, in percent."""
        return int(self.tab.get_attribute("#wipe", "aria-valuenow"))

    def level(self):
        """The zoom, in percent."""
        return int(re.match(r"\d+", self.tab.text_content("#zoom-level"))[0])

    def shift(self):
        """Where the picture's corner lies in the stage."""
        return self.tab.eval_on_selector(
            "#pane-after .surface",
            "(node) => { const m = new DOMMatrix(node.style.transform); return [m.e, m.f] }",
        )

    def width_beyond(self):
        """By how many pixels the page is wider than the window."""
        return self.tab.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def states(self):
        """What the strip says of each picture."""
        return self.tab.eval_on_selector_all(
            ".thumb-state", "(nodes) => nodes.map((node) => node.textContent)"
        )

    def download(self, button):
        """Press a button, and read the file that comes of it: (name, bytes)."""
        with self.tab.expect_download(timeout=120_000) as waiting:
            self.tab.click(button)
        return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def named(file):
    return file if isinstance(file, tuple) else (file.name, file.read_bytes())


def as_file(file):
    name, data = named(file)
    return {"name": name, "mimeType": "", "buffer": data}


def dark(width, height, seed=0, kind="PNG"):
    """A dark picture with structure, as the bytes of a file."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    wave = 0.5 + 0.5 * np.sin(x / (width / 9)) * np.cos(y / (height / 7))
    base = 0.02 + 0.12 * wave[..., None] * np.array([1.0, 0.8, 0.5])
    noisy = np.clip(base + random.normal(0, 0.002, base.shape), 0, 1)
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * noisy).astype(np.uint8)).save(file, kind)
    return file.getvalue()

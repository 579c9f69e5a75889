"""The page without a server as a whole: built, hosted anywhere, installed, and offline."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import time

import numpy as np
import pytest
from node_checks import NODE, need_node, node
from PIL import Image
from places import DOCS, ROOT

WEB = ROOT / "web"
PLACE = "photos/scotopic"


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_second_build_gives_the_same_bytes(built, tmp_path):
    subprocess.run([NODE, WEB / "build.mjs", tmp_path / "again"], check=True, capture_output=True)
    assert files_of(tmp_path / "again") == files_of(built / PLACE)


def test_a_folder_of_other_files_is_not_made_anew(tmp_path):
    need_node()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "models.json").write_text("{}")
    done = subprocess.run([NODE, WEB / "build.mjs", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and str(tmp_path) in done.stderr
    assert files_of(tmp_path).keys() == {"models/models.json"}


def test_an_earlier_build_stays_when_the_runtime_cannot_be_had(tmp_path):
    need_node()
    shutil.copytree(WEB, tmp_path / "web")
    npm = tmp_path / "commands" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho no registry today >&2\nexit 1\n")
    npm.chmod(0o755)
    earlier = tmp_path / "earlier"
    (earlier / "models").mkdir(parents=True)
    (earlier / "models" / "models.json").write_text("{}")
    (earlier / "service-worker.js").write_text("")
    environment = os.environ | {"PATH": os.pathsep.join([str(npm.parent), os.environ["PATH"]])}
    done = subprocess.run(
        [NODE, tmp_path / "web" / "build.mjs", earlier],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode != 0 and "no registry today" in done.stderr
    assert files_of(earlier).keys() == {"models/models.json", "service-worker.js"}


def test_the_runtime_is_pinned_by_version_and_hash():
    package = json.loads((WEB / "package.json").read_text())
    assert package["dependencies"].keys() == package["integrity"].keys() == {"onnxruntime-web"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["dependencies"]["onnxruntime-web"])
    assert package["integrity"]["onnxruntime-web"].startswith("sha512-")


def test_no_address_of_another_host_is_loaded(built):
    """Names of namespaces and documents may stand in texts; nothing is fetched from them."""
    for path in (built / PLACE).rglob("*"):
        if path.suffix not in (".html", ".css", ".js", ".webmanifest") or "runtime" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(
            r"""(?:src|href|url\(|import|fetch\()[=\s("']*https?://[^\s"')]+""", text
        )
        assert loaded == [], path


def test_the_icons_are_what_the_script_draws(tmp_path):
    code = f"""
      const {{ ICONS, drawn }} = await import("{(WEB / "icons.mjs").as_uri()}");
      const {{ writeFileSync }} = await import("node:fs");
      for (const [name, [side, how]] of Object.entries(ICONS)) {{
        writeFileSync({json.dumps(str(tmp_path))} + "/" + name, drawn(side, how).data);
      }}
    """
    node("--input-type=module", "-e", code)
    names = {path.name for path in (WEB / "icons").iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == names
    for path in sorted((WEB / "icons").iterdir()):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGBA"))
        assert pixels.tobytes() == (tmp_path / path.name).read_bytes()


def test_the_manifest_names_icons_that_are_there(built):
    folder = built / PLACE
    manifest = json.loads((folder / "manifest.webmanifest").read_text())
    for icon in manifest["icons"]:
        path = folder / icon["src"]
        assert path.is_file()
        if path.suffix == ".png":
            with Image.open(path) as image:
                width, height = image.size
            assert icon["sizes"] == f"{width}x{height}"


@pytest.mark.slow
def test_the_page_enhances_a_photo_that_is_chosen(new_tab):
    tab = new_tab()
    assert tab.engine_name.lower().startswith("this browser: wasm")
    tab.page.set_input_files("#files", DOCS / "sample_dark.png")
    tab.page.locator("#photo-name", has_text="sample_dark").wait_for()
    tab.page.locator("#pane-after canvas").wait_for(state="visible")
    assert tab.page.locator("#banner").inner_text() == ""


@pytest.mark.slow
def test_the_page_works_offline_and_with_threads_after_the_first_visit(new_tab, host):
    tab = new_tab()
    tab.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    tab.context.set_offline(True)
    tab.load()
    assert tab.page.evaluate("() => crossOriginIsolated")
    assert "thread" in tab.engine_name
    made = tab.ask("preview", (DOCS / "sample_dark.png").read_bytes(), side=128)
    assert "error" not in made, made
    tab.page.goto(host + "index.html")
    tab.page.locator("#engine:not(:empty)").wait_for(state="attached")


@pytest.mark.slow
def test_a_new_build_replaces_the_old_one(new_tab, built):
    tab = new_tab()
    tab.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    tab.load()
    (old,) = tab.page.evaluate("() => caches.keys()")
    needed_later = "runtime/ort-wasm-simd-threaded.asyncify.mjs"
    assert tab.page.evaluate("async (name) => (await fetch(name)).ok", needed_later)
    tab.page.evaluate("() => caches.open('scotopic /photos/ of a copy elsewhere')")
    script, style = built / PLACE / "service-worker.js", built / PLACE / "style.css"
    before = {path: path.read_bytes() for path in (script, style)}
    try:
        style.write_bytes(before[style] + b"\n")
        version = re.search(rb'\$\{"(\w+)"\}', before[script])[1]
        digest = hashlib.sha256(style.read_bytes()).digest()
        was = base64.b64encode(hashlib.sha256(before[style]).digest())
        made = (
            before[script].replace(version, b"another0build").replace(was, base64.b64encode(digest))
        )
        script.write_bytes(made)
        tab.page.evaluate(
            """async () => {
              const registration = await navigator.serviceWorker.ready;
              await registration.update();
              const worker = registration.installing ?? registration.waiting;
              await new Promise((done) => {
                const look = () => worker.state === "installed" && done();
                worker.addEventListener("statechange", look);
                look();
              });
            }"""
        )
        assert old in tab.page.evaluate("() => caches.keys()"), "the open page lost its files"
        tab.page.goto("about:blank")
        tab.page.wait_for_timeout(500)
        tab.load()
        tab.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        assert tab.page.evaluate("() => caches.keys()") == [
            "scotopic /photos/ of a copy elsewhere",
            f"scotopic /{PLACE}/ another0build",
        ]
        kept = "async ([cache, name]) => Boolean(await (await caches.open(cache)).match(name))"
        cache = f"scotopic /{PLACE}/ another0build"
        assert tab.page.evaluate(kept, [cache, needed_later]), "it would be fetched again"
    finally:
        for path, data in before.items():
            path.write_bytes(data)


@pytest.mark.slow
def test_a_file_that_its_cache_has_lost_is_fetched_and_checked_again(new_tab, built):
    tab = new_tab()
    tab.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    tab.load()
    style = built / PLACE / "style.css"
    before = style.read_bytes()
    fetched = """async () => {
      const [name] = await caches.keys();
      const cache = await caches.open(name);
      await cache.delete(new URL("style.css", location.href));
      const found = await fetch("style.css").then((response) => response.text(), () => null);
      return [found, Boolean(await cache.match("style.css"))];
    }"""

    def write(data, seconds):
        # The host compares whole seconds of the time of change.
        style.write_bytes(data)
        os.utime(style, (time.time() + seconds,) * 2)

    try:
        write(before + b"\n", 10)
        assert tab.page.evaluate(fetched) == [None, False]
    finally:
        write(before, 20)
    assert tab.page.evaluate(fetched) == [before.decode(), True]
    assert tab.complaints == ["Failed to load resource: net::ERR_FAILED"]
    tab.complaints.clear()


@pytest.mark.slow
def test_a_network_that_is_not_the_one_of_the_build_is_not_run(new_tab):
    def changed(route):
        # Not fetched and changed: what is being fetched when the tab is closed is an error.
        route.fulfill(body=b"!" * 1000, content_type="application/octet-stream")

    tab = new_tab(route=("**/models/fast.onnx", changed))
    made = tab.ask("preview", (DOCS / "sample_dark.png").read_bytes(), side=64)
    assert made["error"] == "the network fast is not the one that this page was built with"


@pytest.mark.slow
def test_a_network_of_an_earlier_build_in_the_browsers_cache_is_fetched_anew(new_tab, built):
    network = built / PLACE / "models" / "fast.onnx"
    sample = (DOCS / "sample_dark.png").read_bytes()
    before = network.read_bytes()
    try:
        network.write_bytes(b"!" * 1000)
        # A service worker would see to it, too.
        tab = new_tab(service_workers="block")
        assert "not the one" in tab.ask("preview", sample, side=64)["error"]
    finally:
        network.write_bytes(before)
    tab.load()
    made = tab.ask("preview", sample, side=64)
    assert "error" not in made, made
    tab.complaints[:] = [each for each in tab.complaints if "blocked by Playwright" not in each]


def test_a_page_without_its_list_of_networks_says_so(new_tab):
    tab = new_tab(route=("**/models/models.json", lambda route: route.fulfill(status=404)))
    made = tab.ask("preview", b"", side=64)
    assert made["error"] == "the list of networks could not be loaded: the host answered 404"

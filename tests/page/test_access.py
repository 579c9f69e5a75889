"""The page for people without a mouse, on small screens, and with a screen reader."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from page_checks import dark
from places import ROOT

PAGE = ROOT / "scotopic" / "serve" / "page"
AXE = "axe-core@4.11.0"


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The source of axe-core: from AXE_CORE, or from npm where a network is there."""
    given = os.environ.get("AXE_CORE")
    if given:
        return Path(given).read_text(encoding="utf-8")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and AXE_CORE names no file of axe-core")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--silent", "--no-save", "--prefix", str(folder), AXE]
    if subprocess.run(command, capture_output=True, check=False, timeout=120).returncode:
        pytest.skip("axe-core cannot be installed without a network")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page, axe):
    page.tab.evaluate(axe)
    found = page.tab.evaluate("axe.run().then((result) => result.violations)")
    return {each["id"]: [node["html"] for node in each["nodes"]] for each in found}


def bring(page, state):
    if state == "empty":
        return
    page.choose(("a.png", dark(80, 60)), ("broken.png", b"no picture"), ("c.png", dark(80, 60, 2)))
    page.wait_for_preview()
    page.tab.wait_for_function("() => document.querySelectorAll('.thumb img').length === 2")
    for summary in page.tab.locator("summary").all():
        summary.click()
    if state == "failed":
        page.tab.click(".thumb-pick >> nth=1")


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("state", ["empty", "many", "failed"])
def test_axe_finds_nothing(open_page, axe, state, width):
    page = open_page(viewport={"width": width, "height": 800})
    bring(page, state)
    assert violations(page, axe) == {}


@pytest.mark.parametrize("width", [360, 390, 1400])
@pytest.mark.parametrize("state", ["empty", "many", "failed"])
def test_nothing_is_wider_than_the_window(open_page, state, width):
    page = open_page(viewport={"width": width, "height": 800})
    bring(page, state)
    assert page.width_beyond() <= 0


def tab_to(page, selector):
    """Press Tab until an element has the focus; fails where it never gets it."""
    for _ in range(60):
        if page.tab.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        page.tab.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def test_all_can_be_done_by_keys_from_the_start_to_the_download(page):
    tab_to(page, "#choose")
    page.tab.evaluate(
        """document.getElementById("files").addEventListener("click", (event) => {
          event.preventDefault(); // the system's own window is beyond the page
          window.isAsked = true;
        })"""
    )
    page.tab.keyboard.press("Enter")
    assert page.tab.evaluate("window.isAsked") is True
    page.choose(("night.png", dark(300, 200)))
    page.wait_for_preview()
    assert page.tab.evaluate("document.activeElement.id") == "stage"
    tab_to(page, "#wipe")
    page.tab.keyboard.press("Home")
    assert page.wipe() == 0
    tab_to(page, "#ev")
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.get_attribute("#ev", "aria-valuetext") == "+0.05 stops"
    tab_to(page, "#download")
    with page.tab.expect_download() as waiting:
        page.tab.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "night_enhanced.png"


def test_the_focus_is_seen_on_every_control(page):
    bring(page, "many")
    reached = set()
    for _ in range(40):
        page.tab.keyboard.press("Tab")
        seen = page.tab.evaluate(
            """() => {
              const node = document.activeElement, all = [...document.querySelectorAll("*")];
              if (node === document.body) return [true, "", null];
              const ring = (pseudo) => getComputedStyle(node, pseudo).outlineStyle !== "none";
              const seen = ring() || ring("::after");
              return [seen, node.outerHTML, all.indexOf(node)];
            }"""
        )
        assert seen[0], seen[1]
        reached.add(seen[2])
    controls = page.tab.evaluate(
        """[...document.querySelectorAll("button, input, select, summary, [tabindex]")]
          .filter((node) => node.checkVisibility() && !node.disabled).length"""
    )
    assert len(reached - {None}) == controls > 15


def test_the_document_has_neither_inline_scripts_nor_inline_styles():
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    assert "style=" not in text and "<style" not in text
    assert not re.search(r"\son\w+=", text)
    assert re.findall(r"<script(?![^>]*src=)", text) == []


def test_no_text_is_missing_and_none_is_unused(page):
    """Keys that are put together from parts count by their start."""
    keys = page.tab.evaluate("import('/texts/en.js').then((module) => Object.keys(module.texts))")
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted(PAGE.rglob("*"))
        if path.suffix in (".js", ".html") and path.parent.name not in ("texts", "pixels")
    )
    used = set(re.findall(r'(?:data-text|data-label)="([^"]+)"', source))
    calls = re.findall(r"\bt\(([^;\n]*)", source)
    used |= {text for call in calls for text in re.findall(r'"([a-z][\w.]*)"', call)}
    starts = set(re.findall(r"`([a-z][\w.]*\.)\$\{", source))
    written = set(re.findall(r'"([a-z]+(?:\.[a-z_]+)*)"', source))
    missing = {key for key in used if key not in keys and "." in key}
    assert missing == set()
    unused = [
        key
        for key in keys
        if key.removesuffix(".one") not in used | written
        and not key.startswith(tuple(starts))
        and key.split(".")[0] not in ("ev", "balance", "strength")
    ]
    assert unused == []


def test_no_text_for_people_stands_outside_the_table_of_texts():
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    body = re.sub(r"<noscript>.*?</noscript>", "", text.split("<body")[1], flags=re.DOTALL)
    said = [piece.strip() for piece in re.findall(r">([^<>]+)<", body) if piece.strip()]
    assert set(said) <= {"scotopic", "+", "−"}


def test_a_screen_reader_is_told_the_state_of_the_photo_and_the_note_on_quality(page):
    bring(page, "failed")
    states = page.tab.get_by_role("status").all_text_contents()
    assert any(text.startswith("Not a picture") for text in states)
    note = page.tab.get_attribute("#quality", "aria-describedby")
    assert page.tab.text_content(f"#{note}").startswith("1 to 100.")

"""The page with the real server, from the drop of a picture to the file."""

from types import SimpleNamespace

import pytest
from page_checks import SAMPLE, Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def real():
    from server_process import serving

    with serving() as started:
        yield SimpleNamespace(url=started.address)


@pytest.fixture
def page(chromium, real):
    context = chromium.new_context(viewport={"width": 1000, "height": 640}, permissions=["camera"])
    page = Page(context.new_page(), real)
    yield page
    context.close()
    assert page.complaints == []
    assert page.foreign == []


def test_a_picture_is_shown_enlarged_and_downloaded(page, real):
    page.transfer("drop", (SAMPLE.name, SAMPLE.read_bytes()))
    page.wait_for_preview()
    assert page.canvas("after").mean() > 1.3 * page.canvas("before").mean()
    assert page.tab.text_content("#decision").startswith("Brightened by ")
    page.drag_slider("ev", 0.5)
    page.wait_for_note("Preview")
    page.tab.click("#zoom-in")
    page.tab.click("#zoom-one")
    page.wait_for_note("Full result", timeout=120_000)
    name, data = page.download("#download")
    assert name == "sample_dark_enhanced.png"
    fields = {"ev": "0.5", "balance": "1", "strength": "1"}
    file = {"name": SAMPLE.name, "mimeType": "image/png", "buffer": SAMPLE.read_bytes()}
    answer = page.tab.context.request.post(
        real.url + "v1/enhance", multipart={**fields, "file": file}
    )
    assert data == answer.body()


def test_what_is_no_picture_is_told_in_the_words_of_the_server(page):
    page.choose(("broken.jpg", b"no picture"))
    page.tab.wait_for_selector("#stage-state.bad")
    assert page.tab.text_content("#stage-state").startswith("Not a picture")


def test_the_live_camera_runs(page):
    page.tab.click("#camera-open")
    page.tab.wait_for_function(
        "() => document.getElementById('camera-state').textContent.includes(' pictures a second')",
        timeout=60_000,
    )
    page.tab.click("#camera-close")

"""A real browser, and a page in it."""

import shutil

import pytest
from page_checks import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="module")
def chromium():
    """Ended after each module: while playwright runs, no second one can be started."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with driver.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def server():
    pytest.importorskip("uvicorn", reason="the extra serve is not installed")
    from stub import Stub

    with Stub() as stub:
        yield stub


@pytest.fixture
def open_page(chromium, server):
    """A function that opens the page in a new context, whose options it takes."""
    opened = []

    def call(**options):
        options = {"viewport": {"width": 1000, "height": 640}, **options}
        context = chromium.new_context(permissions=["camera"], **options)
        page = Page(context.new_page(), server)
        opened.append((context, page))
        return page

    yield call
    for context, page in opened:
        complaints, foreign = page.complaints, page.foreign
        context.close()
        assert complaints == []
        assert foreign == [], "a request left the origin"


@pytest.fixture
def page(open_page):
    return open_page()

"""A real browser, and a page in it."""

import pytest
from chromium import launched
from page_checks import Page

ARGUMENTS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="module")
def chromium():
    with launched(*ARGUMENTS) as browser:
        yield browser


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

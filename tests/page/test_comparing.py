"""The divider between before and after, and zoom and pan, by every means of input."""

import pytest
from page_checks import dark


@pytest.fixture
def shown(page):
    page.choose(("night.png", dark(1200, 800)))
    page.wait_for_preview()
    return page


def middle(page, x=0.5, y=0.5):
    box = page.tab.locator("#stage").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def touch(page, kind, *points):
    """Fingers on the screen, as the browser gets them from its system."""
    places = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
    page.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})


def test_the_mouse_moves_the_divider(shown):
    assert shown.wipe() == 50
    shown.tab.mouse.move(*middle(shown))
    shown.tab.mouse.down()
    shown.tab.mouse.move(*middle(shown, 0.7))
    shown.tab.mouse.up()
    assert 65 < shown.wipe() < 75
    edge = shown.tab.eval_on_selector("#pane-after", "(node) => node.style.clipPath")
    assert float(edge.split()[-1].rstrip("px)")) == pytest.approx(
        0.7 * shown.tab.locator("#stage").bounding_box()["width"], abs=2
    )


def test_a_finger_moves_the_divider(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.choose(("night.png", dark(300, 200)))
    page.wait_for_preview()
    touch(page, "touchStart", middle(page))
    for share in (0.4, 0.3, 0.2):
        touch(page, "touchMove", middle(page, share))
    touch(page, "touchEnd")
    assert 15 < page.wipe() < 25


def test_keys_move_the_divider(shown):
    shown.tab.focus("#wipe")
    for key, place in [
        ("ArrowRight", 52),
        ("ArrowLeft", 50),
        ("PageUp", 60),
        ("Home", 0),
        ("End", 100),
    ]:
        shown.tab.keyboard.press(key)
        assert shown.wipe() == place, key
    assert shown.tab.get_attribute("#wipe", "role") == "slider"
    assert (
        shown.tab.get_attribute("#wipe", "aria-valuetext") == "100 percent of the picture is before"
    )


def test_one_to_one_shows_the_full_result_and_says_so(shown):
    shown.server.delay = 0.5
    shown.tab.focus("#stage")
    shown.tab.keyboard.press("1")
    assert shown.level() == 100
    shown.tab.wait_for_function(
        "() => document.getElementById('stage-note').textContent.startsWith('Preview. The full picture')"
    )
    shown.wait_for_note("Full result")
    size = shown.tab.eval_on_selector("#pane-after img", "(node) => node.naturalWidth")
    assert size == 1200
    assert shown.tab.text_content("#told") == "The full result is shown."


def test_a_changed_wish_takes_the_full_result_away_and_makes_it_anew(shown):
    shown.tab.keyboard.press("1")
    shown.wait_for_note("Full result")
    shown.drag_slider("ev", 1)
    assert shown.tab.locator("#pane-after img").count() == 0
    shown.wait_for_note("Full result")
    made = [fields["ev"] for kind, _, fields in shown.server.requests if kind == "enhance"]
    assert made == ["0", "1"]


def test_zoom_by_buttons_keys_wheel_and_double_click(shown):
    fit = shown.level()
    shown.tab.click("#zoom-in")
    assert shown.level() == pytest.approx(1.5 * fit, abs=1)
    shown.tab.keyboard.press("-")
    shown.tab.keyboard.press("+")
    shown.tab.keyboard.press("0")
    assert shown.level() == fit
    shown.tab.mouse.move(*middle(shown))
    shown.tab.mouse.wheel(0, -300)
    assert shown.level() > 1.3 * fit
    shown.tab.click("#zoom-fit")
    shown.tab.mouse.dblclick(*middle(shown, 0.3))
    assert shown.level() >= 100
    shown.tab.mouse.dblclick(*middle(shown, 0.3))
    assert shown.level() == fit


def test_what_lies_under_the_mouse_stays_there_when_the_wheel_zooms(shown):
    x, y = middle(shown, 0.7, 0.4)
    box = shown.tab.locator("#stage").bounding_box()

    def place():
        left, top = shown.shift()
        scale = shown.tab.locator("#pane-after .surface").bounding_box()["width"] / 1200
        return (x - box["x"] - left) / scale, (y - box["y"] - top) / scale

    before = place()
    shown.tab.mouse.move(x, y)
    shown.tab.mouse.wheel(0, -600)
    assert place() == pytest.approx(before, abs=1)


def test_two_fingers_zoom(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.choose(("night.png", dark(1200, 800)))
    page.wait_for_preview()
    fit = page.level()
    touch(page, "touchStart", middle(page, 0.4), middle(page, 0.6))
    for apart in (0.15, 0.2, 0.3):
        touch(page, "touchMove", middle(page, 0.5 - apart), middle(page, 0.5 + apart))
    touch(page, "touchEnd")
    assert page.level() == pytest.approx(3 * fit, rel=0.1)


def test_an_enlarged_picture_is_moved_by_mouse_and_keys_and_not_beyond_its_edge(shown):
    shown.tab.keyboard.press("1")
    left, top = shown.shift()
    shown.tab.mouse.move(*middle(shown, 0.3))
    shown.tab.mouse.down()
    x, y = middle(shown, 0.3)
    shown.tab.mouse.move(x - 50, y - 30)
    shown.tab.mouse.up()
    assert shown.shift() == pytest.approx([left - 50, top - 30], abs=1)
    shown.tab.focus("#stage")
    shown.tab.keyboard.press("ArrowRight")
    assert shown.shift()[0] == pytest.approx(left - 114, abs=1)
    for _ in range(40):
        shown.tab.keyboard.press("ArrowLeft")
    assert shown.shift()[0] == 0
    assert shown.wipe() == 50

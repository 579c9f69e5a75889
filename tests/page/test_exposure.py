"""Sliders answer at once by the exposing curve; the network follows when the hand rests."""

import base64
import io
import json

import numpy as np
import pytest
from page_checks import dark
from PIL import Image

from scotopic.pixels.exposure import expose
from scotopic.pixels.gain_map import GainMap

KEPT = """
  window.answers = [];
  const parsed = Response.prototype.formData;
  Response.prototype.formData = async function () {
    const form = await parsed.call(this);
    window.answers.push(form.get("report"));
    window.pictures = {};
    for (const name of ["before", "after"]) {
      const bytes = new Uint8Array(await form.get(name).arrayBuffer());
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      window.pictures[name] = btoa(text);
    }
    return form;
  };
"""
NO_WEBGL = """
  const given = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : given.call(this, kind, ...rest);
  };
"""


def is_drawn_by_webgl(page):
    """A canvas that has given out one kind of context gives out no other."""
    return page.tab.evaluate(
        "document.querySelector('#pane-after canvas').getContext('2d') === null"
    )


def opened(open_page, *scripts):
    page = open_page()
    for script in (KEPT, *scripts):
        page.tab.add_init_script(script)
    page.tab.reload()
    page.choose(("night.png", dark(360, 240)))
    page.wait_for_preview()
    assert is_drawn_by_webgl(page) == (NO_WEBGL not in scripts)
    return page


def expected(page, before, after, wish):
    """The network's picture at its own exposure, brought to another one by the curve in Python."""
    grid = json.loads(page.tab.evaluate("window.answers[0]"))["gain_map"]
    shape = grid["rows"], grid["columns"]
    slope, offset = (np.array(grid[k], np.float32).reshape(shape) for k in ("slope", "offset"))
    gains = GainMap(slope, offset)
    asked = gains.balanced(wish["balance"], grid["middle"]).shifted(wish["ev"] * np.log(2))
    dark_one, network = before / 255.0, after / 255.0
    change = asked.log_gain(dark_one) - gains.log_gain(dark_one)
    exposed = expose(network, np.exp(change))
    return 255 * (dark_one + wish["strength"] * (exposed - dark_one))


@pytest.mark.parametrize("scripts", [(), (NO_WEBGL,)], ids=["webgl", "2d"])
@pytest.mark.parametrize(
    "change",
    [{"ev": 1.5}, {"ev": -2}, {"balance": 0.25}, {"strength": 0.4}, {"ev": 3, "balance": 0}],
)
def test_a_dragged_slider_draws_the_curve_at_once(open_page, scripts, change):
    page = opened(open_page, *scripts)
    before, after = page.canvas("before"), page.canvas("after")
    page.tab.route("**/v1/preview", lambda route: None)  # the network never follows
    for name, value in change.items():
        page.drag_slider(name, value)
    page.tab.evaluate("new Promise(requestAnimationFrame)")
    wish = {"ev": 0, "balance": 1, "strength": 1, **change}
    drawn = page.canvas("after")
    assert np.abs(drawn - expected(page, before, after, wish)).max() <= 2
    assert np.abs(drawn - after.astype(float)).mean() > 2
    page.tab.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("scripts", [(), (NO_WEBGL,)], ids=["webgl", "2d"])
def test_without_a_change_the_canvas_shows_the_pictures_of_the_engine(open_page, scripts):
    page = opened(open_page, *scripts)
    for name in ("before", "after"):
        data = base64.b64decode(page.tab.evaluate(f"window.pictures.{name}"))
        assert np.array_equal(page.canvas(name), np.asarray(Image.open(io.BytesIO(data))))


def test_a_graphics_card_that_was_reset_draws_again(open_page):
    page = opened(open_page)
    page.drag_slider("strength", 0.5)
    page.tab.evaluate("new Promise(requestAnimationFrame)")
    before = page.canvas()
    page.tab.evaluate(
        """async () => {
          const canvas = document.querySelector("#pane-after canvas");
          const card = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
          const told = (kind) => new Promise((done) => canvas.addEventListener(kind, done));
          for (const [kind, act] of [["lost", "loseContext"], ["restored", "restoreContext"]]) {
            const waiting = told(`webglcontext${kind}`);
            card[act]();
            await waiting;
            await new Promise((done) => setTimeout(done));
          }
        }"""
    )
    assert np.array_equal(page.canvas(), before)
    page.drag_slider("strength", 1)
    page.tab.evaluate("new Promise(requestAnimationFrame)")
    assert np.abs(page.canvas() - before.astype(float)).mean() > 2


def test_the_network_follows_when_the_hand_rests_and_not_before(page):
    page.choose(("night.png", dark(360, 240)))
    page.wait_for_preview()
    assert len(page.previews()) == 1
    page.drag_slider("ev", *[round(0.1 * step, 1) for step in range(1, 11)])
    page.wait_for_note("Preview. The network follows.")
    drawn = page.canvas()
    page.wait_for_note("Preview")
    assert [wish["ev"] for wish in page.previews()] == ["0", "1"]
    assert np.abs(page.canvas() - drawn.astype(float)).max() > 0


def test_an_older_request_is_given_up_when_the_slider_moves_on(page):
    page.choose(("night.png", dark(360, 240)))
    page.wait_for_preview()
    failed = []
    page.tab.on("requestfailed", lambda request: failed.append(request.failure))
    page.tab.route("**/v1/preview", lambda route: None, times=1)
    page.drag_slider("ev", 1)
    page.tab.wait_for_timeout(400)
    page.drag_slider("ev", 2)
    page.tab.wait_for_function(
        "() => document.getElementById('stage-note').textContent === 'Preview'"
    )
    assert failed == ["net::ERR_ABORTED"]
    assert page.previews()[-1]["ev"] == "2"


def test_strength_needs_no_network(page):
    page.choose(("night.png", dark(360, 240)))
    page.wait_for_preview()
    page.drag_slider("strength", 0)
    page.tab.wait_for_timeout(400)
    assert np.array_equal(page.canvas("after"), page.canvas("before"))
    assert len(page.previews()) == 1


def test_a_double_click_and_the_button_bring_back_the_automatic_exposure(page):
    page.choose(("night.png", dark(360, 240)))
    page.wait_for_preview()
    page.drag_slider("ev", 2)
    assert page.tab.get_attribute("#ev", "aria-valuetext") == "+2.0 stops"
    page.tab.dispatch_event("#ev", "dblclick")
    assert page.tab.get_attribute("#ev", "aria-valuetext") == "Automatic"
    page.drag_slider("balance", 0.3)
    page.tab.click("#reset")
    assert page.tab.input_value("#balance") == "1"
    assert page.tab.is_disabled("#reset")


def test_wishes_belong_to_one_picture_until_they_are_used_for_all(page):
    page.choose(*[(f"{n}.png", dark(80, 60, n)) for n in range(3)])
    page.wait_for_preview()
    page.drag_slider("ev", 1)
    page.tab.click(".thumb-pick >> nth=1")
    page.wait_for_preview()
    assert page.tab.input_value("#ev") == "0"
    page.tab.click(".thumb-pick >> nth=0")
    page.tab.click("#to-all")
    page.tab.click(".thumb-pick >> nth=2")
    assert page.tab.input_value("#ev") == "1"

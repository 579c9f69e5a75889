"""The live camera, by the picture that the browser makes up for tests."""

import io

import pytest
from page_checks import SAMPLE
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture
def live(page):
    page.tab.click("#camera-open")
    page.tab.wait_for_function(
        "() => document.getElementById('camera-state').textContent.includes(' pictures a second')",
        timeout=60_000,
    )
    return page


def test_frames_go_through_the_engine_one_at_a_time(live):
    assert "Computed on this machine" in live.tab.text_content("#camera-state")
    frames = live.previews()
    assert len(frames) >= 2
    assert {wish["side"] for wish in frames} == {"480"}
    assert live.tab.eval_on_selector("#camera-picture", "(node) => node.width") == 480


def test_a_snapshot_is_a_picture(live):
    name, data = live.download("#snapshot")
    assert name.startswith("camera_") and name.endswith(".jpg")
    assert Image.open(io.BytesIO(data)).size[0] == 480


def test_a_recording_is_a_film(live):
    live.tab.click("#record")
    assert live.tab.get_attribute("#record", "aria-pressed") == "true"
    live.tab.wait_for_timeout(1500)
    name, data = live.download("#record")
    assert name.endswith(".webm") and data[:4] == b"\x1aE\xdf\xa3"
    assert live.tab.text_content("#record") == "Record"


def test_a_camera_that_is_unplugged_is_told(page):
    page.tab.evaluate(
        """() => {
          const {mediaDevices} = navigator, given = mediaDevices.getUserMedia.bind(mediaDevices);
          mediaDevices.getUserMedia = async (wish) => (window.stream = await given(wish));
        }"""
    )
    page.tab.click("#camera-open")
    page.tab.wait_for_selector("#snapshot:enabled", timeout=60_000)
    page.tab.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    assert page.tab.text_content("#camera-state") == "The camera was disconnected."
    assert page.tab.is_disabled("#snapshot")
    assert page.tab.evaluate("window.stream.getTracks()[0].readyState") == "ended"


def test_a_picture_that_cannot_be_recorded_is_told(live):
    live.tab.evaluate(
        "() => { HTMLCanvasElement.prototype.captureStream = () => { throw new Error('no') } }"
    )
    live.tab.click("#record")
    live.tab.wait_for_function(
        "() => document.getElementById('camera-state').textContent.endsWith('cannot be recorded.')"
    )
    assert live.tab.is_disabled("#record")
    assert live.tab.is_enabled("#snapshot")


def test_keys_zoom_nothing_behind_the_camera(page):
    page.choose(SAMPLE)
    page.wait_for_preview()
    level = page.level()
    page.tab.click("#camera-open")
    page.tab.evaluate("document.activeElement.blur()")
    page.tab.keyboard.press("+")
    assert page.level() == level
    page.tab.click("#camera-close")
    page.tab.evaluate("new Promise(requestAnimationFrame)")
    assert page.level() == level


def test_a_closed_camera_asks_for_nothing_more(live):
    live.tab.click("#camera-close")
    live.tab.wait_for_timeout(500)
    count = len(live.server.requests)
    live.tab.wait_for_timeout(1000)
    assert len(live.server.requests) == count
    assert live.tab.is_visible("#choose")
    assert live.tab.evaluate("document.activeElement.id") == "camera-open"


def test_a_camera_that_is_refused_is_told(page):
    page.tab.evaluate(
        """() => {
          const refused = new DOMException("no", "NotAllowedError");
          navigator.mediaDevices.getUserMedia = () => Promise.reject(refused);
        }"""
    )
    page.tab.click("#camera-open")
    page.tab.wait_for_function(
        "() => document.getElementById('camera-state').textContent.startsWith('The browser was not allowed')"
    )
    assert page.tab.is_disabled("#snapshot")

"""Pictures come to the page by a drop, a paste, a choice of files or of a folder."""

import pytest
from page_checks import SAMPLE, dark


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_that_is_dropped_or_pasted_is_shown(page, kind):
    page.transfer(kind, ("night.png", dark(300, 200)))
    page.wait_for_preview()
    assert page.tab.text_content("#photo-name") == "night.png"
    assert page.tab.text_content("#photo-line").startswith("PNG, 300 × 200, ")
    assert page.canvas("before").shape == page.canvas("after").shape == (200, 300, 3)
    assert page.canvas("after").mean() > 1.3 * page.canvas("before").mean()


def test_a_chosen_picture_is_shown_with_what_was_decided(page):
    page.choose(SAMPLE)
    page.wait_for_preview()
    assert page.tab.text_content("#decision").startswith("Brightened by ")


def test_text_that_is_pasted_changes_nothing(page):
    asked = page.tab.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "night.png");
          const event = new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true});
          document.body.dispatchEvent(event);
          return event.clipboardData.getData("text/plain");
        }"""
    )
    assert asked == "night.png"
    page.tab.wait_for_timeout(100)
    assert page.tab.is_visible("#choose")
    assert page.tab.text_content("#banner") == ""


def test_a_chosen_folder_gives_its_pictures_and_says_what_was_left_out(page, tmp_path):
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.png").write_bytes(dark(80, 60))
    (folder / "inner" / "b.PNG").write_bytes(dark(80, 60, 1))
    (folder / "notes.txt").write_text("no picture")
    page.tab.set_input_files("#folder", folder)
    page.wait_for_preview()
    assert page.tab.locator(".thumb-name").all_text_contents() == ["a.png", "b.PNG"]
    assert "1 file is not a picture" in page.tab.text_content("#told")


def test_a_broken_file_stops_no_other_and_says_why(page):
    files = [("a.png", dark(80, 60)), ("broken.jpg", b"no picture"), ("b.png", dark(80, 60, 1))]
    page.choose(*files)
    page.wait_for_preview()
    page.tab.wait_for_function("() => document.querySelectorAll('.thumb img').length === 2")
    states = page.states()
    assert states[0] == states[2] == ""
    assert states[1].startswith("Not a picture")
    assert page.tab.text_content("#strip-title") == "3 photos, 1 failed"
    page.tab.click(".thumb-pick >> nth=1")
    assert page.tab.text_content("#stage-state") == states[1]
    assert page.tab.is_disabled("#download")


def test_pictures_are_removed_one_by_one_and_all_at_once(page):
    page.choose(*[(f"{n}.png", dark(80, 60, n)) for n in range(3)])
    page.wait_for_preview()
    page.tab.hover(".thumb >> nth=0")
    page.tab.click(".thumb-remove >> nth=0")
    page.wait_for_preview()
    assert page.tab.text_content("#photo-name") == "1.png"
    page.tab.click("#clear")
    assert page.tab.is_visible("#choose")
    assert page.tab.evaluate("document.activeElement.id") == "choose"


def test_of_what_is_removed_nothing_is_asked_and_the_next_is_up_to_date(page):
    page.choose(*[(f"{n}.png", dark(80, 60, n)) for n in range(3)])
    page.wait_for_preview()
    page.tab.wait_for_function("() => document.querySelectorAll('.thumb img').length === 3")
    page.drag_slider("ev", 1)
    page.wait_for_note("Preview")
    page.tab.click("#to-all")
    page.tab.hover(".thumb >> nth=0")
    page.tab.click(".thumb-remove >> nth=0")
    page.wait_for_preview()
    assert [wish["ev"] for wish in page.previews()] == ["0", "0", "0", "1", "1"]
    assert page.tab.evaluate("document.activeElement.title") == "1.png"
    page.tab.hover(".thumb >> nth=0")
    page.tab.click(".thumb-remove >> nth=0")
    assert page.tab.evaluate("document.activeElement.id") == "stage"


def test_when_all_are_removed_no_preview_is_begun(page):
    held = []
    page.tab.route("**/v1/preview", lambda route: held.append(route))
    page.choose(*[(f"{n}.png", dark(80, 60, n)) for n in range(4)])
    page.tab.wait_for_timeout(300)
    before = len(held)
    page.tab.click("#clear")
    page.tab.wait_for_timeout(400)
    assert len(held) == before
    assert page.tab.is_visible("#choose")
    page.tab.unroute_all(behavior="ignoreErrors")


@pytest.mark.slow
def test_a_picture_of_24_megapixels_is_shown_small_and_then_in_full(page):
    page.choose(("large.jpg", dark(6000, 4000, kind="JPEG")))
    page.wait_for_preview()
    assert max(page.canvas("after").shape) <= 1600
    page.tab.keyboard.press("1")
    page.wait_for_note("Full result", timeout=180_000)
    size = page.tab.eval_on_selector(
        "#pane-after img", "(node) => [node.naturalWidth, node.naturalHeight]"
    )
    assert size == [6000, 4000]

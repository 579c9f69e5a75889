"""Results are the engine's bytes, under their names, one by one or in an archive."""

import io
import zipfile

import pytest
from page_checks import dark

from scotopic.jobs.one import enhance_bytes
from scotopic.jobs.settings import Encoding, Settings
from scotopic.wish import Wish


def made(data, name, ev=0.0, **encoding):
    from stub import enhancer

    return enhance_bytes(enhancer(), data, Settings(Wish(ev=ev), Encoding(**encoding)), name)[0]


def test_a_downloaded_file_has_the_bytes_of_the_engine_and_the_name_of_the_command_line(page):
    data = dark(300, 200, kind="JPEG")
    page.choose(("night.jpg", data))
    page.wait_for_preview()
    name, got = page.download("#download")
    assert name == "night_enhanced.jpg"
    assert got == made(data, "night.jpg")
    assert "night_enhanced.jpg" in page.tab.text_content("#told")


def test_format_quality_exposure_and_metadata_are_as_asked_for(page):
    data = dark(300, 200)
    page.choose(("night.png", data))
    page.wait_for_preview()
    page.drag_slider("ev", 0.5)
    page.tab.click("#output-part summary")
    page.tab.select_option("#format", "webp")
    page.tab.fill("#quality", "70")
    page.tab.check("#strip")
    name, got = page.download("#download")
    assert name == "night_enhanced.webp"
    assert got == made(data, "night.png", 0.5, format="webp", quality=70, strip=True)


def test_a_second_download_computes_nothing_again(page):
    page.choose(("night.png", dark(300, 200)))
    page.wait_for_preview()
    assert page.download("#download") == page.download("#download")
    assert [kind for kind, *_ in page.server.requests].count("enhance") == 1


def test_all_come_in_an_archive_with_names_that_differ_and_without_the_broken_one(page):
    first, second = dark(80, 60), dark(80, 60, 1)
    page.choose(("Nächte 夜.png", first), ("broken.png", b"no picture"))
    page.wait_for_preview()
    page.choose(("Nächte 夜.png", second))
    page.wait_for_preview()
    page.tab.wait_for_function("() => document.querySelectorAll('.thumb img').length === 2")
    assert page.tab.text_content("#download-all") == "Download all 2"
    name, got = page.download("#download-all")
    assert name == "scotopic.zip"
    archive = zipfile.ZipFile(io.BytesIO(got))
    assert archive.testzip() is None
    assert archive.namelist() == ["Nächte 夜_enhanced.png", "Nächte 夜-2_enhanced.png"]
    assert archive.read(archive.namelist()[0]) == made(first, "a.png")
    assert archive.read(archive.namelist()[1]) == made(second, "a.png")
    assert [info.compress_type for info in archive.infolist()] == [zipfile.ZIP_STORED] * 2
    assert page.states()[0] == page.states()[2] == "Downloaded"


def test_one_that_fails_in_full_stops_no_other(page):
    from starlette.responses import JSONResponse

    error = {"message": "there is not enough memory for it", "remedy": None, "code": "memory"}
    page.server.answers["enhance"] = [JSONResponse({"error": error}, 503)]
    page.choose(("a.png", dark(80, 60)), ("b.png", dark(80, 60, 1)))
    page.wait_for_preview()
    _, got = page.download("#download-all")
    assert zipfile.ZipFile(io.BytesIO(got)).namelist() == ["b_enhanced.png"]
    assert page.states() == ["There is not enough memory for it.", "Downloaded"]
    page.tab.click("#retry-failed")
    assert page.states()[0] == ""


def test_the_strip_tells_what_waits_what_runs_and_what_is_done(page):
    page.server.delay = 1.2
    page.choose(*[(f"{n}.png", dark(80, 60, n)) for n in range(3)])
    page.wait_for_preview()
    page.tab.wait_for_function("() => document.querySelectorAll('.thumb img').length === 3")
    with page.tab.expect_download():
        page.tab.click("#download-all")
        page.tab.wait_for_function(
            """() => {
              const states = [...document.querySelectorAll('.thumb-state')].map((n) => n.textContent);
              return states[0] === 'Done' && states[1] === 'Running' && states[2] === 'Waiting';
            }"""
        )
        assert page.tab.is_visible("#all-progress")
        assert page.tab.text_content("#download-all") == "1 of 3 done"
    assert page.states() == ["Downloaded"] * 3


def test_what_runs_can_be_cancelled(page):
    page.server.delay = 1.5
    page.choose(*[(f"{n}.png", dark(80, 60, n)) for n in range(2)])
    page.wait_for_preview()
    page.tab.click("#download-all")
    page.tab.click("#cancel")
    page.tab.wait_for_selector("#cancel", state="hidden")
    assert page.states() == ["", ""]
    assert page.tab.is_enabled("#download")


def test_leaving_with_an_unsaved_result_is_asked_about_and_otherwise_not(page):
    asked = []
    page.tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.choose(("night.png", dark(300, 200)))
    page.wait_for_preview()
    page.tab.click("#zoom-in")  # browsers only ask who has touched the page
    page.tab.keyboard.press("1")
    page.wait_for_note("Full result")
    page.tab.reload()
    assert asked == ["beforeunload"]
    page.choose(("night.png", dark(300, 200)))
    page.wait_for_preview()
    page.download("#download")
    page.tab.reload()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("suffix", ["tif", "jp2"])
def test_a_result_that_the_browser_cannot_show_is_shown_as_another_format(page, suffix):
    page.choose(("night.png", dark(900, 700)))
    page.wait_for_preview()
    page.tab.click("#output-part summary")
    page.tab.select_option("#format", suffix)
    page.tab.click("#zoom-one")
    page.wait_for_note("Full result")
    asked = [fields["format"] for kind, _, fields in page.server.requests if kind == "enhance"]
    assert asked == [suffix, "jpg"]
    assert page.download("#download")[0] == f"night_enhanced.{suffix}"


def test_a_wish_that_changes_while_all_are_made_stops_no_download(page):
    page.server.delay = 1
    page.choose(*[(f"{n}.png", dark(900, 700, n)) for n in range(2)])
    page.wait_for_preview()
    page.tab.click("#zoom-one")
    page.tab.wait_for_selector("#cancel:not([hidden])")
    with page.tab.expect_download(timeout=60_000) as waiting:
        page.tab.click("#download-all")
        page.drag_slider("ev", 1)
    names = zipfile.ZipFile(waiting.value.path()).namelist()
    assert names == ["0_enhanced.png", "1_enhanced.png"]
    made = [fields["ev"] for kind, name, fields in page.server.requests if kind == "enhance"]
    assert "1" in made


def test_what_is_cancelled_is_no_longer_said_to_be_made(page):
    page.server.delay = 1
    page.choose(("night.png", dark(900, 700)))
    page.wait_for_preview()
    page.tab.click("#zoom-one")
    page.wait_for_note("Preview. The full picture is being made.")
    page.tab.click("#cancel")
    page.wait_for_note("Preview")
    page.tab.click("#zoom-in")
    page.wait_for_note("Full result")


def test_a_full_result_that_failed_is_made_when_it_is_tried_again(page):
    from starlette.responses import JSONResponse

    error = {"message": "there is not enough memory for it", "remedy": None, "code": "memory"}
    page.server.answers["enhance"] = [JSONResponse({"error": error}, 503)]
    page.choose(("night.png", dark(900, 700)), ("b.png", dark(80, 60)))
    page.wait_for_preview()
    page.tab.click("#zoom-one")
    page.wait_for_note("There is not enough memory for it.")
    page.tab.click("#retry-failed")
    page.wait_for_note("Full result")

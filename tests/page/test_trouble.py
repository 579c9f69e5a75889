"""What the page says when something does not go as it should."""

from page_checks import dark


def refusal(status, message, headers=None, remedy=None):
    from starlette.responses import JSONResponse

    error = {"message": message, "remedy": remedy, "code": "test"}
    return JSONResponse({"error": error}, status, headers)


def test_a_full_queue_is_tried_again_after_the_time_that_the_server_tells(page):
    full = refusal(429, "too many pictures are waiting already", {"Retry-After": "2"})
    page.server.answers["preview"] = [full]
    page.choose(("night.png", dark(80, 60)))
    page.tab.wait_for_function(
        "() => document.getElementById('stage-state').textContent.startsWith('The server is busy. Next try in')"
    )
    page.wait_for_preview()
    assert len(page.previews()) == 2


def test_what_is_too_large_is_told_in_the_words_of_the_server(page):
    page.server.answers["preview"] = [
        refusal(
            413, "the request is larger than 256 MiB", None, "whoever runs the server can raise it"
        )
    ]
    page.choose(("night.png", dark(80, 60)))
    page.tab.wait_for_selector("#stage-state.bad")
    assert page.tab.text_content("#stage-state") == (
        "The request is larger than 256 MiB. Whoever runs the server can raise it."
    )
    assert page.tab.text_content("#banner") == ""


def test_an_answer_that_is_no_json_is_told_too(page):
    page.tab.route("**/v1/preview", lambda route: route.fulfill(status=502, body="<html>"))
    page.choose(("night.png", dark(80, 60)))
    page.tab.wait_for_selector("#stage-state.bad")
    assert page.tab.text_content("#stage-state") == "The server answered with the status 502."


def test_a_server_that_is_gone_is_told_and_tried_again(page):
    page.tab.route("**/v1/preview", lambda route: route.abort("connectionrefused"))
    page.choose(("a.png", dark(80, 60)), ("b.png", dark(80, 60, 1)))
    page.tab.wait_for_selector("#banner button")
    assert page.tab.text_content("#banner span").startswith("The server does not answer.")
    page.tab.unroute("**/v1/preview")
    page.tab.click("#banner button")
    page.wait_for_preview()
    page.tab.wait_for_function("() => document.querySelectorAll('.thumb img').length === 2")
    assert page.tab.text_content("#banner") == ""


def test_an_answer_that_is_cut_is_told_as_a_server_that_is_gone(page):
    # Fewer bytes come than the answer says.
    page.tab.evaluate(
        """() => {
          const cut = new ReadableStream({start: (to) => to.error(new TypeError("network error"))});
          const headers = {"Content-Type": "multipart/form-data; boundary=x"};
          window.fetch = async () => new Response(cut, {headers});
        }"""
    )
    page.choose(("night.png", dark(80, 60)))
    page.tab.wait_for_selector("#banner button")
    assert page.tab.text_content("#banner span").startswith("The server does not answer.")


def test_a_file_that_is_gone_is_told_and_not_the_server(page, tmp_path):
    file = tmp_path / "night.png"
    file.write_bytes(dark(80, 60))
    page.tab.route("**/v1/preview", lambda route: route.abort("connectionrefused"))
    page.tab.set_input_files("#files", file)
    page.tab.wait_for_selector("#banner button")
    page.tab.unroute("**/v1/preview")
    file.unlink()
    page.tab.click("#banner button")
    page.tab.wait_for_function(
        "(text) => document.getElementById('stage-state').textContent === text",
        arg="The file was changed or removed since it was chosen.",
    )
    assert page.tab.text_content("#banner") == ""


def test_an_archive_that_cannot_be_made_is_told(page):
    page.choose(("a.png", dark(80, 60)), ("b.png", dark(80, 60, 1)))
    page.wait_for_preview()
    page.tab.evaluate(
        "() => { URL.createObjectURL = () => { throw new Error('no room is left') } }"
    )
    page.tab.click("#download-all")
    page.tab.wait_for_function("() => document.getElementById('banner').textContent")
    assert page.tab.text_content("#banner") == "No room is left."


def test_a_preview_that_cannot_be_decoded_is_told(page):
    page.choose(("a.png", dark(80, 60)))
    page.wait_for_preview()
    page.tab.evaluate(
        "() => { window.createImageBitmap = () => Promise.reject(new Error('it cannot be decoded')) }"
    )
    page.drag_slider("ev", 1)
    page.wait_for_note("It cannot be decoded.")


def test_a_picture_stays_on_the_stage_when_its_next_preview_fails(page):
    page.choose(("night.png", dark(80, 60)))
    page.wait_for_preview()
    page.server.answers["preview"] = [refusal(503, "there is not enough memory for it")]
    page.drag_slider("ev", 1)
    page.wait_for_note("There is not enough memory for it.")
    assert page.tab.is_visible("#pane-after canvas")
    page.drag_slider("ev", 0.5)
    page.wait_for_note("Preview")


def test_nothing_runs_when_nothing_happens(open_page):
    """No timer, no frame: none is asked for while the page is left alone."""
    page = open_page()
    page.tab.add_init_script(
        """
        window.ticks = 0;
        for (const name of ["setTimeout", "setInterval", "requestAnimationFrame"]) {
          const given = window[name];
          window[name] = (...rest) => { window.ticks += 1; return given.apply(window, rest); };
        }
        """
    )
    page.tab.reload()
    page.choose(("night.png", dark(80, 60)))
    page.wait_for_preview()
    page.tab.click("#zoom-one")
    page.wait_for_note("Full result")
    page.tab.wait_for_timeout(700)
    before = page.tab.evaluate("window.ticks")
    requests = len(page.server.requests)
    page.tab.wait_for_timeout(1500)
    assert page.tab.evaluate("window.ticks") == before
    assert len(page.server.requests) == requests


def test_the_page_says_where_photos_go(page):
    assert page.tab.text_content("#privacy") == (
        "Your photos go to the program on this machine and nowhere else."
    )

"""Who may use the server, and what its answers allow and tell."""

import re

import pytest
from server_process import SAMPLE, error_of, serving

from scotopic.errors import InvalidValueError, ScotopicError, UnreadableError
from scotopic.serve import failures, pages
from scotopic.serve.options import Options, is_loopback

TOKEN = "a-token-of-many-letters"
PICTURE = SAMPLE.read_bytes()


@pytest.fixture(scope="module")
def guarded():
    with serving("--host", "0.0.0.0", SCOTOPIC_TOKEN=TOKEN) as started:
        yield started


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/metrics", "/nothing"])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "a@localhost", ""],
)
def test_another_name_for_the_server_is_refused(server, path, host):
    status, _, body = server.ask(path, headers={"Host": host})
    assert (status, error_of(body)["code"]) == (403, "wrong_host")


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:1", "127.0.0.1", "[::1]:8000", "127.0.0.2"]
)
def test_its_own_names_are_taken(server, host):
    assert server.ask("/healthz", headers={"Host": host})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_cannot_have_pictures_enhanced(server, headers):
    for path in ("/v1/enhance", "/v1/preview"):
        status, told, body = server.post(path, PICTURE, headers=headers)
        assert (status, error_of(body)["code"]) == (403, "other_site")
        assert "Access-Control-Allow-Origin" not in told


def test_the_own_page_can(server):
    own = {"Origin": f"http://127.0.0.1:{server.port}", "Sec-Fetch-Site": "same-origin"}
    assert server.post("/v1/enhance", PICTURE, headers=own)[0] == 200


@pytest.mark.parametrize("path", ["/", "/v1/models", "/nothing", "/v1/enhance"])
def test_every_answer_has_the_headers_of_security(server, path):
    headers = server.ask(path)[1]
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' blob:"
    assert not re.search("unsafe|http|[*]|data:", headers["Content-Security-Policy"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Permissions-Policy"].startswith("camera=(self), microphone=()")
    assert headers["Date"].endswith("GMT") and "Server" not in headers


def test_files_of_the_page_have_their_types_and_are_not_sent_twice(server):
    for path, file in pages.files().items():
        status, headers, body = server.ask(path)
        assert (status, headers["Content-Type"], body) == (200, file.kind, file.data)
        tag = {"If-None-Match": headers["ETag"]}
        assert server.ask(path, headers=tag)[::2] == (304, b"")
        assert server.ask(path, "HEAD")[::2] == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/..%2fapp.py",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/..\\app.py",
        "//etc/passwd",
        "/index.html/",
        "/./index.html",
        "/index.html%00.png",
        "/__init__.py",
        "/.hidden",
    ],
)
def test_nothing_but_the_files_of_the_page_is_served(server, path):
    status, _, body = server.ask(path)
    assert (status, error_of(body)["code"]) == (404, "not_found")


def test_without_the_token_only_whether_it_answers_is_told(guarded):
    assert guarded.ask("/healthz")[0] == 200
    for path in ("/", "/v1/models", "/metrics", "/nothing", "/?token=wrong", "/?token="):
        status, headers, body = guarded.ask(path)
        assert (status, error_of(body)["code"]) == (401, "no_token")
        assert headers["WWW-Authenticate"].startswith("Bearer") and "Set-Cookie" not in headers
    assert guarded.post("/v1/enhance", PICTURE)[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer"},
        {"Cookie": f"token={TOKEN}"},
        {"Cookie": 'scotopic_1="'},
    ],
)
def test_what_is_not_the_token_does_not_do(guarded, headers):
    assert guarded.ask("/v1/models", headers=headers)[0] == 401


def test_programs_show_the_token_in_a_header(guarded):
    told = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded.ask("/v1/models", headers=told)[0] == 200
    assert guarded.post("/v1/enhance", PICTURE, headers=told)[0] == 200


def test_a_browser_shows_it_once_and_has_a_cookie_from_then_on(guarded):
    assert guarded.address == f"http://127.0.0.1:{guarded.port}/?token={TOKEN}"
    status, headers, _ = guarded.ask(f"/?token={TOKEN}")
    assert (status, headers["Location"]) == (303, "/")
    cookie, *attributes = headers["Set-Cookie"].split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert cookie.startswith(f"scotopic_{guarded.port}=") and TOKEN not in cookie
    assert guarded.ask("/", headers={"Cookie": cookie})[0] == 200
    assert guarded.post("/v1/enhance", PICTURE, headers={"Cookie": cookie})[0] == 200
    other = {"Cookie": cookie, "Origin": "http://evil.example"}
    assert guarded.post("/v1/enhance", PICTURE, headers=other)[0] == 403
    assert guarded.ask("/", headers={"Cookie": cookie[:-1]})[0] == 401


def test_names_cannot_be_rebound_where_others_reach_it(guarded):
    assert guarded.ask("/healthz", headers={"Host": "evil.example"})[0] == 403
    assert guarded.ask("/healthz", headers={"Host": "192.168.1.5:8000"})[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_an_address_that_others_reach_needs_a_token_or_a_word(host):
    with pytest.raises(InvalidValueError, match="others can reach"):
        Options(memory=2**30, host=host)
    assert Options(memory=2**30, host=host, open_to_all=True).token is None
    assert Options(memory=2**30, host=host, token=TOKEN).token == TOKEN


@pytest.mark.parametrize(
    "token", ["short", "", "has a blank in the middle", "ümläüte-sind-es-nicht"]
)
def test_a_token_is_long_and_plain(token):
    with pytest.raises(InvalidValueError, match="token"):
        Options(memory=2**30, token=token)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_addresses_of_the_machine_itself_are_known(host):
    assert is_loopback(host) and Options(memory=2**30, host=host).is_local


def test_no_place_of_the_server_is_told():
    for message in (
        "damaged: cannot open /home/somebody/x.png",
        "damaged: <_io.BytesIO object at 0x7f3210aa>",
        r"damaged: C:\Users\somebody",
    ):
        told = failures.of_error(UnreadableError(message, path="/secret/a.png"), b"")
        assert told.message == "the picture cannot be read or enhanced"
    unknown = failures.of_error(ScotopicError("failed by KeyError: 'x'", path="/secret"))
    assert (unknown.status, unknown.message) == (422, "failed by KeyError: 'x'")

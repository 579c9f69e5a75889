"""Clients that go away, are slow, send nonsense or hold on; and the end of the server."""

import json
import signal
import socket
import struct
import time

import pytest
from PIL import Image
from sample_files import saved
from server_process import SAMPLE, error_of, form, serving, serving_impatiently

PICTURE = SAMPLE.read_bytes()


def large(megapixels=12):
    """A picture that takes a while."""
    with Image.open(SAMPLE) as image:
        height = int((megapixels * 1e6 * 0.75) ** 0.5)
        return saved(image.convert("RGB").resize((height * 4 // 3, height)), "JPEG")


@pytest.fixture(scope="module")
def impatient():
    with serving_impatiently(headers=0.6, piece=0.8, body=2.0, request=60.0) as started:
        yield started


def head(length, more=""):
    told = form(None)[1]["Content-Type"]
    return (
        f"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Type: {told}\r\n"
        f"Content-Length: {length}\r\n{more}\r\n"
    ).encode()


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def test_headers_that_do_not_end_are_not_waited_for(impatient):
    began = time.monotonic()
    answer = impatient.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    assert status_of(answer) == 408 and error_of(answer.partition(b"\r\n\r\n")[2])
    assert time.monotonic() - began < 10


def test_a_second_request_of_a_connection_is_not_waited_for_either(impatient):
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = impatient.raw(whole + b"GET / HT")
    assert answer.startswith(b"HTTP/1.1 200") and b"HTTP/1.1 408" in answer


def test_a_connection_that_says_nothing_is_closed(impatient):
    began = time.monotonic()
    impatient.raw(b"")
    assert time.monotonic() - began < 10


def test_a_body_that_does_not_come_is_not_waited_for(impatient):
    body = form(PICTURE)[0]
    answer = impatient.raw(head(len(body)) + body[:5000])
    assert status_of(answer) == 408
    assert error_of(answer.partition(b"\r\n\r\n")[2])["code"] == "too_slow"


def test_a_body_that_comes_too_slowly_in_all_is_not_waited_for(impatient):
    body = form(PICTURE)[0]
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=60) as sock:
        sock.sendall(head(len(body)))
        sock.settimeout(0.3)
        for at in range(60):
            sock.sendall(body[at : at + 1])
            try:
                answer = sock.recv(1000)
                break
            except TimeoutError:
                continue
    assert status_of(answer) == 408 and at < 30


@pytest.mark.slow
def test_a_client_that_does_not_take_its_answer_is_cut_off(impatient):
    sock = impatient.sent(large(2), format="bmp")  # 6 MB: more than the sockets hold
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    counted = 'requests_total{route="/v1/enhance",status="200"}'
    before = impatient.numbers().get(counted, 0)
    impatient.wait_until(lambda: impatient.numbers().get(counted, 0) > before)
    sock.close()


@pytest.mark.slow
def test_one_that_waits_and_goes_leaves_the_queue_at_once_and_one_that_runs_gives_up(impatient):
    first = impatient.sent(large(), job="the-first-one")
    impatient.wait_until(lambda: impatient.numbers()["running"] == 1)
    second = impatient.sent(PICTURE, job="the-second-one")
    impatient.wait_until(lambda: impatient.numbers()["queue_waiting"] == 1)
    second.close()
    impatient.wait_until(lambda: impatient.numbers()["queue_waiting"] == 0, 5)
    assert impatient.numbers()["running"] == 1
    first.close()
    impatient.wait_until(lambda: impatient.numbers()["running"] == 0)
    told = json.loads(impatient.ask("/v1/jobs/the-first-one")[2])
    assert told["state"] == "failed"
    assert impatient.numbers()['requests_total{route="/v1/enhance",status="499"}'] >= 2
    assert impatient.post("/v1/enhance", PICTURE)[0] == 200


@pytest.mark.slow
def test_a_full_queue_refuses_with_429_and_recovers(impatient):
    held = [impatient.sent(large(6))]
    impatient.wait_until(lambda: impatient.numbers()["running"] == 1)
    held += [impatient.sent(PICTURE) for _ in range(2)]
    impatient.wait_until(lambda: impatient.numbers()["queue_waiting"] == 2)
    status, headers, body = impatient.post("/v1/enhance", PICTURE)
    assert (status, error_of(body)["code"]) == (429, "queue_full")
    assert int(headers["Retry-After"]) >= 1
    for sock in held:
        assert sock.recv(20).startswith(b"HTTP/1.1 200")
        sock.close()
    assert impatient.post("/v1/enhance", PICTURE)[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"FOO\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_what_is_no_http_is_answered_by_400_and_closed(impatient, sent):
    answer = impatient.raw(sent)
    assert status_of(answer) == 400
    assert error_of(answer.partition(b"\r\n\r\n")[2])["code"] in ("no_http", "wrong_field")
    assert impatient.ask("/healthz")[0] == 200


def test_connections_that_are_cut_leave_nothing(impatient):
    body = form(PICTURE)[0]
    for length in (0, 10, 1000, 100_000):
        sock = socket.create_connection(("127.0.0.1", impatient.port), timeout=60)
        sock.sendall((head(len(body)) + body)[:length])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()  # by a reset
    impatient.wait_until(lambda: impatient.numbers()["uploads"] == 0)
    assert impatient.post("/v1/enhance", PICTURE)[0] == 200


def test_who_sends_too_much_can_read_why(impatient):
    """The answer comes before the body is sent, and is not overtaken by a reset."""
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=60) as sock:
        sock.sendall(head(10**12))
        for _ in range(50):
            sock.sendall(bytes(100_000))
        answer = sock.recv(10_000)
    assert status_of(answer) == 413 and b"connection: close" in answer.lower()


def test_who_asks_before_sending_is_answered_without_the_body(impatient):
    answer = impatient.raw(head(10**12, "Expect: 100-continue\r\n"))
    assert status_of(answer) == 413


@pytest.mark.slow
def test_a_request_that_is_over_its_time_is_given_up():
    with serving_impatiently(request=0.5) as server:
        status, _, body = server.post("/v1/enhance", large())
        assert (status, error_of(body)["code"]) == (503, "took_too_long")
        server.wait_until(lambda: server.numbers()["running"] == 0)


@pytest.mark.slow
@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_at_the_end_pictures_are_finished_and_those_that_wait_are_told(sig):
    with serving_impatiently() as server:
        first = server.sent(large(3))
        server.wait_until(lambda: server.numbers()["running"] == 1)
        second = server.sent(PICTURE)
        server.wait_until(lambda: server.numbers()["queue_waiting"] == 1)
        server.process.send_signal(sig)
        answer = second.recv(10_000)
        assert status_of(answer) == 503 and b"closing" in answer
        assert first.recv(20).startswith(b"HTTP/1.1 200")
        assert server.process.wait(30) == 0


@pytest.mark.slow
def test_a_second_signal_gives_up_what_is_worked_on():
    with serving_impatiently(closing=60.0) as server:
        first = server.sent(large(15))
        server.wait_until(lambda: server.numbers()["running"] == 1)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        answer = first.recv(10_000)
        assert status_of(answer) == 503
        assert server.process.wait(50) == 0


@pytest.mark.slow
def test_a_server_with_several_workers_works_on_several_pictures():
    with serving("--workers", "2") as server:
        held = [server.sent(large(4)) for _ in range(2)]
        server.wait_until(lambda: server.numbers()["running"] == 2)
        assert all(sock.recv(20).startswith(b"HTTP/1.1 200") for sock in held)

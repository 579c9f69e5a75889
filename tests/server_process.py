"""A server in a process of its own, and requests to it, for tests."""

import contextlib
import email
import email.policy
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

from places import COMMAND, DOCS

SAMPLE = DOCS / "sample_dark.png"
BOUNDARY = "a-boundary-that-no-picture-has"
MEMORY = 2**31


class Server:
    """A process that serves, until it is stopped."""

    def __init__(self, command, **environment):
        self.held = []
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise AssertionError(f"the server did not start: {self.process.stderr.read()}")
        self.port = int(self.address.split(":")[2].split("/")[0])

    def connection(self, timeout=120):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, path, method="GET", body=None, headers=None):
        """Status, headers and body of an answer."""
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def post(self, path, data=None, name="a.png", headers=None, **fields):
        body, told = form(data, name, **fields)
        return self.ask(path, "POST", body, {**told, **(headers or {})})

    def raw(self, data, timeout=60):
        """What comes back for bytes, until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as sock:
            sock.sendall(data)
            pieces = []
            with contextlib.suppress(ConnectionResetError):
                while piece := sock.recv(65536):
                    pieces.append(piece)
        return b"".join(pieces)

    def sent(self, data, **fields):
        """A connection on which a picture was sent, and nothing read."""
        body, told = form(data, "a.png", **fields)
        head = "".join(f"{key}: {value}\r\n" for key, value in told.items())
        request = f"POST /v1/enhance HTTP/1.1\r\nHost: localhost\r\n{head}"
        request += f"Content-Length: {len(body)}\r\n\r\n"
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        self.held.append(sock)
        sock.sendall(request.encode() + body)
        return sock

    def numbers(self):
        lines = self.ask("/metrics")[2].decode().splitlines()
        found = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name.removeprefix("scotopic_"): float(value) for name, _, value in found}

    def wait_until(self, is_so, seconds=60):
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it did not come to be"
            time.sleep(0.05)

    def stop(self, sig=signal.SIGTERM):
        """Exit code and standard error of the process, ended by a signal."""
        for sock in self.held:
            sock.close()
        if self.process.poll() is None:
            self.process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, error = self.process.communicate(timeout=60)
            return self.process.returncode, error
        self.process.kill()
        _, error = self.process.communicate()
        raise AssertionError(f"the server did not end: {error}")


@contextlib.contextmanager
def serving(*arguments, **environment):
    """The installed command, serving; stopped at the end, when it must have nothing to complain of."""
    command = [COMMAND, "serve", "--memory", str(MEMORY), *arguments]
    yield from _until_the_end(Server(command, **environment))


@contextlib.contextmanager
def serving_impatiently(**patience):
    """A server with other limits of time, which the command has no options for."""
    code = (
        "from scotopic.serve.options import Options, Patience\n"
        "from scotopic.serve.running import run\n"
        f"options = Options({MEMORY}, patience=Patience(**{patience!r}), queue=2)\n"
        "run(options, lambda line: print(line, flush=True), print)\n"
    )
    yield from _until_the_end(Server([sys.executable, "-c", code]))


def _until_the_end(server):
    try:
        yield server
    finally:
        code, error = server.stop()
    assert (code, error) == (0, "")


def form(data, name="a.png", **fields):
    """The body of a form, and the headers that tell of it."""
    pieces = []
    for key, value in fields.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
        pieces.append(head.encode() + str(value).encode() + b"\r\n")
    if data is not None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        pieces.append(head.encode() + b"\r\n\r\n" + data + b"\r\n")
    pieces.append(f"--{BOUNDARY}--\r\n".encode())
    return b"".join(pieces), {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def parts_of(headers, body):
    """The parts of an answer that is a form, by their names: type and content."""
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    assert message.get_content_type() == "multipart/form-data"
    return {
        part.get_param("name", header="content-disposition"): (
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    }


def error_of(body):
    return json.loads(body)["error"]

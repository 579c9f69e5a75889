"""The command: its start, its end, its one line for everything that is wrong."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest
from PIL import Image
from places import COMMAND, DOCS
from server_process import SAMPLE, serving

from scotopic.networks.registry import find_model
from scotopic.serve import fields
from scotopic.serve.options import Patience
from scotopic.serve.protocol import MOST_CONNECTIONS

PAGE = (DOCS / "serve.md").read_text(encoding="utf-8")


def call(*arguments, **environment):
    environment = {**os.environ, **environment}
    return subprocess.run(
        [COMMAND, "serve", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )


def test_the_address_is_printed_when_it_is_listened_on(server):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", server.address)
    assert server.ask("/")[0] == 200


def test_the_usual_network_is_loaded_in_the_background(server):
    server.wait_until(lambda: b'"ready": true' in server.ask("/healthz")[2])


@pytest.mark.parametrize(
    "arguments, line",
    [
        (["--host", "0.0.0.0"], "others can reach 0.0.0.0, so clients must show a token"),
        (["--token", "short"], "a token has at least 16"),
        (["--token", "a" * 20, "--no-token"], "either a token or none"),
        (["--host", "no.such.host.invalid", "--no-token"], "cannot listen on no.such.host.invalid"),
    ],
)
def test_a_wrong_call_gets_one_line(arguments, line):
    done = call(*arguments)
    assert done.returncode in (1, 2) and done.stdout == ""
    assert done.stderr.startswith("scotopic: ") and line in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_gets_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = call("--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == f"scotopic: cannot listen on 127.0.0.1, port {port}: Address already in use\n"
    )


def test_without_the_extra_one_line_says_how_to_install_it():
    code = (
        "import sys\nsys.modules['starlette'] = None\nsys.argv = ['scotopic', 'serve']\n"
        "from scotopic.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "scotopic: serving needs starlette, uvicorn and python-multipart; "
        "pip install 'scotopic[serve]'\n"
    )


def test_help_loads_nothing_of_the_server():
    code = (
        "import sys\nfrom scotopic.cli import main\n"
        "try:\n    main(['serve', '--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'starlette', 'uvicorn', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_serving_loads_no_training_framework_and_no_other_web_library(server):
    maps = f"/proc/{server.process.pid}/maps"
    if not os.path.exists(maps):
        pytest.skip("the system does not tell what a process has loaded")
    with open(maps) as file:
        loaded = file.read()
    assert "onnxruntime" in loaded
    assert not any(name in loaded for name in ("torch", "tensorflow", "jaxlib", "uvloop"))


def test_idle_it_uses_no_processor(server):
    clock = f"/proc/{server.process.pid}/stat"
    if not os.path.exists(clock):
        pytest.skip("the system does not tell what a process has used")
    server.wait_until(lambda: b'"ready": true' in server.ask("/healthz")[2])
    server.post("/v1/enhance", SAMPLE.read_bytes())
    time.sleep(0.5)

    def used():
        with open(clock) as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before = used()
    time.sleep(1.5)
    assert used() - before <= 2  # hundredths of a second


def test_an_own_network_is_called_by_the_name_of_its_file(tmp_path):
    shutil.copy(find_model("fast"), tmp_path / "mine.onnx")
    with serving("--model", str(tmp_path / "mine.onnx")) as server:
        models = server.ask("/v1/models")[2]
        assert b'"name": "mine.onnx"' in models and str(tmp_path).encode() not in models
        picture = SAMPLE.read_bytes()
        own = server.post("/v1/enhance", picture, model="mine.onnx")
        assert own[0] == 200 and own[2] == server.post("/v1/enhance", picture)[2]
        assert own[2] == server.post("/v1/enhance", picture, model="fast")[2]
        path = {"model": str(tmp_path / "mine.onnx")}
        assert server.post("/v1/enhance", picture, **path)[0] == 400


@pytest.mark.slow
def test_the_examples_of_the_page_work(tmp_path):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    examples = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) >= 7
    with Image.open(SAMPLE) as image:
        image.convert("RGB").save(tmp_path / "night.jpg")
    with serving() as server:
        for example in examples:
            script = example.replace("http://127.0.0.1:8000/", server.address)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (example, done.stdout, done.stderr)
    assert (tmp_path / "night_enhanced.webp").is_file()


def test_the_page_names_every_option_of_a_limit_and_every_status():
    for option in ("--workers", "--queue", "--max-bytes", "--max-megapixels", "--memory"):
        assert f"`{option}`" in PAGE
    for name in fields._COMMON | {"side"}:
        assert f"`{name}`" in PAGE


def test_the_page_tells_the_limits_of_time_that_hold():
    usual = Patience()
    for told in (
        f"64 KiB, {usual.headers:g} seconds",
        f"{usual.piece:g} seconds for the next piece, {usual.body:g} in all",
        f"taking an answer | {usual.piece:g} seconds",
        f"a request in all | {usual.request / 60:g} minutes",
        f"the end of the server | {usual.closing:g} seconds",
        f"connections | {MOST_CONNECTIONS} ",
    ):
        assert told in PAGE

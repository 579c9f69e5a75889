"""No connection to another machine, and no file outside the results."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import small_data
from PIL import Image

STRACE = shutil.which("strace")
KEPT_OUT = ("HOME", "XDG", "ORT_", "LOCALAPPDATA", "CI", "TF_BUILD", "JENKINS_URL")
ADDRESS = re.compile(r'sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


def run_in(home, command, **more):
    """Run a command as a user with an empty home folder who has opted out of nothing."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(KEPT_OUT)}
    environment = {**clean, "HOME": str(home), **more}
    return subprocess.run(
        [str(part) for part in command],
        env=environment,
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def connections(trace):
    """Addresses of other machines in what strace wrote."""
    lines = (line for line in trace.splitlines() if re.search(r"\b(connect|send\w+)\(", line))
    found = {first or second for line in lines for first, second in ADDRESS.findall(line)}
    return {address for address in found if not address.startswith("127.") and address != "::1"}


@pytest.fixture
def traced(tmp_path):
    """Runs a Python process; gives its output, and the addresses it sent something to."""
    if STRACE is None:
        pytest.skip("strace is not here")
    trace, home = tmp_path / "trace", tmp_path / "home"
    home.mkdir()
    strace = [STRACE, "-f", "-qq", "-e", "trace=network", "-o", trace, sys.executable]
    if run_in(home, [*strace, "-c", "pass"]).returncode:
        pytest.skip("processes cannot be traced here")

    def run(*arguments, **more):
        done = run_in(home, [*strace, *arguments], **more)
        assert done.returncode == 0, done.stderr
        return done.stdout, connections(trace.read_text())

    return run


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(np.full((40, 60, 3), 9, np.uint8)).save(path)
    return path


SEND = """
import socket
with socket.socket(socket.AF_{family}, socket.SOCK_DGRAM) as s:
    try:
        s.sendto(b"x", ("{address}", 9))
    except OSError:
        pass
"""


@pytest.mark.parametrize(
    ("family", "address", "is_other"),
    [("INET", "192.0.2.1", True), ("INET6", "2001:db8::1", True), ("INET", "127.0.0.1", False)],
)
def test_the_trace_shows_what_is_sent_to_another_machine(traced, family, address, is_other):
    _, found = traced("-c", SEND.format(family=family, address=address))
    assert found == ({address} if is_other else set())


@pytest.mark.parametrize(
    "arguments",
    [
        ["enhance", "a.jpg", "-o", "b.jpg"],
        ["enhance", "a.jpg", "-o", "b.jpg", "--model", "mirnet_small_lol"],
        ["doctor"],
        ["models"],
    ],
    ids=" ".join,
)
def test_the_command_sends_nothing_and_leaves_nothing(traced, picture, tmp_path, arguments):
    _, found = traced("-m", "scotopic", *arguments)
    assert found == set()
    assert list((tmp_path / "home").rglob("*")) == []


def test_openvino_sends_nothing(traced, picture):
    pytest.importorskip("openvino", reason="asks OpenVINO")
    _, found = traced("-m", "scotopic", "enhance", "a.jpg", "-o", "b.jpg", "--provider", "openvino")
    assert found == set()


@pytest.mark.slow
def test_training_sends_nothing_and_leaves_only_settings_and_fonts(traced, tmp_path):
    pytest.importorskip("keras", reason="training needs keras")
    data = small_data.make(tmp_path / "data")
    words = ["--preset", "tiny", "--recipe", "smoke", "--data", data, "--epochs", "1", "-o", "run"]
    _, found = traced("-m", "scotopic", "train", *words)
    assert found == set()
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    names = {path.name for path in left if not path.name.startswith("fontlist-")}
    assert names <= {"keras.json"}


OPTED_OUT = """
import os
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # so that the test reports nothing
import onnxruntime
"""
FORGET = (
    OPTED_OUT
    + """
del os.environ["ORT_DISABLE_TELEMETRY"]
"""
)
WANT = (
    OPTED_OUT
    + """
os.environ["ORT_DISABLE_TELEMETRY"] = "0"
"""
)
DOCTOR = """
from scotopic import doctor
print(doctor.as_text(doctor.examine()))
"""
LINE = re.compile(r"^Telemetry of ONNX Runtime: (.*)$", re.MULTILINE)


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("", r"off$"),
        (FORGET, r"events are switched off, but another part of this process "),
        (OPTED_OUT, r"off$"),
        (WANT, r"left as ORT_DISABLE_TELEMETRY=0 says$"),
    ],
    ids=["alone", "imported before", "imported before by one who opted out", "wanted"],
)
def test_doctor_says_what_is_reported(tmp_path, before, wanted):
    home = tmp_path / "home"
    home.mkdir()
    done = run_in(home, [sys.executable, "-c", before + DOCTOR])
    (told,) = LINE.findall(done.stdout)
    assert re.match(wanted, told)


ENHANCE = """
calls = []
onnxruntime.disable_telemetry_events = lambda: calls.append(1)
import numpy, scotopic
scotopic.enhance(numpy.full((40, 60, 3), 9, numpy.uint8))
print(bool(calls))
"""


@pytest.mark.parametrize(("before", "wanted"), [(FORGET, "True"), (WANT, "False")])
def test_a_host_that_has_imported_onnx_runtime_gets_its_events_switched_off(
    tmp_path, before, wanted
):
    home = tmp_path / "home"
    home.mkdir()
    assert run_in(home, [sys.executable, "-c", before + ENHANCE]).stdout == f"{wanted}\n"

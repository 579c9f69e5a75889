"""OpenVINO beside ONNX Runtime: the same pictures, and nothing reported."""

import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from scotopic.enhancer import Enhancer
from scotopic.errors import ModelError
from scotopic.networks import openvino_runtime
from scotopic.networks.openvino_runtime import OpenVinoGraph, compiled
from scotopic.networks.registry import DEFAULT_MODEL, find_model, registry
from scotopic.networks.session import Session

if not openvino_runtime.providers():
    pytest.skip("runs the networks in OpenVINO, which is not installed", allow_module_level=True)

EXACT = "openvino-f32"
MODELS = sorted(registry())
DARK = np.random.default_rng(0).random((150, 200, 3), dtype=np.float32) / 5


def small(session):
    """The smallest inputs that a session's graph takes."""
    side = session.spec.size_multiple
    shapes = session._graph.inputs.items()
    return {
        name: np.full([size or side for size in shape], 0.1, np.float32) for name, shape in shapes
    }


def psnr(first, second):
    return -10 * np.log10(np.mean((first - second) ** 2))


@pytest.mark.parametrize("model", MODELS)
def test_the_picture_is_that_of_onnx_runtime(model):
    wanted = Enhancer(model, threads=1).enhance_array(DARK)[0]
    found = Enhancer(model, provider=EXACT, threads=1).enhance_array(DARK)[0]
    assert np.abs(found - wanted).max() < 1e-4


def test_in_the_precision_of_the_processor_the_picture_is_about_the_same():
    enhancer = Enhancer(provider="openvino", threads=1)
    assert enhancer.network._session._graph.precision in ("float32", "bfloat16")
    wanted = Enhancer(threads=1).enhance_array(DARK)[0]
    assert psnr(enhancer.enhance_array(DARK)[0], wanted) > 40


def test_tiles_joined_are_the_picture_whole():
    enhancer = Enhancer(memory=2**31, provider=EXACT, threads=1)
    picture = np.random.default_rng(0).random((900, 700, 3), dtype=np.float32) / 5
    whole, report = enhancer.enhance_array(picture)
    tiled, tiled_report = enhancer.with_memory(1).enhance_array(picture)
    assert report.tiles == 1 < tiled_report.tiles
    assert np.abs(tiled - whole).max() < 1e-4


def test_threads_may_use_one_session_at_the_same_time():
    session, failures = Session(provider=EXACT, threads=2), []
    side = session.spec.size_multiple
    inputs = [
        {
            **small(session),
            "picture": np.full((1, 3, rows * side, side), rows / 9, np.float32),
            "rows": np.full((rows * side, side), 0.1, np.float32),
        }
        for rows in (1, 2, 4)
    ]
    wanted = [session.run(["enhanced"], given)[0].copy() for given in inputs]

    def work(first):
        for turn in range(12):
            number = (first + turn) % len(inputs)
            (found,) = session.run(["enhanced"], inputs[number])
            session.release(["enhanced"], inputs[0])
            if not np.array_equal(found, wanted[number]):
                failures.append(number)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_result_outlives_later_runs_and_the_session():
    session = Session(provider=EXACT, threads=1)
    given = small(session)
    (kept,) = session.run(["enhanced"], given)
    wanted = kept.copy()
    session.run(["enhanced"], {**given, "picture": given["picture"] * 3})
    session.release(["enhanced"], given)
    session.close()
    del session
    assert np.array_equal(kept, wanted)


def test_the_threads_are_those_asked_for():
    properties = Session(provider=EXACT, threads=1)._graph._compiled
    assert properties.get_property("INFERENCE_NUM_THREADS") == 1
    assert not properties.get_property("ENABLE_CPU_PINNING")


def test_the_file_says_the_same_of_itself_in_both_runtimes():
    ours, theirs = Session(provider="openvino"), Session()
    assert dict(ours._graph.metadata) == dict(theirs._graph.metadata)
    assert ours._graph.inputs == theirs._graph.inputs
    assert ours._graph.outputs == theirs._graph.outputs
    needed = OpenVinoGraph.memory_ratio * theirs.spec.bytes_per_pixel
    assert needed <= ours.spec.bytes_per_pixel < needed + 1


def test_providers_are_asked_for_in_any_case():
    assert Session(provider="OpenVINO").provider == "openvino"
    assert Session(provider="OpenVINO-F32").provider == EXACT


def test_an_unknown_provider_lists_those_of_openvino():
    with pytest.raises(ModelError, match="there are: .*cpu, openvino, openvino-f32"):
        Session(provider="openvino-f16")


@pytest.mark.parametrize("content", [b"no network", b""], ids=["other content", "empty"])
def test_a_file_that_is_no_network_is_refused(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a (scotopic )?network") as caught:
        Session(str(path), EXACT)
    assert caught.value.path == str(path) and "\n" not in str(caught.value)


LIMITED = """
import resource
import numpy as np
from scotopic.networks.session import Session

session = Session(provider="openvino-f32", threads=1)
def run(side):
    shapes = session._graph.inputs.items()
    inputs = {name: np.zeros([size or side for size in shape], np.float32) for name, shape in shapes}
    inputs["thumbnail"] = inputs["thumbnail"][:1]
    return session.run(["enhanced"], inputs)[0].shape

run(64)
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 256 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for turn in range(2):
    try:
        run(1536)
    except MemoryError as error:
        print(error, session._graph._frugal, run(256))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_a_tile_that_no_memory_is_left_for_is_said_to_be_so_and_a_smaller_one_succeeds():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True)
    wanted = "not enough memory for a tile True (1, 3, 256, 256)\n"
    assert done.stdout == 2 * wanted, done.stderr


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_is_raised_and_spoils_no_later_run(threads):
    session = Session(provider=EXACT, threads=threads)
    given = small(session)
    (wanted,) = session.run(["enhanced"], given)
    odd = given["picture"][..., 1:]
    with pytest.raises(RuntimeError):
        session.run(["enhanced"], {**given, "picture": odd})
    assert np.array_equal(session.run(["enhanced"], given)[0], wanted)


def test_a_frugal_graph_gives_the_same():
    path = find_model(DEFAULT_MODEL)
    usual, frugal = (OpenVinoGraph(path, EXACT, 1, frugal) for frugal in (False, True))
    given = small(Session())
    for _ in range(2):
        assert np.array_equal(usual.run(["enhanced"], given), frugal.run(["enhanced"], given))


class Core:
    """Compiles nothing; notes with what options it is asked to."""

    def __init__(self, default):
        self.default, self.asked = default, []

    def compile_model(self, model, device, options):
        self.asked.append(options.get("INFERENCE_PRECISION_HINT"))
        name = options.get("INFERENCE_PRECISION_HINT", self.default)
        kind = SimpleNamespace(get_type_name=lambda: name)
        return SimpleNamespace(precision=name, get_property=lambda _: kind)


@pytest.mark.parametrize(
    ("default", "exact", "wanted", "asked"),
    [
        ("bf16", False, "bf16", [None]),
        ("f32", False, "f32", [None]),
        ("f16", False, "f32", [None, "f32"]),
        ("bf16", True, "f32", ["f32"]),
    ],
)
def test_the_precision_is_that_of_the_processor_or_float32(default, exact, wanted, asked):
    core = Core(default)
    assert compiled(core, None, exact, 1).precision == wanted
    assert core.asked == asked


QUIET = """
import sys

def refuse(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.fork"):
        print("not quiet:", event, arguments)

sys.addaudithook(refuse)
import numpy
from scotopic import Enhancer
Enhancer(provider="openvino").enhance_array(numpy.full((40, 60, 3), 9, numpy.uint8))
"""
"""Says when something connects, or starts a process that might."""


def test_a_new_process_reports_nothing_and_leaves_no_file_in_an_empty_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    # In continuous integration OpenVINO is quiet by itself.
    left_out = ("HOME", "XDG", "LOCALAPPDATA", "CI", "TF_BUILD", "JENKINS_URL")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    done = subprocess.run(
        [sys.executable, "-c", QUIET],
        env={**clean, "HOME": str(home)},
        check=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr, list(home.rglob("*"))) == ("", "", [])

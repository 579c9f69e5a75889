import threading

import numpy as np
import onnxruntime
import pytest

from scotopic.errors import ModelError, Parameter
from scotopic.networks.exposing import ExposingNetwork
from scotopic.networks.graph import memory_errors
from scotopic.networks.registry import find_model
from scotopic.networks.session import Session

BLANK = {
    "thumbnail": np.full((1, 3, 64, 64), 0.1, np.float32),
    "picture": np.full((1, 3, 64, 64), 0.1, np.float32),
    "slope": np.full((1, 1), -0.2, np.float32),
    "offset": np.full((1, 1), 0.7, np.float32),
    "rows": np.ones((64, 1), np.float32),
    "columns": np.ones((64, 1), np.float32),
    "context": np.zeros((1, 64), np.float32),
}


@pytest.mark.parametrize("content", [b"no network", b""], ids=["other content", "empty"])
def test_a_file_that_is_no_network_is_refused(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a network") as caught:
        Session(str(path))
    assert caught.value.path == str(path)


def test_unknown_models_and_providers_list_the_known():
    with pytest.raises(ModelError, match="standard"):
        Session("nonesuch")
    with pytest.raises(ModelError, match="cpu"):
        Session(provider="abacus")


def test_providers_are_asked_for_by_their_short_names():
    assert "CPUExecutionProvider" in onnxruntime.get_available_providers()
    assert Session(provider="CPU").provider == "cpu"


def test_a_provider_that_gives_way_to_another_is_an_error(monkeypatch):
    class GivesWay(onnxruntime.InferenceSession):
        def get_providers(self):
            return ["SlowExecutionProvider"]

    monkeypatch.setattr(onnxruntime, "InferenceSession", GivesWay)
    with pytest.raises(ModelError, match="provider cpu cannot be used") as caught:
        Session()
    assert caught.value.remedy == Parameter("provider", "slow")


def test_outputs_do_not_depend_on_the_inputs_of_the_other_branch():
    session, other = Session(), {**BLANK, "picture": np.zeros((1, 3, 64, 64), np.float32)}
    assert (session.run(["log_gain"], BLANK)[0] == session.run(["log_gain"], other)[0]).all()
    other = {**BLANK, "thumbnail": np.zeros((1, 3, 64, 64), np.float32)}
    assert (session.run(["enhanced"], BLANK)[0] == session.run(["enhanced"], other)[0]).all()


@pytest.mark.parametrize(
    "inputs, outputs, words",
    [
        ({"picture": (1, 3, None, None)}, {"sharper"}, "lacks output sharper"),
        ({"mask": (1, 1)}, {"enhanced"}, "lacks input mask"),
        ({"picture": (1, 3, None, None)}, {"enhanced"}, "unexpected input"),
        (
            {
                "thumbnail": (1, 3, 32, 32),
                "picture": (1, 3, None, None),
                "slope": (None, None),
                "offset": (None, None),
                "rows": (None, None),
                "columns": (None, None),
                "context": (1, 64),
            },
            {"enhanced"},
            "unexpected input thumbnail of shape",
        ),
    ],
)
def test_a_graph_that_is_not_as_required_is_refused(inputs, outputs, words):
    with pytest.raises(ModelError, match=words) as caught:
        Session().require(inputs, outputs)
    assert caught.value.path == str(find_model("standard"))


class Full:
    """A graph for which there is no memory."""

    def run(self, *_):
        raise MemoryError


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Failed to allocate memory for requested buffer of size 9"),
        RuntimeError("Exception from src/x.cpp:1:\nFailed to allocate 9 bytes of memory\n"),
        ValueError("std::bad_alloc"),
        MemoryError(),
    ],
)
def test_runtimes_say_in_several_ways_that_memory_is_short(error):
    with pytest.raises(MemoryError), memory_errors():
        raise error


def test_a_session_out_of_memory_goes_on_without_keeping_any(monkeypatch):
    session = Session()
    (wanted,) = session.run(["enhanced"], BLANK)
    monkeypatch.setattr(session, "_graph", Full())
    with pytest.raises(MemoryError):
        session.run(["enhanced"], BLANK)
    (found,) = session.run(["enhanced"], BLANK)
    assert np.abs(found - wanted).max() < 1e-6
    session.release(["log_gain"], BLANK)  # which keeps none that it could give back


def test_threads_that_run_out_of_memory_together_load_one_frugal_graph(monkeypatch):
    session, loads, failures = Session(), [], []
    usual, together = session._load, threading.Barrier(4)

    class FullForAll(Full):
        def run(self, *_):
            together.wait(timeout=60)
            super().run()

    def counted(frugal):
        loads.append(frugal)
        return usual(frugal)

    def work():
        try:
            session.run(["log_gain"], BLANK)
        except MemoryError:
            failures.append(session.run(["log_gain"], BLANK))

    monkeypatch.setattr(session, "_graph", FullForAll())
    monkeypatch.setattr(session, "_load", counted)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 4 and loads == [True]


def test_errors_other_than_of_memory_are_raised_as_they_are(monkeypatch):
    class Broken:
        def run(self, *_):
            raise RuntimeError("broken")

    session = Session()
    monkeypatch.setattr(session._graph, "_session", Broken())
    with pytest.raises(RuntimeError, match="broken"):
        session.run(["enhanced"], BLANK)


def test_thumbnails_are_seen_together_as_one_by_one():
    network = ExposingNetwork(Session())
    thumbs = np.random.default_rng(0).random((3, 64, 64, 3), dtype=np.float32) / 4
    log_gains, context = network.glance(thumbs)
    alone = [network.glance(thumb[None]) for thumb in thumbs]
    assert np.abs(log_gains - np.concatenate([maps for maps, _ in alone])).max() < 1e-5
    assert np.abs(log_gains[0] - log_gains[1]).max() > 1e-3
    assert context.shape == alone[0][1].shape and np.abs(context - alone[0][1]).max() < 1e-5


def test_a_turned_or_flipped_thumbnail_has_the_map_turned_or_flipped():
    network = ExposingNetwork(Session())
    thumb = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32) / 4
    log_gain, _ = network.look(thumb)
    for change in (np.rot90, np.flipud):
        assert np.abs(network.look(change(thumb))[0] - change(log_gain)).max() < 1e-5
    assert np.abs(log_gain - np.rot90(log_gain)).max() > 1e-3


def test_the_context_keeps_no_memory_of_the_runtime():
    network = ExposingNetwork(Session())
    for found in network.glance(np.full((2, 64, 64, 3), 0.1, np.float32)):
        assert found.base is None, "a view would keep the memory of the runtime alive"


def test_a_closed_session_is_refused():
    session = Session()
    session.close()
    session.close()
    with pytest.raises(ModelError, match="closed"):
        session.run(["log_gain"], BLANK)
    session.release(["log_gain"], BLANK)  # which keeps no memory that it could give back

"""Names handed out and outcomes noted, with something in Ray's place that loses names."""

import contextlib
import re
import signal
import socket
import threading
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner

pq = pytest.importorskip("pyarrow.parquet", reason="extra ray")

from scotopic.cli import main
from scotopic.cloud.report import summary_of
from scotopic.cluster import on_ray, run
from scotopic.cluster.on_ray import Workers
from scotopic.cluster.run import Run
from scotopic.commands.cluster import _summary
from scotopic.errors import AccessError, InvalidValueError, Parameter
from scotopic.jobs.settings import Settings

WORKERS = Workers(1, 1)


@pytest.fixture
def handed_out(monkeypatch, actor):
    """Has an actor in this process do the work; loses what `kills` says. Tells what was handed out."""
    calls = []

    def install(kills):
        def outcomes(parts, numbers, workers, options):
            every = np.arange(parts.count) if numbers is None else numbers
            calls.append(every.tolist())
            for table in parts.rows(every):
                for number, row in zip(table["number"].to_pylist(), table.to_pylist(), strict=True):
                    if not kills(numbers is not None, row["source"]):
                        told = actor({"source": [row["source"]], "target": [row["target"]]})
                        yield {"number": np.array([number]), **told}

        monkeypatch.setattr(on_ray, "outcomes", outcomes)
        monkeypatch.setattr(on_ray, "unread", lambda *_: None)
        return calls

    return install


def whole_run(photos, tmp_path):
    work = Run(str(tmp_path / "out"), {"model": "fast"}, str(tmp_path / "r.parquet"))
    refused = []
    assert work.plan(str(photos), Settings(), refused.append) == 12
    told = list(work.outcomes(WORKERS, {}))
    work.close()
    assert refused == []
    return told


def test_what_a_batch_has_lost_is_tried_again_by_itself(handed_out, photos, tmp_path):
    lost = ("004.png", "005.png", "010.png")
    calls = handed_out(lambda again, source: not again and source.endswith(lost))
    told = whole_run(photos, tmp_path)
    assert len(calls) == 2
    assert (len(calls[0]), len(calls[1])) == (12, 3)
    assert [outcome.status for outcome in told] == ["enhanced"] * 12
    assert len({outcome.source for outcome in told}) == 12


def test_a_picture_that_kills_its_workers_fails_alone(handed_out, photos, tmp_path):
    handed_out(lambda again, source: source.endswith("004.png"))
    told = whole_run(photos, tmp_path)
    (failed,) = [outcome for outcome in told if outcome.status == "failed"]
    assert failed.source.endswith("004.png")
    assert "each worker that took it died" in str(failed.error)
    assert len(told) == 12
    table = pq.read_table(tmp_path / "r.parquet").to_pylist()
    assert sorted(row["source"] for row in table) == sorted(o.source for o in told)


def test_names_that_no_worker_can_read_are_not_said_to_kill_it(
    handed_out, photos, tmp_path, monkeypatch
):
    handed_out(lambda again, source: True)
    monkeypatch.setattr(on_ray, "unread", lambda parts, part: f"no part {part} here")
    told = whole_run(photos, tmp_path)
    assert {outcome.error.message for outcome in told} == {
        "workers cannot read the names of the run in the output: no part 0 here"
    }


def test_a_remedy_is_a_parameter_again_which_the_command_can_name(handed_out, photos, tmp_path):
    handed_out(lambda again, source: False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "001.png").write_bytes(b"mine")
    (failed,) = [each for each in whole_run(photos, tmp_path) if each.error]
    assert failed.error.remedy == Parameter("overwrite")


def test_a_run_that_ends_before_the_first_outcome_has_a_record(handed_out, photos, tmp_path):
    handed_out(lambda again, source: False)
    work = Run(str(tmp_path / "out"), {"model": "fast"})
    work.plan(str(photos), Settings(), print)
    with contextlib.closing(work.outcomes(WORKERS, {})) as told:
        next(told)
        (record,) = (tmp_path / "out" / ".scotopic").glob("*.jsonl")
        assert "fast" in record.read_text()


def test_what_a_batch_made_is_noted_though_it_is_not_told(actor, photos, tmp_path, monkeypatch):
    def outcomes(parts, numbers, workers, options):
        for table in parts.rows(np.arange(parts.count)):
            yield {"number": table["number"].to_numpy(), **actor(table.to_pydict())}

    monkeypatch.setattr(on_ray, "outcomes", outcomes)
    work = Run(str(tmp_path / "out"), {"model": "fast"}, str(tmp_path / "r.parquet"))
    with contextlib.closing(work):
        work.plan(str(photos), Settings(), print)
        with contextlib.closing(work.outcomes(WORKERS, {})) as told:
            next(told)
    assert summary_of([str(tmp_path / "out")]).done == 12
    assert len(pq.read_table(tmp_path / "r.parquet")) == 12


def test_the_memory_of_one_process_is_no_place_for_a_cluster(photos, tmp_path):
    pytest.importorskip("fsspec", reason="extra cloud")
    for places in (("memory://out",), (str(tmp_path / "out"), "memory://r.parquet")):
        with pytest.raises(InvalidValueError, match="memory://.*: lies in one process"):
            Run(places[0], {}, *places[1:])
    with pytest.raises(InvalidValueError, match="memory://in: lies in one process"):
        Run(str(tmp_path / "out"), {}).plan("memory://in", Settings(), print)
    job = run.ObjectJob(str(photos / "001.png"), "memory://out/001.png")
    assert "lies in one process" in str(run._unsendable(job))


def test_a_report_that_cannot_be_written_at_the_end_costs_no_summary(
    handed_out, photos, tmp_path, monkeypatch
):
    def close(report):
        raise AccessError("cannot be written: no space", path="r.parquet")

    handed_out(lambda again, source: False)
    monkeypatch.setattr(on_ray, "cluster", lambda *_: contextlib.nullcontext(WORKERS))
    monkeypatch.setattr(run.Report, "close", close)
    report = str(tmp_path / "r.parquet")
    call = ["cluster", str(photos), "-o", str(tmp_path / "out"), "--report", report]
    done = CliRunner().invoke(main, [*call, "--model", "fast"])
    first, *_, summary, complaint = done.stderr.splitlines()
    assert done.exit_code == 1
    assert first == "scotopic: 12 pictures for 1 worker"
    assert re.fullmatch(r"scotopic: 12 enhanced in \d+ s: .* per \w+ by 1 worker", summary)
    assert complaint == "scotopic: r.parquet: cannot be written: no space"


def test_the_rate_is_that_of_pictures_that_were_made():
    told = _summary(Counter(enhanced=3, copied=1, skipped=90, failed=6), 8.0, WORKERS)
    assert told == (
        "1 copied, 3 enhanced, 6 failed, 90 skipped in 8 s: 30.0 pictures per minute by 1 worker"
    )
    assert _summary(Counter(skipped=9), 2.0, WORKERS) == "9 skipped in 2 s by 1 worker"
    assert _summary(Counter(failed=1), 0.0, WORKERS) == "1 failed in 0 s by 1 worker"


def test_nothing_but_the_record_and_notes_of_results_is_left(handed_out, photos, tmp_path):
    handed_out(lambda again, source: False)
    whole_run(photos, tmp_path)
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.suffix for path in left} == {".png", ".json", ".jsonl"}
    assert sum(path.suffix == ".png" for path in left) == 12


def test_names_that_are_no_text_fail_and_the_rest_is_done(handed_out, photos, tmp_path):
    calls = handed_out(lambda again, source: False)
    (tmp_path / "names.txt").write_text(f"../up.png\n{photos / '001.png'}\n")
    work, refused = Run(str(tmp_path / "out"), {"model": "fast"}, str(tmp_path / "r.parquet")), []
    assert work.plan(str(tmp_path / "names.txt"), Settings(), refused.append) == 1
    assert [outcome.status for outcome in work.outcomes(WORKERS, {})] == ["enhanced"]
    work.close()
    assert [(outcome.source, outcome.status) for outcome in refused] == [("../up.png", "failed")]
    assert len(pq.read_table(tmp_path / "r.parquet")) == 2
    assert calls == [[0]]


def test_a_name_of_bytes_that_are_no_text_cannot_be_sent(tmp_path):
    job = run.ObjectJob("/p/\udce4.jpg", "/out/\udce4.jpg")
    assert "not text" in str(run._unsendable(job))
    assert run._unsendable(run.ObjectJob("/p/ä夜.jpg", "/out/ä夜.jpg")) is None


@pytest.mark.parametrize(
    ("names", "workers", "batch"), [(1, 4, 1), (100, 2, 6), (5000, 2, 64), (10**7, 1000, 64)]
)
def test_batches_are_small_enough_that_all_workers_end_together(names, workers, batch):
    assert on_ray._batch(names, workers) == batch


@contextlib.contextmanager
def listening(answer):
    """The address of a server that gives each connection an answer, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            opened, _ = server.accept()
            with opened:
                opened.recv(33)
                opened.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b""])
def test_what_is_no_cluster_is_told_from_one_before_ray_waits_for_it(answer, monkeypatch):
    monkeypatch.delenv("RAY_USE_TLS", raising=False)
    with listening(answer) as address, pytest.raises(AccessError, match="is no Ray cluster"):
        on_ray._reach(address)


def test_a_server_that_greets_as_ray_does_is_reached():
    with listening(bytes([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100])) as address:
        on_ray._reach(address)


def test_sigterm_stays_ours_whatever_is_done_with_it_meanwhile():
    before = signal.getsignal(signal.SIGTERM)
    with on_ray._own_signals():
        signal.signal(signal.SIGTERM, lambda *_: None)
    assert signal.getsignal(signal.SIGTERM) is before

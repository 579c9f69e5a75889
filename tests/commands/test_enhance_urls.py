"""The installed command on URLs: files, and a server of S3 on this machine."""

import hashlib
import json
import os
import shutil
import subprocess
from importlib import resources

import jsonschema
import numpy as np
import pytest
from PIL import Image
from places import COMMAND

from scotopic.cloud import urls
from scotopic.cloud.stores import open_store
from scotopic.jobs.shard import Shard

SCHEMA = json.loads(resources.files("scotopic.jobs").joinpath("outcome.schema.json").read_text())
NAMES = ["a.jpg", "deep/夜 #1 100%+.png", "deep/er/b.jpg", "c.png"]


def run(*arguments, **environment):
    command = [COMMAND, *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


@pytest.fixture
def folder(tmp_path):
    for seed, name in enumerate(NAMES):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        dark = np.random.default_rng(seed).integers(0, 50, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(dark).save(path)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    return tmp_path / "in"


def upload(folder, url):
    for path in folder.rglob("*.*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            open_store(url).put(urls.key_of(f"{url}/{name}"), path.read_bytes())


def content(url):
    """SHA-256 of each object under a URL, but for records and notes."""
    store, start = open_store(url), urls.key_of(url) + "/"
    return {
        key.removeprefix(start): hashlib.sha256(store.read(key)[0]).hexdigest()
        for key in store.list(start)
        if ".scotopic" not in key
    }


def plain(folder, *options):
    """What the plain command makes of a folder."""
    output = folder.parent / "plain"
    done = run("enhance", folder, "-o", output, *options)
    assert done.returncode == 0, done.stderr
    return content(str(output))


def statuses(done):
    return [json.loads(line)["status"] for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_from_bucket_to_bucket_gives_the_bytes_of_the_plain_command(folder, s3):
    upload(folder, f"{s3}/in")
    call = ("enhance", f"{s3}/in", "-o", f"{s3}/out", "--jobs", 2, "--json")
    first = run(*call)
    assert first.returncode == 0, first.stderr
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    assert sorted(line["source"] for line in lines) == sorted(f"{s3}/in/{name}" for name in NAMES)
    assert sorted(line["target"] for line in lines) == sorted(f"{s3}/out/{name}" for name in NAMES)
    assert content(f"{s3}/out") == plain(folder)
    again = run(*call)
    assert again.returncode == 0 and statuses(again) == ["skipped"] * 4
    assert "4 of 4 skipped: finished by an earlier call" in again.stderr
    told = run("report", f"{s3}/out", "--json")
    assert json.loads(told.stdout) | {"pictures_per_second": 0, "seconds": 0} == {
        "pictures": 4,
        "done": 4,
        "skipped": 0,
        "failed": 0,
        "reasons": {},
        "pictures_per_second": 0,
        "seconds": 0,
    }


@pytest.mark.slow
def test_a_run_that_is_killed_three_times_loses_nothing_and_does_nothing_twice(folder, s3):
    upload(folder, f"{s3}/in")
    expected = plain(folder)
    call = ("enhance", f"{s3}/in", "-o", f"{s3}/out", "--jobs", "1", "--json")
    made = []
    for _ in range(3):
        with subprocess.Popen([COMMAND, *call], stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                entry = json.loads(line)
                if entry["status"] == "enhanced":
                    made.append(entry["source"])
                    process.kill()
                    break
        assert content(f"{s3}/out").items() <= expected.items()
    last = run(*call)
    assert last.returncode == 0, last.stderr
    entries = [json.loads(line) for line in last.stdout.splitlines()]
    again = [entry["source"] for entry in entries if entry["status"] == "enhanced"]
    assert len(made) == 3 and not set(made) & set(again)
    assert content(f"{s3}/out") == expected


def test_sigterm_ends_a_run_with_its_record_written(folder):
    for number in range(400):
        shutil.copy(folder / "c.png", folder / f"{number}.png")
    call = [
        COMMAND,
        "enhance",
        f"file://{folder}",
        "-o",
        f"file://{folder.parent}/out",
        "--json",
        "-q",
    ]
    with subprocess.Popen(call, stdout=-1, stderr=-1, text=True) as process:
        process.stdout.readline()
        process.terminate()
        told, complaints = process.communicate()
    assert process.returncode == 143
    assert complaints == "scotopic: stopped\n"
    report = json.loads(run("report", folder.parent / "out", "--json").stdout)
    assert 1 + len(told.splitlines()) <= report["done"] == report["pictures"] < 404


@pytest.mark.slow
def test_between_a_bucket_and_a_folder(folder, s3, tmp_path):
    upload(folder, f"{s3}/in")
    expected = plain(folder, "--ev", "0.5")
    down = run("enhance", f"{s3}/in/", "-o", tmp_path / "down", "--ev", "0.5")
    up = run("enhance", folder, "-o", f"{s3}/up/", "--ev", "0.5")
    assert (down.returncode, up.returncode) == (0, 0), down.stderr + up.stderr
    assert content(str(tmp_path / "down")) == expected == content(f"{s3}/up")


@pytest.mark.slow
def test_one_picture_into_one_object_and_beside_its_source(folder, s3):
    upload(folder, f"{s3}/in")
    assert run("enhance", f"{s3}/in/a.jpg", "-o", f"{s3}/b.png").returncode == 0
    assert run("enhance", f"{s3}/in/a.jpg").returncode == 0
    made = content(s3)
    assert "b.png" in made and "in/a_enhanced.jpg" in made
    whole = run("enhance", f"{s3}/in", "--json")
    assert sorted(statuses(whole)) == ["enhanced"] * 3 + ["skipped"]
    assert set(content(f"{s3}/in")) == {
        *NAMES, "notes.txt", "a_enhanced.jpg", "c_enhanced.png", "deep/er/b_enhanced.jpg",
        "deep/夜 #1 100%+_enhanced.png",
    }  # fmt: skip
    several = run("enhance", f"{s3}/in", "-o", f"{s3}/b.png")
    assert several.returncode == 2 and "one file for several pictures" in several.stderr


@pytest.mark.slow
def test_a_bad_picture_and_a_foreign_object_cost_no_other_picture(folder, s3):
    (folder / "bad.jpg").write_bytes(b"no picture")
    upload(folder, f"{s3}/in")
    open_store(s3).put(urls.key_of(f"{s3}/out/c.png"), b"of a person")
    done = run("enhance", f"{s3}/in", "-o", f"{s3}/out")
    assert done.returncode == 1
    assert f"{s3}/in/bad.jpg: not a picture" in done.stderr
    assert f"{s3}/out/c.png: exists already; use --overwrite" in done.stderr
    assert "2 of 5 pictures failed" in done.stderr
    told = run("report", f"{s3}/out")
    assert told.returncode == 0 and "failed              2" in told.stdout
    assert "  1 exists already" in told.stdout
    assert run("enhance", f"{s3}/in", "-o", f"{s3}/out", "--overwrite").returncode == 1
    assert len(content(f"{s3}/out")) == 4


@pytest.mark.slow
@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_three_shards_are_the_whole_and_no_picture_twice(folder, tmp_path, place, request):
    expected = plain(folder)
    source, output = folder, tmp_path / "out"
    if place == "bucket":
        base = request.getfixturevalue("s3")
        source, output = f"{base}/in", f"{base}/out"
        upload(folder, source)
    told = []
    for number in (3, 1, 2):
        done = run("enhance", source, "-o", output, "--shard", f"{number}/3", "--json")
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        names = {line["source"].removeprefix(f"{source}/") for line in lines}
        assert names == {name for name in NAMES if Shard(number, 3).holds(name)}
        told += lines
    assert [line["status"] for line in told] == ["enhanced"] * 4
    assert content(str(output)) == expected
    report = json.loads(run("report", output, "--json").stdout)
    assert (report["done"], report["failed"]) == (4, 0)


@pytest.mark.slow
def test_a_dry_run_shows_targets_and_writes_nothing(folder, s3):
    upload(folder, f"{s3}/in")
    open_store(s3).put(urls.key_of(f"{s3}/out/c.png"), b"1")
    before = content(s3)
    done = run("enhance", f"{s3}/in", "-o", f"{s3}/out", "--dry-run")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert f"{s3}/in/a.jpg -> {s3}/out/a.jpg" in lines
    assert f"{s3}/in/c.png -> {s3}/out/c.png (exists already)" in lines and len(lines) == 4
    assert content(s3) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["memory://in", "-o", "out/", "--watch"], "--watch is for files and folders"),
        (["memory://in", "-o", "out/", "--keep-times"], "--keep-times is for files and folders"),
        (["memory://in", "-o", "out/", "--no-resume"], "--no-resume is for files and folders"),
        (["memory://in", "-o", "-"], "standard input and output do not go with URLs"),
        (["-", "-o", "memory://out"], "standard input and output do not go with URLs"),
        (["ftp://host/in", "-o", "out/"], "no store is known by the scheme 'ftp'"),
        (["ftp://host/a.jpg", "-o", "out/"], "no store is known by the scheme 'ftp'"),
        (["file:///in", "-o", "ftp://host/a"], "no store is known by the scheme 'ftp'"),
        (["s3://key:secret@in", "-o", "out/"], "credentials do not belong in a URL"),
        (["memory://in", "-o", "memory://in"], "lies in the output folder"),
        (["memory://in", "-o", "memory://out/a.pgn"], "no format is written under the suffix .pgn"),
        (["in", "-o", "out", "--shard", "0/3"], "there is no shard 0/3; shards are counted from 1"),
        (["in", "-o", "out/", "--watch", "--shard", "1/3"], "--shard is for folders"),
        (["-", "-o", "a.png", "--shard", "1/3"], "--shard is for folders"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(options, said, tmp_path, monkeypatch):
    pytest.importorskip("fsspec", reason="extra cloud")
    monkeypatch.chdir(tmp_path)
    done = run("enhance", *options)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr and "secret" not in done.stderr


@pytest.mark.slow
def test_where_there_is_nothing_it_is_said(s3):
    for url in (f"{s3}/in", "s3://no-such-bucket-of-tests", f"{s3}/a.jpg"):
        done = run("enhance", url, "-o", f"{s3}/out")
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    done = run("enhance", s3, "-o", "s3://no-such-bucket-of-tests/out")
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    told = run("report", f"{s3}/none")
    assert told.returncode == 1 and "no record of a run there" in told.stderr


@pytest.mark.parametrize(("missing", "extra"), [("s3fs", "s3"), ("fsspec", "s3")])
def test_a_missing_package_is_named_with_what_installs_it(tmp_path, missing, extra):
    (tmp_path / f"{missing}.py").write_text("raise ImportError('not installed')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("enhance", "s3://bucket/in", "-o", "out/", PYTHONPATH=path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert f"s3:// needs s3fs; pip install 'scotopic[{extra}]'" in done.stderr


def test_without_credentials_it_is_said_in_one_line(s3, monkeypatch, tmp_path):
    pytest.importorskip("s3fs", reason="extra s3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    done = run("enhance", f"{s3}/in", "-o", "out/", HOME=str(tmp_path))
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "redentials" in done.stderr

"""One picture of a store, once, however often it is asked for."""

import hashlib
import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from scotopic.cloud import locations, step, urls
from scotopic.cloud.step import enhance_object
from scotopic.cloud.stores import open_store
from scotopic.enhancer import Enhancer
from scotopic.errors import AccessError, MissingFileError, TargetExistsError
from scotopic.jobs import many
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.settings import Encoding, Placement, Settings
from scotopic.wish import Wish

PLAIN = Settings()


def picture(seed=0, form="JPEG"):
    dark = np.random.default_rng(seed).integers(0, 50, (24, 32, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(dark).save(file, form)
    return file.getvalue()


@pytest.fixture(scope="module")
def enhancer():
    with Enhancer() as made:
        yield made


def put(url, data, *described, **more):
    open_store(url).put(urls.key_of(url), data, *described, **more)


def read(url):
    return open_store(url).read(urls.key_of(url))[0]


@pytest.fixture
def source(root):
    url = urls.joined(root, "in/夜 #1.jpg")
    put(url, picture())
    return url


@pytest.fixture
def target(root):
    return urls.joined(root, "out/夜 #1.jpg")


def test_the_first_step_enhances_and_the_second_does_nothing(enhancer, source, target):
    first = enhance_object(enhancer, source, target, PLAIN)
    assert (first.status, first.source, str(first.target)) == ("enhanced", source, target)
    made = read(target)
    store = open_store(target)

    def refuse(*arguments):
        raise AssertionError("nothing is to be written")

    store._put = refuse
    try:
        again = enhance_object(enhancer, source, target, PLAIN)
    finally:
        store.__dict__.pop("_put")
    assert again.status == "skipped" and again.error is None
    assert read(target) == made


def test_the_bytes_are_those_of_the_plain_command(enhancer, source, target, tmp_path):
    path = tmp_path / "plain" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(picture())
    settings = Settings(Wish(ev=0.5), Encoding(quality=80), Placement.at(tmp_path / "results"))
    (job,) = plan_jobs([path], settings)
    many.run_job(enhancer, job, settings)
    assert enhance_object(enhancer, source, target, settings).status == "enhanced"
    plain, by_url = job.target.read_bytes(), read(target)
    assert hashlib.sha256(plain).hexdigest() == hashlib.sha256(by_url).hexdigest()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(Wish(ev=1)),
        Settings(encoding=Encoding(quality=50)),
        Settings(encoding=Encoding(strip=True)),
    ],
)
def test_other_settings_make_it_anew(enhancer, source, target, settings):
    enhance_object(enhancer, source, target, PLAIN)
    before = read(target)
    assert enhance_object(enhancer, source, target, settings).status == "enhanced"
    assert read(target) != before
    assert enhance_object(enhancer, source, target, settings).status == "skipped"


def test_another_source_version_or_network_makes_it_anew(enhancer, source, target, monkeypatch):
    enhance_object(enhancer, source, target, PLAIN)
    put(source, picture(1))
    assert enhance_object(enhancer, source, target, PLAIN).status == "enhanced"
    assert enhance_object(enhancer, source, target, PLAIN).status == "skipped"
    monkeypatch.setattr(step, "__version__", "999")
    assert enhance_object(enhancer, source, target, PLAIN).status == "enhanced"
    with Enhancer("fast") as other:
        assert enhance_object(other, source, target, PLAIN).status == "enhanced"
        assert enhance_object(other, source, target, PLAIN).status == "skipped"


def test_what_others_put_there_is_kept(enhancer, source, target):
    put(target, b"of a person")
    outcome = enhance_object(enhancer, source, target, PLAIN)
    assert outcome.status == "failed" and isinstance(outcome.error, TargetExistsError)
    assert read(target) == b"of a person"
    enforced = Settings(placement=Placement(overwrite=True))
    assert enhance_object(enhancer, source, target, enforced).status == "enhanced"
    put(target, b"changed by a person")
    assert enhance_object(enhancer, source, target, PLAIN).status == "failed"
    assert read(target) == b"changed by a person"


def test_a_file_is_the_same_picture_however_it_is_named(enhancer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(picture())
    assert enhance_object(enhancer, "a.jpg", "b.jpg", PLAIN).status == "enhanced"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".scotopic", "a.jpg", "b.jpg"]
    (tmp_path / "a.jpg").write_bytes(picture(1))
    for name, status in [(tmp_path / "a.jpg", "enhanced"), (f"file://{tmp_path}/a.jpg", "skipped")]:
        assert enhance_object(enhancer, str(name), "b.jpg", PLAIN).status == status


def test_overwriting_makes_it_each_time(enhancer, source, target):
    enforced = Settings(placement=Placement(overwrite=True))
    for _ in range(2):
        assert enhance_object(enhancer, source, target, enforced).status == "enhanced"


def test_another_picture_does_not_take_the_place_of_a_result(enhancer, root, source, target):
    enhance_object(enhancer, source, target, PLAIN)
    other = urls.joined(root, "in/other.jpg")
    put(other, picture(1))
    outcome = enhance_object(enhancer, other, target, PLAIN)
    assert outcome.status == "failed" and isinstance(outcome.error, TargetExistsError)
    assert enhance_object(enhancer, source, target, PLAIN).status == "skipped"


def test_a_source_that_was_moved_is_the_same_picture(enhancer, root, source, target):
    enhance_object(enhancer, source, target, PLAIN)
    moved = urls.joined(root, "moved/a.jpg")
    put(moved, picture())
    assert enhance_object(enhancer, moved, target, PLAIN).status == "skipped"


@pytest.mark.parametrize("was_there", [False, True])
def test_a_step_that_broke_off_is_repeated(enhancer, source, target, was_there, monkeypatch):
    """Wherever it broke off: what was there stays whole, and the next step makes the rest."""
    if was_there:
        enhance_object(enhancer, source, target, Settings(Wish(ev=1)))
    before = read(target) if was_there else None
    store = open_store(target)
    usual = type(store)._put

    def put_and_break_off(self, key, *rest):
        if key == urls.key_of(target):
            raise KeyboardInterrupt
        usual(self, key, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "_put", put_and_break_off)
        with pytest.raises(KeyboardInterrupt):
            enhance_object(enhancer, source, target, PLAIN)
    there = store.look(urls.key_of(target))
    assert (None if there is None else read(target)) == before
    assert enhance_object(enhancer, source, target, PLAIN).status == "enhanced"
    assert enhance_object(enhancer, source, target, PLAIN).status == "skipped"


def test_of_two_writers_at_one_time_one_makes_it_and_one_skips_it(
    enhancer, source, target, monkeypatch
):
    usual, told = step.enhance_bytes, []

    def while_another_works(*arguments):
        made = usual(*arguments)
        if not told:
            told.append(None)
            told.append(enhance_object(enhancer, source, target, PLAIN))
        return made

    monkeypatch.setattr(step, "enhance_bytes", while_another_works)
    outcome = enhance_object(enhancer, source, target, PLAIN)
    assert {outcome.status, told[1].status} == {"enhanced", "skipped"}


def test_a_failure_is_an_outcome_and_names_the_source(enhancer, root, target):
    damaged, missing = urls.joined(root, "in/damaged.jpg"), urls.joined(root, "in/none.jpg")
    put(damaged, b"no picture")
    outcome = enhance_object(enhancer, damaged, target, PLAIN)
    assert outcome.status == "failed" and "not a picture" in outcome.error.message
    assert outcome.error.path == damaged
    outcome = enhance_object(enhancer, missing, target, PLAIN)
    assert isinstance(outcome.error, MissingFileError) and outcome.error.path == missing
    assert open_store(target).look(urls.key_of(target)) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [("ftp://a/b.jpg", "memory://a.jpg"), ("s3://", "/a.jpg"), ("s3://k:p@b/a.jpg", "/a.jpg")],
)
def test_even_a_place_that_cannot_be_is_an_outcome(enhancer, source, target):
    outcome = enhance_object(enhancer, source, target, PLAIN)
    assert outcome.status == "failed" and outcome.error is not None


def test_an_error_of_any_kind_is_an_outcome(enhancer, source, target, monkeypatch):
    def fails(*arguments):
        raise ZeroDivisionError("out of luck")

    with monkeypatch.context() as patch:
        patch.setattr(step, "enhance_bytes", fails)
        outcome = enhance_object(enhancer, source, target, PLAIN)
        assert "failed by ZeroDivisionError: out of luck" in str(outcome.error)
        assert json.dumps(outcome.as_dict())
    assert enhance_object(enhancer, source, target, PLAIN).status == "enhanced"


def test_a_store_that_fails_for_a_while_costs_no_more_than_a_repetition(
    enhancer, source, target, monkeypatch
):
    store = open_store(source)
    for method in ("_look", "_read", "_put"):

        def fails(*arguments):
            raise OSError("slow down")

        with monkeypatch.context() as patch:
            patch.setattr(type(store), method, fails)
            outcome = enhance_object(enhancer, source, target, PLAIN)
        assert outcome.status == "failed" and isinstance(outcome.error, AccessError)
        assert "slow down" in outcome.error.message
    assert enhance_object(enhancer, source, target, PLAIN).status == "enhanced"


def test_a_source_that_vanished_since_it_was_listed_is_an_outcome(enhancer, root, target):
    url = urls.joined(root, "in/a.jpg")
    for name in ("a.jpg", "b.jpg"):
        put(urls.joined(root, f"in/{name}"), picture())
    names = locations.names(urls.joined(root, "in"))
    assert next(names) == url
    store = open_store(url)
    if store.fs is None:
        os.unlink(urls.key_of(url))
    else:
        store.fs.rm_file(urls.key_of(url))
    outcome = enhance_object(enhancer, url, target, PLAIN)
    assert outcome.status == "failed" and isinstance(outcome.error, MissingFileError)
    assert enhance_object(enhancer, next(names), target, PLAIN).status == "enhanced"


def test_a_listing_that_comes_late_costs_another_run_and_no_picture(enhancer, root, monkeypatch):
    """Simulated: a listing that lacks what is new, and has what was removed."""
    for name in ("a.jpg", "new.jpg"):
        put(urls.joined(root, f"in/{name}"), picture())
    folder, output = urls.joined(root, "in"), urls.joined(root, "out")

    def run():
        names = sorted(locations.names(folder))
        targets = [locations.target_of(name, folder, output, PLAIN) for name in names]
        pairs = zip(names, targets, strict=True)
        return [enhance_object(enhancer, *pair, PLAIN).status for pair in pairs]

    late = [urls.joined(folder, name) for name in ("a.jpg", "gone.jpg")]
    with monkeypatch.context() as patch:
        patch.setattr(locations, "names", lambda root: iter(late))
        assert run() == ["enhanced", "failed"]
    assert run() == ["skipped", "enhanced"]


def test_what_the_source_said_of_itself_is_kept(enhancer, s3):
    source, target = f"{s3}/in/a.png", f"{s3}/out/a.jpg"
    put(source, picture(form="PNG"), "image/png", {"author": "me"}, tags={"project": "night"})
    outcome = enhance_object(enhancer, source, target, PLAIN)
    assert outcome.status == "enhanced" and outcome.format == "JPEG" and not outcome.notes
    found = open_store(target).look(urls.key_of(target))
    assert found.content_type == "image/jpeg"
    assert found.metadata["author"] == "me" and found.tags == {"project": "night"}
    note = json.loads(found.metadata["scotopic"])
    assert note["tag"] == open_store(source).tag(urls.key_of(source))
    assert note["model"] == enhancer.network.sha256
    # A result that is enhanced again has the note of what it was made from, and no other.
    again = f"{s3}/again/a.jpg"
    enhance_object(enhancer, target, again, PLAIN)
    found = open_store(again).look(urls.key_of(again))
    assert json.loads(found.metadata["scotopic"])["tag"] == open_store(target).tag(
        urls.key_of(target)
    )


def test_a_picture_costs_five_requests_and_one_that_is_skipped_two(enhancer, s3, monkeypatch):
    from fsspec.asyn import sync

    source, target, asked = f"{s3}/in/a.jpg", f"{s3}/out/a.jpg", []
    put(source, picture())
    fs = open_store(source).fs
    usual = fs._call_s3

    async def call(method, *arguments, **options):
        asked.append(method)
        return await usual(method, *arguments, **options)

    monkeypatch.setattr(fs, "_call_s3", call)
    monkeypatch.setattr(
        fs, "call_s3", lambda method, **options: sync(fs.loop, call, method, **options)
    )
    enhance_object(enhancer, source, target, PLAIN)
    heads = ["head_object"] * 2
    assert asked == [*heads, "get_object", "head_object", "put_object"]
    asked.clear()
    enhance_object(enhancer, source, target, PLAIN)
    assert asked == heads


def test_what_a_store_has_no_place_for_is_noted(enhancer, s3, tmp_path):
    source = f"{s3}/in/a.jpg"
    put(source, picture(), None, {"author": "me", "long": "x" * 1900}, tags={"project": "night"})
    outcome = enhance_object(enhancer, source, f"{s3}/out/a.jpg", PLAIN)
    assert outcome.status == "enhanced"
    assert outcome.notes == ("metadata of the object that could not be kept: long",)
    outcome = enhance_object(enhancer, source, str(tmp_path / "a.jpg"), PLAIN)
    assert outcome.notes == (
        "metadata of the object that could not be kept: author, long, project",
    )


def test_notes_beside_results_are_no_pictures_and_lie_apart(enhancer, source, target, root):
    enhance_object(enhancer, source, target, PLAIN)
    folder = urls.joined(root, "out")
    assert list(locations.names(folder)) == [target]
    others = set(open_store(root).list(urls.key_of(folder) + "/")) - {urls.key_of(target)}
    assert all("/.scotopic/" in key for key in others)
    assert bool(others) is (open_store(root).properties.metadata == "sidecar")

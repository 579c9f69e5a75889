"""Many pictures under URLs."""

import io

import numpy as np
import pytest
from PIL import Image

from scotopic.cloud import many, urls
from scotopic.cloud.many import ObjectPlan
from scotopic.cloud.report import summary_of
from scotopic.cloud.runs import RunRecord
from scotopic.cloud.stores import open_store
from scotopic.enhancer import Enhancer
from scotopic.errors import AccessError, InvalidValueError, MissingFileError
from scotopic.jobs.settings import Settings
from scotopic.jobs.shard import Shard

PLAIN = Settings()
NAMES = ["a.jpg", "b/c.png", "b/夜.jpg", "d.png"]


def put(root, *names):
    for seed, name in enumerate(names):
        dark = np.random.default_rng(seed).integers(0, 50, (16, 24, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(dark).save(file, "JPEG" if name.endswith("jpg") else "PNG")
        open_store(root).put(urls.key_of(urls.joined(root, name)), file.getvalue())


def plan(roots, output=None, is_file=False, shard=None):
    return ObjectPlan(roots, output, is_file, PLAIN, shard)


def pairs(planned):
    return {job.source: job.target for job in planned}


def test_the_output_mirrors_the_folder(root):
    source, output = urls.joined(root, "in"), urls.joined(root, "out")
    put(source, *NAMES)
    expected = {urls.joined(source, name): urls.joined(output, name) for name in NAMES}
    assert pairs(plan([source], output)) == expected
    assert pairs(plan(sorted(expected), output)) == {
        each: urls.joined(output, urls.last_of(each)) for each in expected
    }


def test_results_are_no_sources(root):
    put(root, "a.jpg", "a_enhanced.jpg", "out/b.jpg", "output.jpg")
    inside = urls.joined(root, "out")
    found = pairs(plan([root], inside))
    assert set(found) == {urls.joined(root, n) for n in ("a.jpg", "a_enhanced.jpg", "output.jpg")}
    beside = pairs(plan([root]))
    assert set(beside) == {urls.joined(root, n) for n in ("a.jpg", "out/b.jpg", "output.jpg")}
    with pytest.raises(InvalidValueError, match="lies in the output folder"):
        plan([inside], root)


def test_shards_are_the_whole_and_no_picture_twice(root):
    put(root, *NAMES, *(f"{number}.png" for number in range(10)))
    whole = pairs(plan([root], "memory://out"))
    shares = [pairs(plan([root], "memory://out", shard=Shard(n, 3))) for n in (1, 2, 3)]
    assert sum(map(len, shares)) == len(whole) == 14
    assert shares[0] | shares[1] | shares[2] == whole


def test_where_there_are_no_pictures_it_is_said(root):
    open_store(root).put(urls.key_of(urls.joined(root, "in/a.txt")), b"1")
    with pytest.raises(MissingFileError, match="no pictures there"):
        plan([urls.joined(root, "in")], "memory://out")


def test_an_empty_bucket_has_no_pictures(s3):
    with pytest.raises(MissingFileError, match="no pictures there"):
        plan([s3], "memory://out")


def test_one_file_is_for_one_picture(root):
    put(root, "a.jpg", "b.jpg")
    one = urls.joined(root, "a.jpg")
    assert pairs(plan([one], "memory://out/x.png", is_file=True)) == {one: "memory://out/x.png"}
    with pytest.raises(InvalidValueError, match="one file for several pictures"):
        plan([root], "memory://out/x.png", is_file=True)


def test_a_name_that_is_none_of_a_file_costs_one_picture(s3, tmp_path):
    put(s3, "in/a.jpg", "in/../../b.jpg")
    jobs = plan([f"{s3}/in"], str(tmp_path / "out"))
    with Enhancer() as enhancer:
        told = list(many.run_all(enhancer, jobs, PLAIN))
    assert sorted(outcome.status for outcome in told) == ["enhanced", "failed"]
    (path,) = tmp_path.rglob("*.jpg")
    assert path == tmp_path / "out" / "a.jpg"


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_listing_that_breaks_off_costs_no_other_picture(s3, monkeypatch, at_once):
    put(s3, "in/a.jpg", "in/b.jpg", "in/c.jpg", "more/d.jpg")
    jobs = plan([f"{s3}/in", f"{s3}/more"], f"{s3}/out")
    store = open_store(s3)
    usual = type(store)._list

    def breaks_off(self, prefix):
        for key in usual(self, prefix):
            if key.endswith("c.jpg"):
                raise OSError("the connection broke")
            yield key

    monkeypatch.setattr(type(store), "_list", breaks_off)
    with Enhancer() as enhancer:
        told = list(many.run_all(enhancer, jobs, PLAIN, None, at_once))
    assert [outcome.status for outcome in told] == ["enhanced"] * 2 + ["failed", "enhanced"]
    assert isinstance(told[2].error, AccessError) and told[2].source == f"{s3}/in"


def test_several_at_once_make_the_same_and_note_each_once(root):
    source = urls.joined(root, "in")
    put(source, *NAMES)
    made = []
    with Enhancer() as enhancer:
        for at_once in (1, 3):
            output = urls.joined(root, f"out{at_once}")
            record = RunRecord(output, {})
            jobs = plan([source], output)
            told = list(many.run_all(enhancer, jobs, PLAIN, record, at_once))
            record.close()
            assert [outcome.source for outcome in told] == [job.source for job in jobs]
            assert summary_of([output]).done == len(NAMES)
            store = open_store(output)
            keys = [urls.key_of(urls.joined(output, name)) for name in NAMES]
            made.append([store.read(key)[0] for key in keys])
    assert made[0] == made[1]

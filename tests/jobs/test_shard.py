"""Shares of the pictures."""

import random

import pytest

from scotopic.errors import InvalidValueError
from scotopic.jobs.plan import plan_jobs
from scotopic.jobs.settings import Encoding, Placement, Settings
from scotopic.jobs.shard import Shard

ALPHABET = "ab01 /._-%+#é夜🌃م"


def some_names(seed, count=200):
    rng = random.Random(seed)
    made = {"".join(rng.choices(ALPHABET, k=rng.randint(1, 30))) for _ in range(count)}
    return [*made, "a.jpg", "b/a.jpg", "\udcff.jpg"]


@pytest.mark.parametrize("text", ["1/1", "2/3", " 3 / 3 ", "10/1000"])
def test_a_shard_is_written_as_a_fraction(text):
    assert str(Shard.parse(text)) == text.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["0/3", "4/3", "1/0", "0/0", "-1/3", "1", "1/", "a/b", "1/2/3", ""]
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidValueError, match="shard"):
        Shard.parse(text)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("seed", range(5))
def test_each_name_belongs_to_exactly_one_share_in_any_order(seed, count):
    names = some_names(seed)
    shards = [Shard(number + 1, count) for number in range(count)]
    shares = [[name for name in names if shard.holds(name)] for shard in shards]
    assert sorted(name for share in shares for name in share) == sorted(names)
    random.Random(seed).shuffle(names)
    for shard, share in zip(shards, shares, strict=True):
        assert sorted(name for name in names if shard.holds(name)) == sorted(share)


def test_shares_are_about_equally_large():
    names = [f"{number:06}.jpg" for number in range(30_000)]
    sizes = [sum(map(Shard(number, 3).holds, names)) for number in (1, 2, 3)]
    assert all(abs(size - 10_000) < 400 for size in sizes)


def test_a_name_keeps_its_share_from_one_version_to_the_next():
    """Pinned: a run may be continued by a newer version, and on other machines."""
    names = ["a.jpg", "b.jpg", "b/夜.png", "c.jpg", "d.jpg", "e.jpg"]
    shares = [next(n for n in (1, 2, 3) if Shard(n, 3).holds(name)) for name in names]
    assert shares == [2, 1, 1, 2, 3, 2]


@pytest.fixture
def folder(tmp_path):
    for name in [*(f"{number}.png" for number in range(20)), "0.jpg", "d/0.png", "d/é 夜.png"]:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
    return tmp_path


def jobs_of(folder, settings, shard=None):
    return list(plan_jobs([folder / "in"], settings, shard))


def test_the_shards_of_a_folder_are_the_whole_plan_with_the_same_targets(folder):
    """Also where two pictures would get one name, and the second gets another."""
    settings = Settings(encoding=Encoding("webp"), placement=Placement.at(folder / "out"))
    whole = jobs_of(folder, settings)
    shares = [jobs_of(folder, settings, Shard(number, 3)) for number in (1, 2, 3)]
    assert len(whole) == 23 and all(shares)
    together = [job for share in shares for job in share]
    assert len(together) == len(whole) and set(together) == set(whole)
    for number, share in enumerate(shares, start=1):
        assert len(plan_jobs([folder / "in"], settings, Shard(number, 3))) == len(share)


def test_the_place_of_the_folder_does_not_matter(folder):
    settings = Settings(placement=Placement.at(folder / "out"))
    before = [job.source.name for job in jobs_of(folder, settings, Shard(1, 2))]
    (folder / "elsewhere").mkdir()
    (folder / "in").rename(folder / "elsewhere" / "in")
    moved = jobs_of(folder / "elsewhere", settings, Shard(1, 2))
    assert [job.source.name for job in moved] == before


def test_a_share_may_be_empty_and_one_file_is_for_one_picture_of_all(folder):
    settings = Settings(placement=Placement.at(folder / "out"))
    one = folder / "in" / "0.png"
    plans = [plan_jobs([one], settings, Shard(number, 3)) for number in (1, 2, 3)]
    assert sorted(map(len, plans)) == [0, 0, 1]
    file = Settings(placement=Placement.at(folder / "one.png"))
    with pytest.raises(InvalidValueError, match="one file for 23 pictures"):
        plan_jobs([folder / "in"], file, Shard(1, 100))

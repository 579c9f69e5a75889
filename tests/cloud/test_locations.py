"""Which pictures lie under a URL, and where their results go."""

import pytest

from scotopic.cloud import locations, urls
from scotopic.cloud.stores import open_store
from scotopic.errors import InvalidValueError, MissingFileError
from scotopic.jobs.settings import Encoding, Placement, Settings

PLAIN = Settings()


def put(root, *names):
    for name in names:
        open_store(root).put(urls.key_of(urls.joined(root, name)), b"1")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("s3://bucket/a.jpg", True),
        ("S3://bucket", True),
        ("abfs+x://a", True),
        ("memory://a", True),
        ("C://photos", False),
        ("photos/s3", False),
        ("/tmp/s3://a", False),
        ("s3:/bucket", False),
        ("-", False),
        ("", False),
    ],
)
def test_urls_are_told_from_paths(text, is_one):
    assert locations.is_url(text) is is_one


def test_pictures_are_listed_and_nothing_else(root):
    pictures = ["a.jpg", "deep/b c#1.PNG", "deep/夜.heic", "raw/x.nef"]
    put(root, *pictures, "notes.txt", ".hidden.jpg", ".scotopic/0.json", "deep/none")
    found = list(locations.names(root))
    assert sorted(found) == sorted(urls.joined(root, name) for name in pictures)
    assert sorted(urls.relative(name, root) for name in found) == sorted(pictures)


def test_a_root_that_is_a_picture_gives_itself(root):
    put(root, "a.jpg", "a.jpg.png", "none")
    picture = urls.joined(root, "a.jpg")
    assert list(locations.names(picture)) == [picture]
    assert urls.relative(picture, picture) == "a.jpg"
    assert list(locations.names(urls.joined(root, "none"))) == [urls.joined(root, "none")]


def test_a_slash_at_the_end_of_a_url_changes_no_names(root):
    if not urls.is_url(root):
        pytest.skip("for URLs")
    put(root, "in/a.jpg", "in/b/c.jpg")
    assert list(locations.names(root + "/in/")) == list(locations.names(root + "/in"))
    assert urls.relative(root + "/in/b/c.jpg", root + "/in/") == "b/c.jpg"


def test_names_come_one_by_one(s3, monkeypatch):
    put(s3, *(f"{number}.jpg" for number in range(5)))
    store, asked = open_store(s3), []
    usual = store.fs.call_s3

    def call(method, **options):
        asked.append(method)
        return usual(method, MaxKeys=2, **options)

    monkeypatch.setattr(store.fs, "call_s3", call)
    names = locations.names(s3)
    assert asked == []
    assert [next(names) for _ in range(3)] == [f"{s3}/{number}.jpg" for number in range(3)]
    assert asked == ["list_objects_v2"] * 2
    assert list(names) == [f"{s3}/{number}.jpg" for number in (3, 4)]


def test_a_bucket_that_is_not_there_is_told(s3):
    with pytest.raises(MissingFileError, match="there is no such bucket"):
        list(locations.names("s3://no-such-bucket-of-tests/in"))


@pytest.mark.parametrize(
    ("source", "asked", "target"),
    [
        ("a.jpg", None, "a.jpg"),
        ("deep/ü #1.JPG", None, "deep/ü #1.JPG"),
        ("a.jpg", "png", "a.jpg.png"),
        ("a.png", "png", "a.png"),
        ("a.heic", None, "a.heic.jpg"),
        ("a.nef", None, "a.nef.tif"),
        ("a.tar.webp", "webp", "a.tar.webp"),
        ("a.j2k", None, "a.j2k.jp2"),
    ],
)
def test_the_name_of_a_picture_decides_its_target(source, asked, target):
    settings = Settings(encoding=Encoding(asked))
    for root, output in [
        ("s3://in", "s3://out/x"),
        ("s3://in/", "memory://out/"),
        ("/in", "gs://out/y"),
        ("file:///in", "/out"),
        ("/in", "/out"),
    ]:
        found = locations.target_of(urls.joined(root, source), root, output, settings)
        assert found == urls.joined(output, target)


def test_results_beside_their_sources_get_the_suffix():
    def beside(source, asked=None):
        settings = Settings(encoding=Encoding(asked), placement=Placement(suffix="_light"))
        return locations.target_of(source, "s3://in", None, settings)

    assert beside("s3://in/b/a.jpg") == "s3://in/b/a_light.jpg"
    assert beside("s3://in/b/a.heic") == "s3://in/b/a.heic_light.jpg"
    one = "s3://in/b/a.jpg"
    assert locations.target_of(one, one, None, PLAIN) == "s3://in/b/a_enhanced.jpg"


def test_no_two_pictures_get_one_target():
    names = [f"s3://in/{name}" for name in ("a.jpg", "a.heic", "a.png", "b/a.jpg", "a.HEIC")]
    for asked in (None, "jpg", "webp"):
        settings = Settings(encoding=Encoding(asked))
        targets = {locations.target_of(name, "s3://in", "s3://out", settings) for name in names}
        assert len(targets) == len(names)


@pytest.mark.parametrize("name", ["../a.jpg", "b/../../a.jpg", "b//a.jpg", "./a.jpg"])
def test_a_name_of_an_object_leads_out_of_no_folder(name):
    for output in ("/out", "file:///out"):
        with pytest.raises(InvalidValueError, match="cannot be one of a file"):
            locations.target_of(f"s3://in/{name}", "s3://in", output, PLAIN)
    assert (
        locations.target_of(f"s3://in/{name}", "s3://in", "s3://out", PLAIN) == f"s3://out/{name}"
    )


def test_a_name_too_long_for_a_file_is_shortened_and_that_of_an_object_is_not():
    source = f"s3://in/{'x' * 300}.jpg"
    assert locations.target_of(source, "s3://in", "s3://out", PLAIN) == f"s3://out/{'x' * 300}.jpg"
    assert locations.target_of(source, "s3://in", "/out", PLAIN) == f"/out/{'x' * 251}.jpg"


def test_a_picture_that_does_not_lie_under_its_root_is_told():
    for source, root in [("s3://other/a.jpg", "s3://in"), ("/other/a.jpg", "/in")]:
        with pytest.raises(InvalidValueError, match="does not lie under"):
            locations.target_of(source, root, "s3://out", PLAIN)


def test_the_url_of_an_output_says_whether_it_is_a_file():
    def is_file(url, asked=None):
        return locations.file_of(url, Settings(encoding=Encoding(asked)))

    assert is_file("s3://out/a.png") and is_file("s3://out/b/a.jpg", "jpg")
    assert not any(map(is_file, ["s3://my.bucket", "s3://out/x", "s3://out/a.png/", "s3://a.png"]))
    for url, asked in [
        ("s3://out/a.pgn", None),
        ("s3://out/a.heic", None),
        ("s3://o/a.png", "jpg"),
    ]:
        with pytest.raises(InvalidValueError):
            is_file(url, asked)

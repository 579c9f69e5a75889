"""What every store must do, on files, in memory, and on a server of S3."""

import http.server
import itertools
import json
import os
import threading

import pytest

from scotopic.cloud import stores, urls
from scotopic.cloud.stores import open_store
from scotopic.errors import (
    AccessError,
    InvalidValueError,
    MissingFileError,
    MissingPackageError,
    TargetExistsError,
    TooLargeError,
)

NAMES = [
    "a.jpg",
    "夜/图.png",
    "مساء.jpg",
    "deep/er/🌃 night.jpg",
    "100%.jpg",
    "a%20b+c.jpg",
    "a b#1&2=3?.jpg",
    "ünï cødé~'(x).tif",
    "e\u0301.png",
]


def place(root, name="a.bin"):
    return open_store(root), urls.key_of(urls.joined(root, name))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_put_under_a_name_in_any_script_is_read_and_listed_as_it_was(root, name):
    store, key = place(root, name)
    store.put(key, b"content of " + name.encode())
    data, found = store.read(key)
    assert data == b"content of " + name.encode()
    assert found.size == len(data) and found.tag == store.tag(key)
    assert list(store.list(urls.key_of(root) + "/")) == [key]
    assert store.url(key) == urls.joined(root, name)


def test_an_empty_object_is_one(root):
    store, key = place(root)
    store.put(key, b"")
    assert store.read(key)[0] == b"" and store.look(key).size == 0


def test_what_is_not_there_is_missing(root):
    store, key = place(root)
    assert store.look(key) is None
    for ask in (store.read, store.tag):
        with pytest.raises(MissingFileError, match="is not there"):
            ask(key)
    store.put(place(root, "folder/a.bin")[1], b"1")
    assert store.look(place(root, "folder")[1]) is None


def test_the_tag_follows_the_content(root):
    store, key = place(root)
    tags = []
    for data in (b"one", b"two", b"one"):
        store.put(key, data)
        tags.append(store.tag(key))
    assert tags[0] == tags[2] != tags[1]


def test_a_folder_lists_what_is_deeper_and_not_what_only_begins_alike(root):
    store = open_store(root)
    for name in ("in/a", "in/b/c", "in2/d", "in.jpg"):
        store.put(place(root, name)[1], b"1")
    listed = set(store.list(urls.key_of(urls.joined(root, "in")) + "/"))
    assert listed == {place(root, name)[1] for name in ("in/a", "in/b/c")}


def test_each_kind_of_store_declares_what_it_promises(root):
    promised = open_store(root).properties
    assert promised.atomic_replace and promised.put_if_absent and promised.consistent_listing
    assert promised.metadata == ("object" if root.startswith("s3") else "sidecar")


def test_a_listing_has_what_was_put_just_before(root):
    store = open_store(root)
    for number in range(20):
        store.put(place(root, f"{number:02}")[1], b"1")
        assert len(list(store.list(urls.key_of(root) + "/"))) == number + 1


def test_an_object_is_not_replaced_unless_it_may_be(root):
    store, key = place(root)
    store.put(key, b"old", replace=False)
    with pytest.raises(TargetExistsError, match="exists already"):
        store.put(key, b"new", replace=False)
    assert store.read(key)[0] == b"old"
    store.put(key, b"new")
    assert store.read(key)[0] == b"new"


def test_of_several_writers_of_a_new_object_one_succeeds(root):
    store = open_store(root)
    for attempt in range(5):
        key, told = place(root, f"{attempt}.bin")[1], []
        start = threading.Barrier(4)

        def write(number, key=key, told=told, start=start):
            start.wait()
            try:
                store.put(key, bytes([number]) * 1000, replace=False)
                told.append(number)
            except TargetExistsError:
                told.append(None)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [number for number in told if number is not None]
        assert len(told) == 4 and store.read(key)[0] == bytes([winner]) * 1000


def test_who_reads_while_it_is_replaced_gets_one_whole(root):
    store, key = place(root)
    size, seen, enough = 2**18, set(), threading.Event()
    store.put(key, b"0" * size)

    def write():
        for number in itertools.cycle(b"0123456789"):
            if enough.is_set():
                return
            store.put(key, bytes([number]) * size)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(seen) < 4:
            data = store._read(key, size)
            assert len(data) == size and len(set(data)) == 1
            seen.add(data[0])
    finally:
        enough.set()
        writer.join()


def test_what_is_replaced_while_it_is_read_is_not_taken(root, monkeypatch):
    store, key = place(root)
    store.put(key, b"old")
    usual = type(store)._read

    def read(self, key, size):
        data = usual(self, key, size)
        self.put(key, b"new")
        return data

    monkeypatch.setattr(type(store), "_read", read)
    with pytest.raises(AccessError, match="replaced meanwhile"):
        store.read(key)


def test_what_vanishes_while_it_is_read_is_missing(root, monkeypatch):
    store, key = place(root)
    store.put(key, b"old")
    before = store.look(key)
    monkeypatch.setattr(
        type(store), "_look", lambda self, key: (_ for _ in ()).throw(FileNotFoundError(key))
    )
    with pytest.raises(MissingFileError):
        store.read(key, before=before)


def test_large_objects_are_read_by_ranges(root, monkeypatch):
    monkeypatch.setattr(stores, "_PIECE", 1000)
    store, key = place(root)
    data = os.urandom(3456)
    store.put(key, data)
    assert store.read(key)[0] == data


def test_what_exceeds_the_memory_is_not_read(root, monkeypatch):
    monkeypatch.setattr("scotopic.storage._LEAST_READ", 1000)
    store, key = place(root)
    store.put(key, b"1" * 1001)
    monkeypatch.setattr(type(store), "_read", None)
    with pytest.raises(TooLargeError, match="more than the memory holds"):
        store.read(key, memory=1)


def test_a_write_that_fails_leaves_what_was_there(root, monkeypatch):
    """Whatever goes wrong before an object is in place, in the system or on the way."""
    store, key = place(root)
    store.put(key, b"old")

    def fails(*arguments, **options):
        raise OSError("no space")

    with monkeypatch.context() as patch:
        if store.fs is None:
            patch.setattr("scotopic.storage.os.fsync", fails)
        else:
            patch.setattr(store.fs, "pipe_file", fails)
        with pytest.raises(AccessError, match="cannot be written: no space"):
            store.put(key, b"new")
    assert store.read(key)[0] == b"old"
    assert list(store.list(urls.key_of(root) + "/")) == [key]


def test_an_upload_in_parts_that_breaks_off_leaves_nothing(s3, monkeypatch):
    store, key = place(s3)
    usual, bucket = store.fs._call_s3, s3.removeprefix("s3://")

    async def call(method, *arguments, **options):
        if method == "upload_part" and options["PartNumber"] == 2:
            raise OSError("the connection broke")
        return await usual(method, *arguments, **options)

    monkeypatch.setattr(store.fs, "_call_s3", call)
    with pytest.raises(AccessError, match="the connection broke"):
        store.put(key, bytes(101 * 2**20))
    assert store.look(key) is None
    assert list(store.list(bucket + "/")) == []
    assert not store.fs.call_s3("list_multipart_uploads", Bucket=bucket).get("Uploads")


def test_metadata_and_tags_are_kept_where_there_is_a_place_for_them(s3):
    store, key = place(s3)
    store.put(key, b"1", "image/png", {"author": "me", "place": "here"}, tags={"a b": "c+d=e@f"})
    found = store.read(key)[1]
    assert found.content_type == "image/png"
    assert found.metadata == {"author": "me", "place": "here"}
    assert found.tags == {"a b": "c+d=e@f"}


def test_a_name_that_s3fs_would_misread_is_refused(s3):
    store = open_store(s3)
    with pytest.raises(InvalidValueError, match="versionId"):
        store.put(s3.removeprefix("s3://") + "/a.jpg?versionId=1", b"1")


def test_two_writers_at_one_moment_are_told_who_was_first(s3, monkeypatch):
    """S3 may answer that another conditional write is under way; it is asked again."""
    from botocore.exceptions import ClientError

    store, key = place(s3)
    usual, told = store.fs.pipe_file, []

    def pipe_file(*arguments, **options):
        if len(told) < 2:
            told.append("ConditionalRequestConflict")
            answer = {"Error": {"Code": told[-1]}}
            raise OSError("conflict") from ClientError(answer, "PutObject")
        return usual(*arguments, **options)

    monkeypatch.setattr(store.fs, "pipe_file", pipe_file)
    store.put(key, b"1", replace=False)
    assert store.read(key)[0] == b"1" and len(told) == 2


def test_a_server_that_is_busy_or_breaks_off_is_asked_again(s3_server, monkeypatch):
    """By the libraries, before it counts as a failure."""
    asked = []

    class Busy(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append(self.path)
            if len(asked) == 2:  # the connection is closed without an answer
                self.close_connection = True
                return
            self.send_response(503 if len(asked) == 1 else 200)
            self.send_header("Content-Length", "7")
            self.send_header("ETag", '"a-tag"')
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for name, value in {**s3_server, "AWS_ENDPOINT_URL": address}.items():
            monkeypatch.setenv(name, value)
        stores._opened.cache_clear()
        try:
            found = open_store("s3://bucket").look("bucket/a.jpg")
        finally:
            stores._opened.cache_clear()
            server.shutdown()
    assert (found.size, found.tag) == (7, "a-tag") and len(asked) == 3


def test_a_bucket_that_may_not_be_read_is_named_with_the_reason(s3):
    store, key = place(s3)
    store.put(key, b"1")
    bucket = s3.removeprefix("s3://")
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    store.fs.call_s3("put_bucket_policy", Bucket=bucket, Policy=policy)
    try:
        for ask in (store.look, store.read, lambda key: store.put(key, b"2")):
            with pytest.raises(AccessError, match="Forbidden|Access ?Denied") as caught:
                ask(key)
            assert caught.value.path == f"s3://{key}"
    finally:
        store.fs.call_s3("delete_bucket_policy", Bucket=bucket)
    assert store.read(key)[0] == b"1"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do all")
def test_a_folder_that_may_not_be_written_is_named_with_the_reason(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir(mode=0o500)
    with pytest.raises(AccessError, match="Permission denied"):
        open_store(str(folder)).put(str(folder / "a"), b"1")


def test_an_unknown_scheme_is_refused():
    with pytest.raises(InvalidValueError, match="no store is known by the scheme 'ftp'"):
        open_store("ftp://host/a.jpg")


@pytest.mark.parametrize("url", ["s3://", "memory:///", "file://a.jpg"])
def test_a_url_that_names_no_place_is_refused(url):
    with pytest.raises(InvalidValueError):
        open_store(url)


def test_a_password_in_a_url_is_refused_and_not_repeated():
    with pytest.raises(InvalidValueError, match="credentials do not belong in a URL") as caught:
        open_store("s3://key:secret@bucket/a.jpg")
    assert "secret" not in str(caught.value)


def test_what_an_error_tells_of_an_address_holds_no_password():
    from scotopic.cloud.faults import faults

    with pytest.raises(AccessError) as caught, faults("s3://bucket/a", "read"):
        raise RuntimeError("no answer from http://me:secret@host:9000/bucket?signature=abc now")
    message = str(caught.value)
    assert "secret" not in message and "signature" not in message
    assert "http://host:9000/bucket now" in message


@pytest.mark.parametrize("scheme", ["gs", "az", "abfs"])
def test_a_store_whose_package_is_missing_says_what_to_install(scheme):
    package = stores.PACKAGES[scheme]
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(MissingPackageError, match=rf"{scheme}:// needs {package}; pip install"):
            open_store(f"{scheme}://bucket/a.jpg")
    else:
        pytest.skip(f"{package} is installed")

"""Stores of objects: one face for object storage of any kind, and for files.

Names of the objects of a store are keys, such as ``bucket/night/a.jpg``: what
follows the scheme of a URL (`scotopic.cloud.urls.key_of`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from scotopic import storage
from scotopic.cloud import urls
from scotopic.cloud.faults import faults
from scotopic.errors import InvalidValueError, MissingFileError, MissingPackageError

_PIECE = 2**25
"""Bytes that are asked for at one time: what a broken connection costs."""


@dataclass(frozen=True)
class Properties:
    """What a store promises, as its makers declare it and our tests try it.

    Attributes
    ----------
    atomic_replace : bool
        Whether an object that is replaced is at every moment the old or the new one.
    put_if_absent : bool
        Whether of two writers of a new object one is told that it was there.
    consistent_listing : bool
        Whether a listing has what was put before it began.
    metadata : {"object", "sidecar"}
        Where what is noted of an object is kept: with it, or in a small object beside it.
    most_metadata : int
        Bytes of names and values that an object may have, where it has such.
    tags : bool
        Whether objects have tags beside metadata.
    """

    atomic_replace: bool = True
    put_if_absent: bool = True
    consistent_listing: bool = True
    metadata: Literal["object", "sidecar"] = "sidecar"
    most_metadata: int = 0
    tags: bool = False


@dataclass(frozen=True)
class Found:
    """What a store tells of an object without its content.

    Attributes
    ----------
    size : int
        Bytes.
    tag : str
        Changes with the content: an ETag, a checksum of the store, or SHA-256.
    content_type : str or None
        Media type.
    metadata : mapping of str to str
        Of the user.
    tags : mapping of str to str
        Labels by which the user's rules go, where a store has such beside metadata.
    """

    size: int
    tag: str
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Store:
    """A file system of fsspec, as a store of objects.

    Parameters
    ----------
    scheme : str
        How its URLs begin.
    fs : fsspec file system
    """

    properties = Properties()
    _unlisted = "no such folder"
    """What it means that a listing finds nothing to list."""

    def __init__(self, scheme: str, fs: Any) -> None:
        self.scheme, self.fs = scheme, fs

    def url(self, key: str) -> str:
        """The URL of an object."""
        return f"{self.scheme}://{key}"

    def look(self, key: str) -> Found | None:
        """What there is to know of an object; None if it is not there.

        Raises
        ------
        AccessError
            When that cannot be known.
        """
        with faults(self.url(key), "read"):
            try:
                return self._look(key)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def known(self, key: str) -> Found:
        """What there is to know of an object that has to be there; see `look`.

        Raises
        ------
        MissingFileError, AccessError
        """
        found = self.look(key)
        if found is None:
            raise MissingFileError("is not there", path=self.url(key))
        return found

    def tag(self, key: str) -> str:
        """What changes with the content of an object: an ETag, a checksum, or SHA-256.

        Raises
        ------
        MissingFileError, AccessError
        """
        return self.known(key).tag

    def read(
        self, key: str, memory: int | None = None, before: Found | None = None
    ) -> tuple[bytes, Found]:
        """An object whole, and what its store tells of just this content.

        Parameters
        ----------
        key : str
        memory : int, optional
            Bytes that the whole process may take; see `storage.read_bytes`.
        before : Found, optional
            What is known of it already; anything else than that is not read.

        Raises
        ------
        MissingFileError
            When it is not there, or vanishes while it is read.
        TooLargeError
            When it does not fit the memory; nothing of it is read.
        AccessError
            When it cannot be read, or is replaced while it is read.
        """
        before = before or self.known(key)
        storage.refuse_too_large(before.size, self.url(key), memory)
        with faults(self.url(key), "read"):
            data = self._read(key, before.size)
            after = self._look(key)
            if after.tag != before.tag or len(data) != before.size:
                raise OSError("it was replaced meanwhile")
        return data, after

    def put(
        self,
        key: str,
        data: bytes,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        replace: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Put an object in place whole: nobody ever sees part of it.

        Parameters
        ----------
        key, data
        content_type, metadata, tags
            Kept where the store has a place for them; see `Found`.
        replace : bool
            Whether an object that is there may be replaced, even one that
            somebody has put there in the meantime.

        Raises
        ------
        TargetExistsError
            When there is one that may not be replaced.
        AccessError
            When it cannot be written; what was there is still there.
        """
        found = Found(len(data), "", content_type, metadata or {}, tags or {})
        with faults(self.url(key), "written"):
            self._put(key, data, found, replace)

    def list(self, prefix: str) -> Iterator[str]:
        """The keys of all objects that begin with a prefix that ends with a slash, lazily.

        Raises
        ------
        AccessError
            When they cannot be listed.
        """
        listed = self._list(prefix)
        while True:
            with faults(self.url(prefix), "listed"):
                try:
                    key = next(listed, None)
                except FileNotFoundError:
                    place = self.url(prefix.rstrip("/"))
                    raise MissingFileError(self._unlisted, path=place) from None
            if key is None:
                return
            yield key

    def _look(self, key: str) -> Found:
        info = self.fs.info(key)
        if info["type"] == "directory":
            raise FileNotFoundError(key)
        return Found(info["size"], storage.sha256_of(self.fs.cat_file(key)))

    def _read(self, key: str, size: int) -> bytes:
        pieces = range(0, size, _PIECE)
        ends = (min(start + _PIECE, size) for start in pieces)
        return b"".join(
            self.fs.cat_file(key, start=start, end=end)
            for start, end in zip(pieces, ends, strict=True)
        )

    def _put(self, key: str, data: bytes, found: Found, replace: bool) -> None:
        self.fs.pipe_file(key, data, mode="overwrite" if replace else "create")

    def _list(self, prefix: str) -> Iterator[str]:
        for folder, _, files in self.fs.walk(prefix.rstrip("/"), on_error="raise"):
            for name in files:
                yield f"{folder}/{name}".lstrip("/")


class MemoryStore(Store):
    """``memory://``: for tests and for trying things out, in one process."""

    # fsspec looks whether there is an object, and then puts it there.
    _putting = threading.Lock()

    def _put(self, key: str, data: bytes, found: Found, replace: bool) -> None:
        with self._putting:
            super()._put(key, data, found, replace)

    def _list(self, prefix: str) -> Iterator[str]:
        yield from (name.lstrip("/") for name in self.fs.find(prefix))


PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "memory": "fsspec"}
"""The schemes of URLs beside ``file``, each with the package that it needs."""
_EXTRAS = {"s3fs": "s3", "gcsfs": "gcs", "adlfs": "azure", "fsspec": "cloud"}


def open_store(url: str) -> Store:
    """The store that a URL or a path lies in.

    Credentials and endpoints come from where its library looks for them, such
    as the environment; see docs/cloud.md.

    Raises
    ------
    InvalidValueError
        When its scheme is none that is known, and when it holds a password.
    MissingPackageError
        When the package for it is not installed.
    """
    scheme, key = urls.scheme_of(url), urls.key_of(url)
    if scheme == "file":
        from scotopic.cloud.files import FileStore

        return FileStore(is_url=urls.is_url(url))
    if scheme not in PACKAGES:
        remedy = f"the schemes are {', '.join(PACKAGES)} and file"
        raise InvalidValueError(f"no store is known by the scheme {scheme!r}", remedy=remedy)
    place = key.partition("/")[0]
    if "@" in place and scheme in ("s3", "gs"):
        remedy = "set them in the environment, or in a profile"
        raise InvalidValueError("credentials do not belong in a URL", remedy=remedy)
    return _opened(scheme, place if "@" in place else "")


@cache
def _opened(scheme: str, account: str) -> Store:
    try:
        import fsspec

        kind = fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        package = PACKAGES[scheme]
        remedy = f"pip install 'scotopic[{_EXTRAS[package]}]'"
        raise MissingPackageError(f"{scheme}:// needs {package}", remedy=remedy) from error
    with faults(f"{scheme}://", "opened"):
        options = kind._get_kwargs_from_urls(f"{scheme}://{account}/") if account else {}
        # Listings that are remembered would hide what others put there.
        fs = kind(use_listings_cache=False, skip_instance_cache=True, **options)
    return _kind_of(scheme)(scheme, fs)


def _kind_of(scheme: str) -> type[Store]:
    if scheme == "memory":
        return MemoryStore
    from scotopic.cloud import remote

    return {"s3": remote.S3Store, "gs": remote.GoogleStore}.get(scheme, remote.AzureStore)

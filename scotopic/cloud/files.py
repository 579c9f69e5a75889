"""Files of this machine as a store of objects, written as all of ours are: by `storage`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scotopic import storage
from scotopic.cloud.stores import Found, Properties, Store
from scotopic.jobs import folders


class FileStore(Store):
    """Files under paths, or under URLs that begin with ``file://``."""

    properties = Properties()

    def __init__(self, is_url: bool = False) -> None:
        super().__init__("file", None)
        self._is_url = is_url

    def url(self, key: str) -> str:
        """The path as it was given, by itself or in a URL."""
        return super().url(key) if self._is_url else key

    def _look(self, key: str) -> Found:
        path = Path(key)
        size = path.stat().st_size
        if path.is_dir():
            raise FileNotFoundError(key)
        return Found(size, storage.sha256_of_file(path))

    def _read(self, key: str, size: int) -> bytes:
        return Path(key).read_bytes()

    def _put(self, key: str, data: bytes, found: Found, replace: bool) -> None:
        storage.write_atomically(data, Path(key), replace)

    def _list(self, prefix: str) -> Iterator[str]:
        root = Path(prefix)
        if not root.is_dir():
            raise FileNotFoundError(prefix)
        met = folders.Met()
        for folder, name in folders.pictures(root, lambda _: folders.Kind.PICTURE, None, met):
            yield os.path.join(folder, name)
        for error in met.unread.values():
            raise error

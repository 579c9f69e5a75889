"""Stores of objects on other machines: S3, Google Cloud Storage and Azure Blob Storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from scotopic.cloud.stores import Found, Properties, Store
from scotopic.errors import InvalidValueError

_TRIES = 5


class S3Store(Store):
    """S3, and servers that speak its protocol.

    A put is atomic, also in several parts. One that must not replace anything
    says so by If-None-Match, which Amazon S3, MinIO, Ceph and others heed.
    """

    properties = Properties(metadata="object", most_metadata=2048, tags=True)
    _unlisted = "there is no such bucket"

    def _call(self, method: str, key: str, **rest: Any) -> Any:
        bucket, name, _ = self.fs.split_path(self._checked(key))
        return self.fs.call_s3(method, Bucket=bucket, Key=name, **rest)

    def _look(self, key: str) -> Found:
        told = self._call("head_object", key)
        tags = self._tags(key) if told.get("TagCount") else {}
        tag, kind = told["ETag"].strip('"'), told.get("ContentType")
        return Found(told["ContentLength"], tag, kind, told.get("Metadata", {}), tags)

    def _checked(self, key: str) -> str:
        if "?versionId=" in key:  # s3fs would take it for a version of another object
            raise InvalidValueError("a name with ?versionId= in it", path=self.url(key))
        return key

    def _tags(self, key: str) -> dict[str, str]:
        told = self._call("get_object_tagging", key)
        return {each["Key"]: each["Value"] for each in told["TagSet"]}

    def _put(self, key: str, data: bytes, found: Found, replace: bool) -> None:
        described: dict[str, Any] = {"Metadata": dict(found.metadata)}
        if found.content_type is not None:
            described["ContentType"] = found.content_type
        if found.tags:
            described["Tagging"] = urlencode(found.tags)
        mode = "overwrite" if replace else "create"
        for left in reversed(range(_TRIES)):
            try:
                self.fs.pipe_file(self._checked(key), data, mode=mode, **described)
                return
            except OSError as error:
                code = _code_of(error)
                if code in ("PreconditionFailed", "412") and not replace:
                    raise FileExistsError(key) from error
                # Two writers at one moment: the one that lost finds the object the next time.
                if code not in ("ConditionalRequestConflict", "409") or not left:
                    raise

    def _list(self, prefix: str) -> Iterator[str]:
        # s3fs's own find holds all names at one time.
        bucket, start, _ = self.fs.split_path(prefix)
        more: dict[str, str] = {}
        while True:
            told = self.fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=start, **more)
            for each in told.get("Contents", []):
                if not each["Key"].endswith("/"):
                    yield f"{bucket}/{each['Key']}"
            if not told.get("IsTruncated"):
                return
            more = {"ContinuationToken": told["NextContinuationToken"]}


def _code_of(error: BaseException) -> str:
    """The code in an answer of S3 that an error came from."""
    answer = getattr(error.__cause__, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


class GoogleStore(Store):
    """Google Cloud Storage."""

    properties = Properties(metadata="object", most_metadata=8192)
    _unlisted = "there is no such bucket"

    def _look(self, key: str) -> Found:
        info = self.fs.info(key)
        if info["type"] == "directory":
            raise FileNotFoundError(key)
        # Objects that were composed of others have no MD5.
        tag = info.get("md5Hash") or info.get("crc32c") or info["generation"]
        return Found(info["size"], tag, info.get("contentType"), info.get("metadata") or {})

    def _put(self, key: str, data: bytes, found: Found, replace: bool) -> None:
        described: dict[str, Any] = {"metadata": dict(found.metadata)}
        if found.content_type is not None:
            described["content_type"] = found.content_type
        self.fs.pipe_file(key, data, mode="overwrite" if replace else "create", **described)

    def _list(self, prefix: str) -> Iterator[str]:
        bucket, start, _ = self.fs.split_path(prefix)
        page = None
        while True:
            told = self.fs.call(
                "GET", "b/{}/o", bucket, prefix=start, pageToken=page, json_out=True
            )
            for each in told.get("items", []):
                if not each["name"].endswith("/"):
                    yield f"{bucket}/{each['name']}"
            page = told.get("nextPageToken")
            if page is None:
                return


class AzureStore(Store):
    """Azure Blob Storage.

    adlfs writes no metadata of the caller's with a blob that it puts at once, so
    what is noted lies beside it.
    """

    properties = Properties()

    def _look(self, key: str) -> Found:
        info = self.fs.info(key)
        if info["type"] == "directory":
            raise FileNotFoundError(key)
        kind = (info.get("content_settings") or {}).get("content_type")
        metadata = dict(info.get("metadata") or {})
        metadata.pop("is_directory", None)  # adlfs's own
        return Found(info["size"], str(info["etag"]).strip('"'), kind, metadata)

    def _put(self, key: str, data: bytes, found: Found, replace: bool) -> None:
        kind = {} if found.content_type is None else {"content_type": found.content_type}
        mode = "overwrite" if replace else "create"
        self.fs.pipe_file(key, data, mode=mode, content_settings=kind)

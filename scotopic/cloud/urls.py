"""URLs as text: told from paths, taken apart and put together.

A name stands in a URL as the store has it, and is not percent-encoded:
``s3://bucket/night & day/100%.jpg`` is the object ``night & day/100%.jpg``.
"""

from __future__ import annotations

import os
import re

from scotopic.errors import InvalidValueError

# Two letters at least: one would be a drive of Windows.
_START = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_url(text: str) -> bool:
    """Whether a text names a place by a URL, such as ``s3://bucket/a.jpg``, and not by a path."""
    return _START.match(text) is not None


def scheme_of(text: str) -> str:
    """The scheme of a URL in lower case; ``file`` for a path."""
    found = _START.match(text)
    return found[1].lower() if found else "file"


def key_of(text: str) -> str:
    """What follows the scheme of a URL, as in ``bucket/a.jpg``; a path as it is.

    Raises
    ------
    InvalidValueError
        When no place is named, and when the URL of a file does not have the whole path.
    """
    found = _START.match(text)
    if found is None:
        return text
    key = text[found.end() :]
    if not key.strip("/"):
        raise InvalidValueError("the URL names no place", path=text)
    if scheme_of(text) == "file" and not os.path.isabs(key):
        remedy = f"write file:///{key} for a path that begins at the root"
        raise InvalidValueError("a file is named by its whole path", path=text, remedy=remedy)
    return key


def whole(text: str) -> str:
    """A URL as it is; of a file, its whole path, however it was named."""
    return os.path.abspath(key_of(text)) if scheme_of(text) == "file" else text


def last_of(text: str) -> str:
    """The last part of a URL or path: the name of the picture."""
    if is_url(text):
        return text.rstrip("/").rpartition("/")[2]
    return os.path.basename(os.path.abspath(text))


def stem_of(text: str) -> str:
    """The last part of a URL or path without its suffix."""
    return os.path.splitext(last_of(text))[0]


def parent_of(text: str) -> str:
    """A URL or path without its last part."""
    if is_url(text):
        return text.rstrip("/").rpartition("/")[0]
    return os.path.dirname(text)


def joined(folder: str, name: str) -> str:
    """A name, of one or several parts, in a folder that is a URL or a path.

    Raises
    ------
    InvalidValueError
        When the name would lead out of a folder of files: objects may have
        names such as ``../a.jpg``, and these are no paths.
    """
    if scheme_of(folder) != "file":
        return f"{folder.rstrip('/')}/{name}"
    parts = re.split(r"[/\\]" if os.sep == "\\" else "/", name)
    if any(part in ("", ".", "..") for part in parts) or os.path.splitdrive(name)[0]:
        raise InvalidValueError("this name cannot be one of a file in a folder", path=name)
    if is_url(folder):
        return f"{folder.rstrip('/')}/{name}"
    return os.path.join(folder, *parts)


def relative(source: str, root: str) -> str:
    """The name of a picture from its root on, with ``/`` between the parts.

    Of a root that is the picture itself, its last part.
    """
    if source == root:
        return last_of(source)
    if is_url(root):
        start = root.rstrip("/") + "/"
        if source.startswith(start):
            return source[len(start) :]
    else:
        name = os.path.relpath(source, root).replace(os.sep, "/")
        if not name.startswith("../"):
            return name
    raise InvalidValueError(f"does not lie under {root}", path=source)

"""One picture of a store: read, enhanced and put in place, once, however often it is asked for.

What a result was made from is noted with it: the source and its tag, the network,
the version and the settings. A step whose result is there, made from the same, does
nothing; one that was interrupted is repeated.

Where the store keeps metadata, the note is part of the object: both come into place
at one moment, and whoever copies or replaces the object takes the note with it.
Elsewhere it is a small object in ``.scotopic/`` beside the result. That is written
first, with the SHA-256 of the result that is to come and of the one that it
replaces: whatever interrupts the two, the note tells our results from others'.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scotopic import storage
from scotopic.cloud import urls
from scotopic.cloud.faults import already_there
from scotopic.cloud.stores import Found, Store, open_store
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError, TargetExistsError
from scotopic.jobs.one import enhance_bytes, named_errors
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.settings import Settings
from scotopic.photo import formats
from scotopic.version import __version__

NOTE = "scotopic"
"""The metadata of an object that holds the note, and the folder of notes beside objects."""


def enhance_object(enhancer: Enhancer, source: str, target: str, settings: Settings) -> Outcome:
    """Enhance one picture of a store, unless that was done already; never raises an error.

    Parameters
    ----------
    enhancer : Enhancer
    source, target : str
        URLs or paths of the picture and of the result, as
        `scotopic.cloud.locations` gives them.
    settings : Settings
        Its wish, encoding and limits count, and whether it overwrites.

    Returns
    -------
    Outcome
        ``skipped`` when the result is there, made from the same; ``failed`` with
        the error when anything went wrong. Its target is a path where a path was
        given, and otherwise the URL.
    """
    place = target if urls.is_url(target) else Path(target)
    try:
        with named_errors(source):
            return replace(_enhanced(enhancer, source, target, settings), target=place)
    except ScotopicError as error:
        return Outcome("failed", source, place, error=error)


def _enhanced(enhancer: Enhancer, source: str, target: str, settings: Settings) -> Outcome:
    origin, goal = open_store(source), open_store(target)
    key, from_key = urls.key_of(target), urls.key_of(source)
    found = origin.known(from_key)
    note = _note_of(enhancer, source, found.tag, settings)
    may_replace = settings.placement.overwrite
    there = goal.look(key)
    if there is not None and not may_replace:
        own = _read_note(goal, key, there)
        if _agrees(own, note):
            return Outcome("skipped", source)
        if not _is_of_source(own, note):
            raise already_there(target)
        may_replace = True
    data, found = origin.read(from_key, enhancer.memory, found)
    made, outcome = enhance_bytes(enhancer, data, settings.named_by(Path(target)), source)
    described, lost = _described(goal, found, outcome, note)
    try:
        _put(goal, key, made, described, note, may_replace)
    except TargetExistsError:
        now = goal.look(key)
        if now is not None and _agrees(_read_note(goal, key, now), note):
            return Outcome("skipped", source)
        raise
    return replace(outcome, notes=(*outcome.notes, *lost))


def _described(
    store: Store, found: Found, outcome: Outcome, note: Mapping[str, Any]
) -> tuple[Found, tuple[str, ...]]:
    """What a result says of itself, and notes on what of its source's it has no place for."""
    kind = formats.FORMATS[str(outcome.format)].media_type
    promised, metadata, lost = store.properties, dict[str, str](), list[str]()
    if promised.metadata == "object":
        metadata[NOTE] = json.dumps(note, separators=(",", ":"))
    room = promised.most_metadata - sum(map(_size, metadata.items()))
    for name, value in sorted(found.metadata.items()):
        if name == NOTE:
            continue
        # What is not ASCII would have to be encoded, and no two stores do it alike.
        if (name + value).isascii() and _size((name, value)) <= room:
            metadata[name] = value
            room -= _size((name, value))
        else:
            lost.append(name)
    if not promised.tags:
        lost += sorted(found.tags)
    notes = (f"metadata of the object that could not be kept: {', '.join(lost)}",) if lost else ()
    return Found(0, "", kind, metadata, found.tags if promised.tags else {}), notes


def _size(item: tuple[str, str]) -> int:
    return sum(map(len, item))


def _note_of(enhancer: Enhancer, source: str, tag: str, settings: Settings) -> dict[str, Any]:
    """What a result is made from, in few bytes, since metadata have little room."""
    return {
        "source": _short(urls.whole(source)),
        "tag": tag,
        "model": enhancer.network.sha256,
        "version": __version__,
        "settings": _short(json.dumps(settings.of_result(), sort_keys=True)),
    }


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _agrees(own: Mapping[str, Any], note: Mapping[str, Any]) -> bool:
    """Whether a result was made from the very same."""
    return all(own.get(key) == note[key] for key in ("tag", "model", "version", "settings"))


def _is_of_source(own: Mapping[str, Any], note: Mapping[str, Any]) -> bool:
    """Whether a result is ours and of this picture, and not of another one of the same name."""
    return bool(own.get("source") == note["source"] or own.get("tag") == note["tag"])


def _read_note(store: Store, key: str, there: Found) -> dict[str, Any]:
    """The note of the result that is there; empty if it is not ours."""
    if store.properties.metadata == "object":
        return _parsed(there.metadata.get(NOTE, ""))
    beside = _beside(key)
    if store.look(beside) is None:
        return {}
    own = _parsed(store.read(beside)[0])
    there_now, outputs = storage.sha256_of(store.read(key)[0]), own.get("outputs", [])
    if there_now not in outputs:
        return {}
    # Its replacement broke off: it is of this source, and made otherwise.
    return own if there_now == outputs[0] else {"source": own.get("source")}


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        note = json.loads(text)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _beside(key: str) -> str:
    """The key of the note of an object; hashed, as the names of files have an end."""
    folder, name = posixpath.split(key.replace(os.sep, "/"))
    return posixpath.join(folder, f".{NOTE}", f"{_short(name)}.json")


def _put(
    store: Store, key: str, data: bytes, described: Found, note: dict[str, Any], may_replace: bool
) -> None:
    """Put a result in place with what its source said of itself, and with the note."""
    kind, metadata, tags = described.content_type, described.metadata, described.tags
    if store.properties.metadata == "object":
        store.put(key, data, kind, metadata, may_replace, tags)
        return
    outputs = [storage.sha256_of(data)]
    if may_replace and store.look(key) is not None:
        outputs.append(storage.sha256_of(store.read(key)[0]))
    beside = json.dumps({**note, "outputs": outputs}).encode()
    store.put(_beside(key), beside, "application/json")
    store.put(key, data, kind, metadata, may_replace, tags)

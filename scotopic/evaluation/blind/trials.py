"""What is judged: each photo with its candidates, which of them has which letter, and the key."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scotopic import storage
from scotopic.datasets.pictures import picture_size
from scotopic.errors import InvalidValueError, UnreadableError
from scotopic.evaluation.pairing import pair_folders

KEY = "KEY_do_not_open_before_judging.json"
"""Name of the key's file."""
_NOTE = "Do not open this before judging: it says which letter is which method."


@dataclass(frozen=True)
class Candidate:
    """What a method made of a photo.

    Attributes
    ----------
    method : str
        The folder of results as it was given.
    path : Path
    sha256 : str
        Of the file.
    """

    method: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Trial:
    """A photo to judge.

    Attributes
    ----------
    name : str
        File name of the photo without its suffix.
    input : Path
    candidates : dict of str to Candidate
        By their letters, which are in order.
    """

    name: str
    input: Path
    candidates: dict[str, Candidate]


@dataclass(frozen=True)
class Key:
    """Which letter is which method.

    Attributes
    ----------
    methods : tuple of str
    photos : dict of str to dict of str to str
        For each photo, method by letter.
    """

    methods: tuple[str, ...]
    photos: Mapping[str, Mapping[str, str]]


def draw(inputs: Path, results: Sequence[Path], seed: int = 0) -> list[Trial]:
    """Pair photos with their results, and draw a letter for each of these.

    Parameters
    ----------
    inputs : Path
        Folder of the photos.
    results : sequence of Path
        Folders of results, one for each method: 2 to 26.
    seed : int
        What the draw depends on, beside the photo's name and its results. So a
        photo has the same letters when others join it, and new ones as soon as
        a result has changed: who has judged before cannot know them.

    Returns
    -------
    list of Trial
        One for each photo.

    Raises
    ------
    InvalidValueError
        When there are too few methods or too many, or one twice, or a result
        differs in size from its input.
    MissingFileError
        When a folder is missing or empty, or lacks a photo that another one has.
    """
    _check_methods(results)
    files: dict[str, dict[Path, Path]] = {}
    photos = {}
    for folder in results:
        cases, unpaired = pair_folders(results=folder, inputs=inputs)
        if unpaired:
            raise unpaired[0].error
        for case in cases:
            assert case.result is not None and case.input is not None
            photos[case.name] = case.input
            files.setdefault(case.name, {})[folder] = case.result
    for name, dark in photos.items():
        _check_sizes(dark, files[name].values())
    return [Trial(name, dark, _lettered(name, files[name], seed)) for name, dark in photos.items()]


def _check_methods(results: Sequence[Path]) -> None:
    most = len(string.ascii_uppercase)
    if not 2 <= len(results) <= most:
        raise InvalidValueError(f"2 to {most} methods can be judged, not {len(results)}")
    seen = set()
    for folder in results:
        if folder.resolve() in seen:
            raise InvalidValueError("this folder of results is given twice", path=folder)
        seen.add(folder.resolve())


def _check_sizes(dark: Path, results: Iterable[Path]) -> None:
    wanted = picture_size(dark)
    for result in results:
        size = picture_size(result)
        if size != wanted:
            raise InvalidValueError(
                f"the result is {size[0]}x{size[1]} pixels, its input {wanted[0]}x{wanted[1]}",
                path=result,
            )


def _lettered(name: str, files: Mapping[Path, Path], seed: int) -> dict[str, Candidate]:
    """Candidates in the order of hashes, which is as random as a draw and the same everywhere."""
    candidates = [
        Candidate(str(folder), path, storage.sha256_of_file(path)) for folder, path in files.items()
    ]
    lots = {
        storage.sha256_of(json.dumps([seed, name, place, candidate.sha256]).encode()): candidate
        for place, candidate in enumerate(candidates)
    }
    ordered = [lots[lot] for lot in sorted(lots)]
    return dict(zip(string.ascii_uppercase, ordered, strict=False))


def key_of(trials: Sequence[Trial], seed: int) -> dict[str, Any]:
    """The content of a key file."""
    methods = {candidate.method for trial in trials for candidate in trial.candidates.values()}
    return {
        "note": _NOTE,
        "seed": seed,
        "methods": sorted(methods),
        "photos": {trial.name: _entries(trial) for trial in trials},
    }


def _entries(trial: Trial) -> dict[str, Any]:
    return {
        letter: {"method": one.method, "file": str(one.path), "sha256": one.sha256}
        for letter, one in trial.candidates.items()
    }


def read_key(sheets: Path) -> Key:
    """Read the key in a folder of sheets.

    Raises
    ------
    MissingFileError, AccessError, UnreadableError
        When it is missing, cannot be read, or is no key.
    """
    path = sheets / KEY
    try:
        content = json.loads(storage.read_bytes(path))
        methods = tuple(map(str, content["methods"]))
        photos = {
            name: {letter: str(entry["method"]) for letter, entry in entries.items()}
            for name, entries in content["photos"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError("is no key to blind sheets", path=path) from error
    if any(sorted(letters.values()) != sorted(methods) for letters in photos.values()):
        raise UnreadableError("is damaged: a photo does not have all methods", path=path)
    return Key(methods, photos)

"""Published data sets, and how a copy differs from what was published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import list_pictures, read_image, some
from scotopic.datasets.scenes import fingerprint
from scotopic.errors import InvalidValueError, MissingFileError, UnreadableError
from scotopic.photo.header import Header, read_header
from scotopic.pixels.units import gray


@dataclass(frozen=True)
class KnownSet:
    """The properties of a published data set.

    Attributes
    ----------
    title : str
        Name and source, for messages.
    parts : dict
        Number of pairs by the name of the folder.
    test_names : tuple of str
        Names of the test pictures, without suffix.
    size : (int, int)
        Width and height of all pictures.
    levels : dict
        For ``low`` and ``high``, the range in which the mean gray of all
        pictures lies, 0 to 1.
    """

    title: str
    parts: dict[str, int]
    test_names: tuple[str, ...]
    size: tuple[int, int]
    levels: dict[str, tuple[float, float]]


_EVAL15 = "1 22 23 55 79 111 146 179 493 547 665 669 748 778 780"
KNOWN = {
    "lol_v1": KnownSet(
        "LOL v1 (Wei et al., BMVC 2018)",
        {"our485": 485, "eval15": 15},
        tuple(_EVAL15.split()),
        (600, 400),
        {"low": (0.03, 0.1), "high": (0.35, 0.55)},
    )
}


def known_set(name: str) -> KnownSet:
    """Look a published data set up by its name.

    Raises
    ------
    InvalidValueError
        When no set of this name is known.
    """
    if name not in KNOWN:
        raise InvalidValueError(
            f"no data set {name!r} is known", remedy=f"known sets: {', '.join(KNOWN)}"
        )
    return KNOWN[name]


@dataclass(frozen=True)
class _File:
    """What is compared of one picture of a copy."""

    sha256: str
    level: float
    header: Header


def verify(data: Path, known: KnownSet) -> tuple[list[str], dict[str, str]]:
    """Compare a copy of a data set with what was published.

    Returns
    -------
    findings : list of str
        What differs, one line each; empty for an exact copy.
    hashes : dict
        ``PART/KIND/NAME`` to the SHA-256 of the picture's pixels.

    Raises
    ------
    MissingFileError, AccessError, UnreadableError, TooLargeError
        When a folder is missing, or for the first file that cannot be read as a picture.
    """
    findings: list[str] = []
    hashes: dict[str, str] = {}
    for part, count in known.parts.items():
        low, high = (_examine(list_pictures(data / part / kind)) for kind in ("low", "high"))
        for kind, files in (("low", low), ("high", high)):
            if len(files) != count:
                findings.append(f"{part}/{kind}: {len(files)} pictures, not {count}")
            hashes.update({f"{part}/{kind}/{name}": one.sha256 for name, one in files.items()})
            findings += _unlike(f"{part}/{kind}", list(files.values()), known, known.levels[kind])
        findings += _mismatched(part, low, high, count)
        if part.startswith("eval") and set(high) != set(known.test_names):
            findings.append(f"{part}: the names are not those of the published test set")
    return findings, hashes


def _examine(files: Mapping[str, Path]) -> dict[str, _File]:
    return {name: _examine_one(path) for name, path in files.items()}


def _examine_one(path: Path) -> _File:
    pixels = read_image(path)
    level = float(gray(pixels / 255).mean())
    return _File(fingerprint(pixels).pixels, level, read_header(path))


def _mismatched(
    part: str, low: Mapping[str, _File], high: Mapping[str, _File], count: int
) -> Iterator[str]:
    """Pictures without a partner, and dark pictures that are brighter than theirs."""
    alone = sorted(low.keys() ^ high.keys())
    if alone:
        yield f"{part}: without a partner: {some(alone)}"
    swapped = sorted(
        name for name in low.keys() & high.keys() if low[name].level > high[name].level
    )
    if swapped:
        problem = "low and high seem swapped" if len(swapped) > count / 2 else "darker than low"
        yield f"{part}: {problem}: {some(swapped)}"


def _unlike(
    label: str, files: Sequence[_File], known: KnownSet, levels: tuple[float, float]
) -> Iterator[str]:
    """Sizes, modes, encodings and levels that are not those of the published set."""
    for size in sorted({one.header.size for one in files} - {known.size}):
        count = sum(one.header.size == size for one in files)
        yield (
            f"{label}: {count} of {len(files)} are {size[0]}x{size[1]}, resized from "
            f"{known.size[0]}x{known.size[1]}: scores on these do not compare with published ones"
        )
    modes = {one.header.mode for one in files} - {"RGB"}
    if modes:
        yield f"{label}: pictures of mode {', '.join(sorted(modes))}, not RGB"
    encoded = {one.header.format for one in files} - {"PNG"}
    if encoded:
        lossy = sum(one.header.is_lossy for one in files)
        how = f"{lossy} of {len(files)} lossy" if lossy else "all lossless"
        yield f"{label}: re-encoded as {', '.join(sorted(encoded))}, {how}"
    mean = float(np.mean([one.level for one in files])) if files else 0.0
    if not levels[0] <= mean <= levels[1]:
        yield f"{label}: mean level {mean:.3f}, not {levels[0]} to {levels[1]}"


def read_hashes(path: Path) -> dict[str, str]:
    """Read a list of pixel hashes, as `verify` returns it, from a JSON file.

    Raises
    ------
    MissingFileError, UnreadableError
        When the file is missing or holds no such list.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingFileError("no such file", path=path) from error
    except (OSError, ValueError) as error:
        raise UnreadableError(f"not a list of hashes: {error}", path=path) from error
    if not isinstance(content, dict):
        raise UnreadableError("not a list of hashes", path=path)
    return content


def compare_hashes(given: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Compare the pixel hashes of a copy with a list.

    Returns
    -------
    list of str
        What differs, one line each.
    """
    findings = []
    changed = sorted(name for name in given.keys() & wanted.keys() if given[name] != wanted[name])
    for problem, names in (
        ("with other pixels than listed", changed),
        ("listed, but missing", sorted(wanted.keys() - given.keys())),
        ("not listed", sorted(given.keys() - wanted.keys())),
    ):
        if names:
            findings.append(f"{len(names)} {problem}: {some(names)}")
    return findings

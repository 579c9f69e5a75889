"""Known data sets: verified, their scenes found, split by scene."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from scotopic.errors import ScotopicError
from scotopic.photo.reading import FORMATS
from scotopic.pixels.exposure import gray, thumbnail
from scotopic.storage import write_atomically

Array = NDArray[Any]

SCENES = "scenes.json"
THUMB_SIDE = 16
JOINED = 0.8
"""Correlation of two thumbnails above which pictures are of one scene."""
TRAINING_FOLDERS = ("our485", "train")
TEST_FOLDERS = ("eval15", "test")


@dataclass(frozen=True)
class Fingerprint:
    """A picture as it is found again.

    Attributes
    ----------
    pixels : str
        SHA-256 of shape and pixels.
    thumb : array, (256,)
        The gray of its area-averaged 16x16 thumbnail, with mean 0 and norm 1,
        so that products of two are their correlation.
    """

    pixels: str
    thumb: Array


def fingerprint(picture: Array) -> Fingerprint:
    """Fingerprint of pixels, (height, width, 3)."""
    sha = hashlib.sha256(f"{picture.shape}".encode())
    sha.update(np.ascontiguousarray(picture).tobytes())
    plane = gray(thumbnail(picture, THUMB_SIDE)).astype(np.float64).ravel()
    plane -= plane.mean()
    norm = np.linalg.norm(plane)
    return Fingerprint(sha.hexdigest(), plane / norm if norm else plane)


def read_image(path: str | Path) -> Array:
    """Read a picture as 8-bit RGB.

    Returns
    -------
    array, (height, width, 3), uint8

    Raises
    ------
    ScotopicError
        When the file is missing or no picture; names it.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise ScotopicError(f"{path}: cannot be read as a picture: {error}") from error


def list_pictures(folder: Path) -> dict[str, Path]:
    """Pictures of a folder by name without suffix, in a stable order.

    Raises
    ------
    ScotopicError
        When there is no such folder, and when two files share a name.
    """
    if not folder.is_dir():
        raise ScotopicError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in FORMATS):
        if path.stem in found:
            raise ScotopicError(f"{found[path.stem]} and {path} share one name")
        found[path.stem] = path
    return found


def part_of(data: Path, names: tuple[str, ...]) -> Path:
    """The folder of a data set that has one of these names.

    Raises
    ------
    ScotopicError
        When none is there.
    """
    for name in names:
        if (data / name).is_dir():
            return data / name
    raise ScotopicError(f"{data}: no folder {' or '.join(names)} with low/ and high/")


def fingerprints(folder: Path) -> dict[str, Fingerprint]:
    """Of all pictures of a folder."""
    return {name: fingerprint(read_image(path)) for name, path in list_pictures(folder).items()}


def find_scenes(training: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Group pictures of the same scene: single linkage of correlations above 0.8."""
    names = list(training)
    thumbs = np.stack([training[name].thumb for name in names])
    joined = thumbs @ thumbs.T > JOINED
    left, groups = set(range(len(names))), []
    while left:
        group, new = set(), {min(left)}
        while new:
            group |= new
            new = {int(i) for one in new for i in np.flatnonzero(joined[one])} - group
        left -= group
        groups.append([names[index] for index in sorted(group)])
    return groups


def find_siblings(
    test: Mapping[str, Fingerprint], training: Mapping[str, Fingerprint]
) -> dict[str, list[str]]:
    """For each test picture, the training pictures whose correlation with it exceeds 0.8."""
    return {
        name: [other for other, two in training.items() if float(one.thumb @ two.thumb) > JOINED]
        for name, one in test.items()
    }


def split(data: Path) -> dict[str, Any]:
    """Find the scenes of a data set, from its references alone.

    Parameters
    ----------
    data : Path
        Has ``our485`` or ``train``, and perhaps ``eval15`` or ``test``, with
        ``high`` in each.

    Returns
    -------
    dict
        ``how``, ``groups`` and ``siblings_of_test``: the content of
        ``scenes.json``, which training and its split by scene read.
    """
    training = fingerprints(part_of(data, TRAINING_FOLDERS) / "high")
    if not training:
        raise ScotopicError(f"{data}: no training pictures")
    test: dict[str, Fingerprint] = {}
    if any((data / name).is_dir() for name in TEST_FOLDERS):
        test = fingerprints(part_of(data, TEST_FOLDERS) / "high")
    return {
        "how": (
            "references area-averaged to 16x16 gray, standardised; "
            f"pictures whose correlation exceeds {JOINED} are joined (single linkage)"
        ),
        "groups": find_scenes(training),
        "siblings_of_test": find_siblings(test, training),
    }


@dataclass(frozen=True)
class KnownSet:
    """What a published data set is like.

    Attributes
    ----------
    title : str
    parts : dict
        Folder to the number of its pairs.
    test_names : tuple of str
    size : (int, int)
        Width and height.
    levels : dict
        Kind to the range that the mean of all its pictures' levels, 0 to 1,
        lies in.
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


def verify(data: Path, known: KnownSet) -> tuple[list[str], dict[str, str]]:
    """Compare a copy of a data set with what is known of it.

    Returns
    -------
    findings : list of str
        What is not as published; empty for a true copy.
    hashes : dict
        ``PART/KIND/NAME`` to the SHA-256 of its pixels.
    """
    findings: list[str] = []
    hashes: dict[str, str] = {}
    for part, count in known.parts.items():
        kinds = {kind: list_pictures(data / part / kind) for kind in ("low", "high")}
        found = {kind: _look(files) for kind, files in kinds.items()}
        for kind, looks in found.items():
            if len(looks) != count:
                findings.append(f"{part}/{kind}: {len(looks)} pictures, not {count}")
            hashes.update({f"{part}/{kind}/{name}": one.pixels for name, one in looks.items()})
            findings += _unlike(f"{part}/{kind}", looks, known, known.levels[kind])
        alone = sorted(kinds["low"].keys() ^ kinds["high"].keys())
        if alone:
            findings.append(f"{part}: without a partner: {some(alone)}")
        swapped = [
            name
            for name in kinds["low"].keys() & kinds["high"].keys()
            if found["low"][name].level > found["high"][name].level
        ]
        if swapped:
            told = "low and high seem swapped" if len(swapped) > count / 2 else "darker than low"
            findings.append(f"{part}: {told}: {some(sorted(swapped))}")
        if part.startswith("eval") and set(kinds["high"]) != set(known.test_names):
            findings.append(f"{part}: the names are not those of the published test set")
    return findings, hashes


@dataclass(frozen=True)
class _Look:
    pixels: str
    level: float
    size: tuple[int, int]
    mode: str
    format: str
    lossy: bool


def _look(files: Mapping[str, Path]) -> dict[str, _Look]:
    looks = {}
    for name, path in files.items():
        pixels = read_image(path)
        with Image.open(path) as image:
            looks[name] = _Look(
                fingerprint(pixels).pixels,
                float(gray(pixels / 255).mean()),
                image.size,
                image.mode,
                image.format or "",
                is_lossy(path),
            )
    return looks


def _unlike(
    label: str, looks: Mapping[str, _Look], known: KnownSet, levels: tuple[float, float]
) -> list[str]:
    findings = []
    for size in sorted({look.size for look in looks.values()} - {known.size}):
        count = sum(look.size == size for look in looks.values())
        findings.append(
            f"{label}: {count} of {len(looks)} are {size[0]}x{size[1]}, resized from "
            f"{known.size[0]}x{known.size[1]}: scores on these do not compare with published ones"
        )
    modes = {look.mode for look in looks.values()} - {"RGB"}
    if modes:
        findings.append(f"{label}: pictures of mode {', '.join(sorted(modes))}, not RGB")
    encoded = {look.format for look in looks.values()} - {"PNG"}
    if encoded:
        lossy = sum(look.lossy for look in looks.values())
        how = f"{lossy} of {len(looks)} lossy" if lossy else "all lossless"
        findings.append(f"{label}: re-encoded as {', '.join(sorted(encoded))}, {how}")
    mean = float(np.mean([look.level for look in looks.values()])) if looks else 0.0
    if not levels[0] <= mean <= levels[1]:
        findings.append(f"{label}: mean level {mean:.3f}, not {levels[0]} to {levels[1]}")
    return findings


def read_hashes(path: Path) -> dict[str, str]:
    """Read a list that ``data verify --write-hashes`` wrote."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ScotopicError(f"{path}: no list of hashes: {error}") from error
    if not isinstance(content, dict):
        raise ScotopicError(f"{path}: no list of hashes")
    return content


def is_lossy(path: Path) -> bool:
    """Whether a file is JPEG, or WebP that is not lossless."""
    with path.open("rb") as file:
        head = file.read(2**16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return b"VP8L" not in head
    return head[:2] == b"\xff\xd8"


def compare_hashes(given: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What differs between the pixel hashes of two copies."""
    findings = []
    changed = sorted(name for name in given.keys() & wanted.keys() if given[name] != wanted[name])
    for told, names in (
        ("other pixels than listed", changed),
        ("listed, but not there", sorted(wanted.keys() - given.keys())),
        ("there, but not listed", sorted(given.keys() - wanted.keys())),
    ):
        if names:
            findings.append(f"{len(names)} {told}: {some(names)}")
    return findings


def some(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def write_json(content: Any, target: Path) -> None:
    """Write JSON, atomically."""
    write_atomically((json.dumps(content, indent=1) + "\n").encode(), target)

"""Published data sets, and how a copy differs from what was published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.datasets.pictures import is_lossy, list_pictures, read_image, some
from scotopic.datasets.scenes import fingerprint
from scotopic.errors import ScotopicError
from scotopic.pixels.units import gray


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

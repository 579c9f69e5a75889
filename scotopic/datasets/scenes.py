"""Fingerprints of pictures, and the scenes of a data set that they reveal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scotopic.datasets.pictures import (
    TEST_FOLDERS,
    TRAINING_FOLDERS,
    list_pictures,
    part_of,
    read_image,
)
from scotopic.errors import MissingFileError
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.units import gray
from scotopic.types import Array

SCENES = "scenes.json"
THUMB_SIDE = 16
JOINED = 0.8
"""Correlation of two thumbnails above which the pictures show one scene."""


@dataclass(frozen=True)
class Fingerprint:
    """What identifies a picture, and what it has in common with others of its scene.

    Attributes
    ----------
    pixels : str
        SHA-256 of shape and pixels.
    thumb : array, (256,)
        Gray values of the area-averaged 16x16 thumbnail, with mean 0 and norm
        1, so that the scalar product of two is their correlation.
    """

    pixels: str
    thumb: Array


def fingerprint(picture: Array) -> Fingerprint:
    """Compute the fingerprint of a picture, (height, width, 3)."""
    sha = hashlib.sha256(f"{picture.shape}".encode())
    sha.update(np.ascontiguousarray(picture).tobytes())
    plane = gray(thumbnail(picture, THUMB_SIDE)).astype(np.float64).ravel()
    plane -= plane.mean()
    norm = np.linalg.norm(plane)
    return Fingerprint(sha.hexdigest(), plane / norm if norm else plane)


def fingerprints(folder: Path) -> dict[str, Fingerprint]:
    """Compute the fingerprints of all pictures of a folder, by name without suffix."""
    return {name: fingerprint(read_image(path)) for name, path in list_pictures(folder).items()}


def find_scenes(training: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Group pictures of the same scene: single linkage of correlations above 0.8.

    Returns
    -------
    list of lists of str
        The names in each scene.
    """
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
    """List, for each test picture, the training pictures that show its scene.

    These are the ones whose correlation with it exceeds 0.8.
    """
    return {
        name: [other for other, two in training.items() if float(one.thumb @ two.thumb) > JOINED]
        for name, one in test.items()
    }


def split(data: Path) -> dict[str, Any]:
    """Find the scenes of a data set, from its references alone.

    Parameters
    ----------
    data : Path
        A folder with ``our485`` or ``train``, and optionally ``eval15`` or
        ``test``, each of which has a folder ``high``.

    Returns
    -------
    dict
        ``how``, ``groups`` and ``siblings_of_test``: the content of
        ``scenes.json``, which training reads.

    Raises
    ------
    MissingFileError
        When there are no training pictures.
    """
    training = fingerprints(part_of(data, TRAINING_FOLDERS) / "high")
    if not training:
        raise MissingFileError("no training pictures", path=data)
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

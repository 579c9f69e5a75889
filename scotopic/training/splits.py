"""Which pairs are held out of training, for validation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scotopic.datasets.pictures import list_pictures
from scotopic.datasets.scenes import SCENES
from scotopic.errors import UnreadableError
from scotopic.training.pairs import training_folder

HELD_OUT = 0.08
"""Share of the pairs that is held out for validation by default."""


@dataclass(frozen=True)
class Scenes:
    """Which pictures of a data set show the same scene.

    Attributes
    ----------
    groups : tuple of tuples of str
        Names of training pictures, one tuple for each scene.
    siblings_of_test : tuple of str
        Names of training pictures whose scene is also in the test set.
    """

    groups: tuple[tuple[str, ...], ...]
    siblings_of_test: tuple[str, ...]

    @classmethod
    def read(cls, data: Path) -> Scenes:
        """Read ``scenes.json`` of a data set; without it, each picture is its own scene.

        Raises
        ------
        UnreadableError
            When the file does not have the form that `scotopic.datasets.scenes`
            writes.
        """
        path = data / SCENES
        if not path.exists():
            names = list_pictures(training_folder(data) / "low")
            return cls(tuple((name,) for name in names), ())
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            siblings = {name for names in content["siblings_of_test"].values() for name in names}
            groups = tuple(tuple(group) for group in content["groups"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableError("not a list of scenes", path=path) from error
        return cls(groups, tuple(sorted(siblings)))


def split_by_scene(
    names: Sequence[str], scenes: Scenes, share: float = HELD_OUT, seed: int = 0
) -> tuple[list[str], list[str]]:
    """Hold out whole scenes for validation.

    Scenes are drawn in a seeded order until the pictures held out reach the
    share asked for. Scenes that are also in the test set are never held out:
    a validation on them would not tell how the network does on unseen scenes.

    Parameters
    ----------
    names : sequence of str
        All training pictures.
    scenes : Scenes
    share : float
        Share to hold out, 0 to 1.
    seed : int

    Returns
    -------
    training, validation : lists of names, in the given order
    """
    test = set(scenes.siblings_of_test)
    known = {name for group in scenes.groups for name in group}
    groups = [*scenes.groups, *((name,) for name in names if name not in known)]
    held: set[str] = set()
    for index in np.random.default_rng(seed).permutation(len(groups)):
        if len(held) >= share * len(names):
            break
        if not test.intersection(groups[index]):
            held.update(set(groups[index]).intersection(names))
    return [n for n in names if n not in held], [n for n in names if n in held]


def split_by_order(names: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Hold out the last names of the list, whatever the pictures show.

    Returns
    -------
    training, validation : lists of names
    """
    first = round((1 - share) * len(names))
    return list(names[:first]), list(names[first:])

"""The data of a run: the sets that it trains on, and those that it is validated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scotopic.datasets.pictures import read_image
from scotopic.datasets.scenes import SCENES
from scotopic.errors import MissingFileError, MissingPackageError, ScotopicError
from scotopic.training.pairs import PairSet, read_pairs, training_folder
from scotopic.training.presets import Recipe
from scotopic.training.simulate import simulated_set
from scotopic.training.splits import Scenes, split_by_order, split_by_scene
from scotopic.types import Array


@dataclass
class TrainingData:
    """What a run trains on, and what it is validated on.

    Attributes
    ----------
    sets : list of PairSet
    shares : list of float
        Share of the samples that each set gives.
    validation : list of PairSet
    """

    sets: list[PairSet]
    shares: list[float]
    validation: list[PairSet]

    def record(self) -> dict[str, Any]:
        """Names, sizes, shares and hashes of all sets."""
        return {
            "training": [
                {"name": s.name, "pairs": len(s), "share": share, "sha256": s.digest()}
                for s, share in zip(self.sets, self.shares, strict=True)
            ],
            "validation": [
                {"name": s.name, "names": s.names, "sha256": s.digest()} for s in self.validation
            ],
        }


def load_training_data(
    folders: Sequence[Path],
    recipe: Recipe,
    seed: int,
    *,
    hold_out: bool = True,
    exclude_siblings: bool = False,
    limit: int | None = None,
) -> TrainingData:
    """Read data sets, hold out pairs for validation, and simulate dark pictures.

    Parameters
    ----------
    folders : sequence of Path
        Data sets, each with a folder ``our485`` or ``train`` that has ``low``
        and ``high``, and optionally ``scenes.json``.
    recipe : Recipe
    seed : int
        Seed of the simulation. The split has a fixed seed of its own, so that
        it is the same in all runs.
    hold_out : bool
        Whether to hold out pairs for validation.
    exclude_siblings : bool
        Whether to leave out pictures whose scene is also in the test set.
    limit : int, optional
        Read only this many pairs of each set, for trials.

    Raises
    ------
    MissingFileError
        When a folder, or the list of scenes that is needed, is missing.
    ScotopicError
        When the pictures do not form pairs, or none is left to train on.
    """
    training: list[PairSet] = []
    validation: list[PairSet] = []
    for folder in folders:
        pairs = read_pairs(training_folder(folder), folder.name, limit)
        scenes = Scenes.read(folder)
        names, held = pairs.names, list[str]()
        if hold_out and recipe.split == "scene":
            names, held = split_by_scene(pairs.names, scenes, recipe.held_out)
        elif hold_out:
            names, held = split_by_order(pairs.names, recipe.held_out)
        if exclude_siblings:
            names = _without_siblings(folder, names, scenes)
        training.append(pairs.subset(names))
        validation += [pairs.subset(held)] if held else []
    total = sum(len(pairs) for pairs in training)
    if not total:
        raise ScotopicError("no pairs are left to train on", path=folders[0])
    shares = [(1 - recipe.simulated) * len(pairs) / total for pairs in training]
    if recipe.simulated:
        training.append(_simulated(training, recipe.variants, seed))
        shares.append(recipe.simulated)
    return TrainingData(training, shares, validation)


def _without_siblings(folder: Path, names: Sequence[str], scenes: Scenes) -> list[str]:
    if not (folder / SCENES).exists():
        raise MissingFileError(
            f"no {SCENES}, which tells the scenes of the test set",
            path=folder,
            remedy=f"write it by: scotopic data split {folder}",
        )
    return [name for name in names if name not in scenes.siblings_of_test]


def _simulated(sets: Sequence[PairSet], variants: int, seed: int) -> PairSet:
    """Dark pictures made from all references and from the free photographs."""
    references = [high for pairs in sets for high in pairs.high]
    names = [f"{pairs.name}/{name}" for pairs in sets for name in pairs.names]
    extra = free_photographs()
    references += extra.values()
    names += extra.keys()
    return simulated_set(references, names, variants, seed)


def free_photographs() -> dict[str, Array]:
    """Colour photographs that come with scikit-image, by name.

    Raises
    ------
    MissingPackageError
        When scikit-image is not installed.
    """
    try:
        import skimage
    except ImportError as error:
        raise MissingPackageError(
            "simulating dark pictures needs scikit-image", remedy="pip install scikit-image"
        ) from error
    folder = Path(skimage.__file__).parent / "data"
    names = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
    return {name: read_image(folder / name) for name in names if (folder / name).exists()}

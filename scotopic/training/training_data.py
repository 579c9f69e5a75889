"""The data of a run: the sets that it trains on, and those that it is validated on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scotopic.datasets.pictures import read_image
from scotopic.datasets.scenes import SCENES
from scotopic.errors import MissingFileError, MissingPackageError, ScotopicError
from scotopic.pixels import interpolation
from scotopic.pixels.shadows import exposed_calmly
from scotopic.pixels.thumbnail import reduced
from scotopic.training.pairs import PairSet, joined, read_pairs, training_folder
from scotopic.training.presets import Recipe
from scotopic.training.simulate import SIMULATED_SIDE, simulated_set, underexposed_set
from scotopic.training.splits import Scenes, split_by_order, split_by_scene
from scotopic.types import Array

_PHOTOGRAPHS = {".png", ".jpg", ".jpeg", ".webp"}
_LONGEST_SIDE = 1600


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


def load_training_data(  # noqa: PLR0913 (what a caller may ask for, by keyword)
    folders: Sequence[Path],
    recipe: Recipe,
    seed: int,
    *,
    texture: Sequence[Path] = (),
    photographs: Sequence[Path] = (),
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
    texture : sequence of Path
        Data sets that teach noise and texture only: the colours and levels of
        their references are made those of the exposed dark pictures.
    photographs : sequence of Path
        Folders of clean, well exposed photographs, searched with their
        subfolders, from which dark ones are simulated. The photographs that
        come with scikit-image are used in any case.
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
    for position, folder in enumerate([*folders, *texture]):
        pairs = read_pairs(training_folder(folder), folder.name, limit)
        if position >= len(folders):
            pairs = with_colors_of_input(pairs)
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
    if not any(training):
        raise ScotopicError("no pairs are left to train on", path=folders[0])
    count, rest = len(folders), 1 - recipe.simulated - recipe.underexposed
    given = recipe.texture if texture else 0.0
    shares = _shares(training[:count], rest - given) + _shares(training[count:], given)
    if recipe.simulated:
        made, held_out = _simulated(photographs, recipe, seed)
        training.append(made)
        shares.append(recipe.simulated)
        validation += [held_out] if hold_out else []
    if recipe.underexposed:
        made, held_out = _underexposed(photographs, recipe, seed)
        training.append(made)
        shares.append(recipe.underexposed)
        validation += [held_out] if hold_out else []
    return TrainingData(training, shares, validation)


def _shares(sets: Sequence[PairSet], whole: float) -> list[float]:
    """Divide a share of the samples so that all pairs of the sets are equally frequent."""
    total = max(1, sum(len(pairs) for pairs in sets))
    return [whole * len(pairs) / total for pairs in sets]


def _without_siblings(folder: Path, names: Sequence[str], scenes: Scenes) -> list[str]:
    if not (folder / SCENES).exists():
        raise MissingFileError(
            f"no {SCENES}, which tells the scenes of the test set",
            path=folder,
            remedy=f"write it by: scotopic data split {folder}",
        )
    return [name for name in names if name not in scenes.siblings_of_test]


def _simulated(folders: Sequence[Path], recipe: Recipe, seed: int) -> tuple[PairSet, PairSet]:
    """Dark pictures simulated from photographs: to train on, and to validate on."""
    pictures = {f"scikit-image/{name}": picture for name, picture in free_photographs().items()}
    for folder in folders:
        pictures.update(_photographs(folder))
    training, held = _held_apart(pictures)
    few = min(40, recipe.simulations)
    return simulated_set(training, recipe.simulations, seed), simulated_set(held, few, seed)


def _underexposed(folders: Sequence[Path], recipe: Recipe, seed: int) -> tuple[PairSet, PairSet]:
    """Photographs underexposed, those of each folder equally often."""
    groups = [group for group in map(_photographs, folders) if group] or [free_photographs()]
    count = max(1, recipe.simulations // len(groups))
    few = max(1, count // 20)
    training, held = [], []
    for number, (group, apart) in enumerate(map(_held_apart, groups)):
        training.append(underexposed_set(group, count, seed + number))
        held.append(underexposed_set(apart, few, seed + number))
    return joined("underexposed", training), joined("underexposed", held)


def _held_apart(pictures: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Pictures to train on and pictures held out, one in twenty, whatever the seed."""
    held = sorted(pictures)[::20]
    kept = [name for name in sorted(pictures) if name not in held] or held
    return {name: pictures[name] for name in kept}, {name: pictures[name] for name in held}


def _photographs(folder: Path) -> dict[str, Array]:
    """The photographs of a folder and its subfolders that are large enough."""
    pictures = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _PHOTOGRAPHS):
        picture = read_image(path)
        if min(picture.shape[:2]) >= SIMULATED_SIDE:
            pictures[f"{folder.name}/{path.relative_to(folder)}"] = _not_huge(picture)
    return pictures


def _not_huge(picture: Array) -> Array:
    """A picture at no more than 1600 pixels on its long side, so that all fit in memory."""
    scale = _LONGEST_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    height, width = (round(scale * side) for side in picture.shape[:2])
    return np.rint(reduced(picture, height, width) * 255).astype(np.uint8)


def with_colors_of_input(pairs: PairSet) -> PairSet:
    """Pairs whose references have the colours and levels of the exposed dark pictures.

    Both are compared where they are averaged over cells of about 20 pixels;
    what varies within a cell is the reference's.
    """
    with ThreadPoolExecutor() as pool:
        high = list(pool.map(lambda index: _with_colors_of_input(pairs, index), range(len(pairs))))
    return PairSet(pairs.name, pairs.names, pairs.low, high, teaches_exposure=False)


def _with_colors_of_input(pairs: PairSet, index: int) -> Array:
    low, reference = pairs.low[index].astype(np.float32) / np.float32(255), pairs.high[index]
    exposed = exposed_calmly(low, pairs.map_of(index)[0])
    cells = [max(1, round(side / 20)) for side in low.shape[:2]]
    wanted, given = reduced(exposed, *cells), reduced(reference, *cells)
    factor = np.clip((wanted + 0.02) / (given + 0.02), 0.3, 3)
    rows, columns = (
        interpolation.weights(count, slice(0, side), side / count)
        for count, side in zip(cells, low.shape[:2], strict=True)
    )
    smooth = np.einsum("hr,rcx,wc->hwx", rows, factor, columns, optimize=True)
    return np.rint(np.clip(reference * smooth, 0, 255)).astype(np.uint8)


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

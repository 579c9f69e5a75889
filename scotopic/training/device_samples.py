"""Samples of pairs, cut on a graphics processor.

All pictures lie in the processor's memory. What is drawn at random is drawn as
`draw_samples` draws it, so a step has the samples that it would have without;
only numbers, no pixels, travel to the processor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from scotopic.pixels.shadows import SHADOW_LEVEL
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE, thumbnail
from scotopic.training.pairs import PairSet
from scotopic.training.presets import Recipe
from scotopic.training.samples import Cut, drawn_pairs, drawn_place, drawn_turn
from scotopic.training.tracing import exposed_with_gain
from scotopic.types import Array

Numbers = tuple[Array, Array]
"""What is drawn for a batch: whole numbers, (batch, 9), int64, and shares, (batch, 3), float32."""


@dataclass(frozen=True)
class _Sizes:
    """Where each picture and each grid begins in the memory that all share, and its sides."""

    starts: torch.Tensor
    heights: torch.Tensor
    widths: torch.Tensor


class DevicePictures:
    """Draw and cut the samples of `scotopic.training.samples.sample` in batches.

    Parameters
    ----------
    sets : sequence of PairSet
    shares : sequence of float
        Share of the samples that each set gives, on average.
    recipe : Recipe
        Says the number and side of the samples, and how they are varied.
    seed : int
    device : str
        Of PyTorch, such as ``cuda`` or ``cpu``.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        sets: Sequence[PairSet],
        shares: Sequence[float],
        recipe: Recipe,
        seed: int,
        device: str,
        data_format: str = "channels_last",
    ) -> None:
        self.sets, self.shares, self.recipe, self.seed = sets, shares, recipe, seed
        self.device, self.data_format = device, data_format
        counts = [len(pairs) for pairs in sets]
        self._first = dict(zip(map(id, sets), np.cumsum([0, *counts[:-1]]), strict=True))
        self._low, self._sizes = self._joined([x for pairs in sets for x in pairs.low])
        self._high, _ = self._joined([x for pairs in sets for x in pairs.high])

    def drawn(self, step: int) -> Numbers:
        """Draw the numbers of a batch, on the host."""
        rng, recipe = np.random.default_rng([self.seed, step]), self.recipe
        whole, shares = [], []
        for pairs, index in drawn_pairs(self.sets, self.shares, recipe.batch_size, rng):
            numbers, portions = self._drawn_sample(pairs, index, rng)
            whole.append((int(self._first[id(pairs)]) + index, *numbers))
            shares.append(portions)
        return np.array(whole, np.int64), np.array(shares, np.float32)

    def _drawn_sample(
        self, pairs: PairSet, index: int, rng: np.random.Generator
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Eight whole numbers and three shares of a sample."""
        place = drawn_place(pairs, index, self.recipe.crop, rng)
        turn = drawn_turn(self.recipe.augmentation, rng)
        return (*place, *_turn_steps(*turn)), (0.0, 0.0, 0.0)

    def cut(self, whole: torch.Tensor, shares: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """Cut and turn the samples of a batch.

        Parameters
        ----------
        whole, shares : tensors on the device, as from `drawn`

        Returns
        -------
        inputs, target : tensors, (batch, crop, crop, 3)
            Float32; or with channels first, as the data format says.
        """
        which, rows, columns = self._places(whole)
        low, high = (self._pixels(x, which, rows, columns) for x in (self._low, self._high))
        return self._formed(low), self._formed(high)

    def _places(self, whole: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The pictures of a batch, (batch,), and the pixels of each, (batch, crop, crop)."""
        which, corner, steps = whole[:, 0], whole[:, 1:3], whole[:, 3:]
        rows, columns = _turned_places(steps, self.recipe.crop)
        return which, rows + corner[:, 0, None, None], columns + corner[:, 1, None, None]

    def _pixels(
        self, pictures: torch.Tensor, which: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
    ) -> torch.Tensor:
        starts, widths = (x[which, None, None] for x in (self._sizes.starts, self._sizes.widths))
        first = starts + (rows * widths + columns) * 3
        channels = torch.stack([first, first + 1, first + 2], dim=-1)
        return pictures[channels].to(torch.float32) / 255

    def _joined(self, arrays: Sequence[Array]) -> tuple[torch.Tensor, _Sizes]:
        """All values of arrays one behind the other, and where each array is."""
        values = torch.empty(
            sum(x.size for x in arrays), dtype=_kind(arrays[0]), device=self.device
        )
        starts = np.cumsum([0, *(x.size for x in arrays)])
        for array, start in zip(arrays, starts, strict=False):
            flat = torch.tensor(np.ascontiguousarray(array).reshape(-1))
            values[int(start) : int(start) + array.size] = flat.to(self.device)

        def numbers(items: Iterable[int]) -> torch.Tensor:
            return torch.tensor(list(items), dtype=torch.int64, device=self.device)

        heights, widths = (numbers(x.shape[axis] for x in arrays) for axis in (0, 1))
        return values, _Sizes(numbers(starts[:-1].tolist()), heights, widths)

    def _formed(self, pictures: torch.Tensor) -> torch.Tensor:
        last = self.data_format == "channels_last"
        return (pictures if last else pictures.movedim(-1, 1)).contiguous()


class DeviceSamples(DevicePictures):
    """Draw and cut the samples of `scotopic.training.samples.exposed_sample` in batches.

    Parameters are those of `DevicePictures`.
    """

    def __init__(self, sets: Sequence[PairSet], *others: Any) -> None:
        super().__init__(sets, *others)
        with ThreadPoolExecutor() as pool:
            bright = list(pool.map(thumbnail, [x for pairs in sets for x in pairs.high]))
            every = [(pairs, index) for pairs in sets for index in range(len(pairs))]
            maps = list(pool.map(lambda one: one[0].map_of(one[1]), every))
        self._thumbnails = torch.stack(
            [self._stacked(x for pairs in sets for x in pairs.thumbnails), self._stacked(bright)]
        )
        self._slopes, self._grids = self._joined([gains.slope for gains, _ in maps])
        self._offsets, _ = self._joined([gains.offset for gains, _ in maps])
        middles = [middle for _, middle in maps]
        self._middles = torch.tensor(middles, dtype=torch.float32, device=self.device)
        means = [
            gains.mean_log_gain(pairs.thumbnails[index])
            for (gains, _), (pairs, index) in zip(maps, every, strict=True)
        ]
        self._means = torch.tensor(means, dtype=torch.float32, device=self.device)

    def _drawn_sample(
        self, pairs: PairSet, index: int, rng: np.random.Generator
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        cut = Cut.drawn(pairs, index, self.recipe.crop, self.recipe.augmentation, rng)
        whole = (cut.top, cut.left, *_turn_steps(cut.turns, cut.flip))
        return whole, (cut.identity, cut.balance, cut.shift)

    def cut(
        self, whole: torch.Tensor, shares: torch.Tensor
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Cut, expose and turn the samples of a batch.

        Parameters
        ----------
        whole, shares : tensors on the device, as from `drawn`

        Returns
        -------
        inputs : dict
            ``exposed``, (batch, crop, crop, 4), and ``thumbnail``, (batch, 64, 64, 3).
        target : tensor, (batch, crop, crop, 3)
            All float32; or with channels first, as the data format says.
        """
        which, rows, columns = self._places(whole)
        identity = shares[:, 0, None, None, None] > 0.5
        target = self._pixels(self._high, which, rows, columns)
        picture = torch.where(identity, target, self._pixels(self._low, which, rows, columns))
        picture = _with_calm_shadows(picture, self._mean_log_gain(which, shares))
        maps = self._maps(which, rows, columns, shares)
        planes = (x.movedim(-1, 1) for x in (picture, *maps))
        exposed = torch.cat(exposed_with_gain(*planes), dim=1).movedim(1, -1)
        thumb_rows, thumb_columns = _turned_places(whole[:, 3:], THUMBNAIL_SIZE)
        place = (which[:, None, None], thumb_rows, thumb_columns)
        dark, bright = (one[place] for one in self._thumbnails)
        thumb = torch.where(identity, bright, dark)
        return (
            {"exposed": self._formed(exposed), "thumbnail": self._formed(thumb)},
            self._formed(target),
        )

    def _maps(
        self, which: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, shares: torch.Tensor
    ) -> list[torch.Tensor]:
        """Slope and offset of ln g at the pixels, balanced and shifted, (batch, crop, crop, 1)."""
        identity, balance, shift = (shares[:, i, None, None, None] for i in range(3))
        balance = balance * (1 - identity)
        middle = self._middles[which][:, None, None, None] * (1 - identity)
        slope, offset = self._coefficients(which, rows, columns)
        return [balance * slope, balance * offset + (1 - balance) * middle + shift]

    def _mean_log_gain(self, which: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Mean of ln g over each whole picture, (batch,)."""
        identity, balance, shift = shares.unbind(dim=1)
        mean = balance * self._means[which] + (1 - balance) * self._middles[which]
        return mean * (1 - identity) + shift

    def _coefficients(
        self, which: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
    ) -> list[torch.Tensor]:
        """Slope and offset at the pixels, linear between the centres of the cells."""
        grids, sizes = self._grids, self._sizes
        top, down = _between(rows, grids.heights[which], sizes.heights[which])
        left, across = _between(columns, grids.widths[which], sizes.widths[which])
        wide = grids.widths[which, None, None]
        first = grids.starts[which, None, None]
        bottom = torch.minimum(top + 1, grids.heights[which, None, None] - 1)
        right = torch.minimum(left + 1, wide - 1)
        result = []
        for cells in (self._slopes, self._offsets):
            upper = torch.lerp(
                cells[first + top * wide + left], cells[first + top * wide + right], across
            )
            lower = torch.lerp(
                cells[first + bottom * wide + left], cells[first + bottom * wide + right], across
            )
            result.append(torch.lerp(upper, lower, down)[..., None])
        return result

    def _stacked(self, arrays: Iterable[Array]) -> torch.Tensor:
        return torch.from_numpy(np.stack(list(arrays))).to(self.device)


def _with_calm_shadows(pictures: torch.Tensor, log_gain: torch.Tensor) -> torch.Tensor:
    """`scotopic.pixels.shadows.with_calm_shadows` for a batch, (batch, height, width, 3)."""
    share = (1 - torch.exp(-log_gain)).clamp(min=0)[:, None, None, None] * SHADOW_LEVEL**2
    bright = pictures.amax(dim=-1, keepdim=True)
    return pictures + share / (bright * bright + SHADOW_LEVEL**2) * (bright - pictures)


def _kind(array: Array) -> torch.dtype:
    return torch.from_numpy(array[:0].copy()).dtype


def _turn_steps(turns: int, flip: bool) -> Iterator[int]:
    """Row and column of a square's cell, as linear functions of its place in the turned square.

    Six numbers: of the row, those of the place's row and column, and 1 where
    the count begins at the far end; then those of the column.
    """
    row, column = (
        ((1, 0, 0), (0, 1, 0), (-1, 0, 1), (0, -1, 1)),
        ((0, 1, 0), (-1, 0, 1), (0, -1, 1), (1, 0, 0)),
    )
    for down, across, far in (row[turns], column[turns]):
        mirrored = flip and across
        yield from (down, -across if mirrored else across, 1 - far if mirrored else far)


def _turned_places(steps: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and columns, (batch, side, side), from which turned squares are filled."""
    count = torch.arange(side, device=steps.device)
    down, across = count[None, :, None], count[None, None, :]
    parts = steps[:, :, None, None]
    rows = parts[:, 0] * down + parts[:, 1] * across + parts[:, 2] * (side - 1)
    columns = parts[:, 3] * down + parts[:, 4] * across + parts[:, 5] * (side - 1)
    return rows, columns


def _between(
    places: torch.Tensor, cells: torch.Tensor, length: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The cell before each place, and how far the place is from its centre to the next; 0 to 1."""
    cells, length = cells[:, None, None], length[:, None, None]
    exact = (places.to(torch.float32) + 0.5) * cells / length - 0.5
    exact = torch.minimum(exact.clamp(min=0), (cells - 1).to(torch.float32))
    below = exact.to(torch.int64)
    return below, exact - below

"""What every kind of network does: decide on a picture, plan its tiles, enhance it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from scotopic.networks.spec import ModelSpec
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.restraint import Decision
from scotopic.pixels.shadows import with_calm_shadows
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.pixels.tiles import Tile
from scotopic.pixels.visible import small
from scotopic.types import Array, Pixels
from scotopic.wish import Wish

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Look:
    """What was seen in a whole picture and decided for it.

    Attributes
    ----------
    wish : Wish
        What was asked for.
    size : (height, width)
        Of the picture.
    thumb : array, (size, size, 3), float32 in 0..1
        The thumbnail of the picture.
    gains : GainMap
        Of the exposing curve.
    chosen_by : str
        ``automatic``, ``exposure`` or ``ev``.
    exposure_after : float
        Mean gray, 0 to 1, that is planned. A network that takes the picture
        alone decides by itself, so that this and the gain are known only
        after it has run; until then they are those of the picture as it is.
    automatic : Decision, optional
        What the automatic exposure is and what limits it; None for a network
        that takes the picture alone.
    context : array, (1, context_size), optional
        What the local branch is told of the whole picture; None as above.
    weights : array, (size, size), optional
        How much of each cell of the thumbnail is seen, 0 to 1; None if all is.
    """

    wish: Wish
    size: tuple[int, int]
    thumb: Array
    gains: GainMap
    chosen_by: str
    exposure_after: float
    automatic: Decision | None = None
    context: Array | None = None
    weights: Array | None = None

    @property
    def gain(self) -> float:
        """Geometric mean of the gain over the picture."""
        return self.gains.mean_gain(self.thumb, self.weights)

    @property
    def gain_range(self) -> tuple[float, float]:
        """Smallest and largest gain in what is seen of the thumbnail."""
        logs = self.gains.log_gain(self.thumb)[..., 0]
        logs = logs if self.weights is None else logs[self.weights > 0]
        return float(np.exp(logs.min())), float(np.exp(logs.max()))

    @property
    def exposure_before(self) -> float:
        """Mean gray of the picture, 0 to 1."""
        return exposure_of(self.thumb, weights=self.weights)

    def asked(self, wish: Wish) -> Look:
        """The look of the same picture under another wish.

        Parameters
        ----------
        wish : Wish
            Limited, or not, as the one of this look, which is the automatic exposure at a
            balance of 1.
        """
        middle = self.gains.mean_log_gain(self.thumb, self.weights)
        look, gains = replace(self, wish=wish), self.gains.balanced(wish.balance, middle)
        chosen = "automatic"
        if wish.exposure is not None:
            gains, chosen = gains.reaching(self.thumb, wish.exposure, self.weights), "exposure"
            for _ in range(3):  # calm shadows are a little lighter, and depend on the gain
                gains = gains.reaching(self._calm_thumb(gains), wish.exposure, self.weights)
        elif wish.ev:
            gains, chosen = gains.shifted(wish.ev * float(np.log(2))), "ev"
        return look.exposed(gains, chosen, self._calm_thumb(gains))

    def _calm_thumb(self, gains: GainMap) -> Array:
        """The thumbnail as it is before a map's gains are applied."""
        return with_calm_shadows(self.thumb, gains.mean_gain(self.thumb, self.weights))

    def exposed(self, gains: GainMap, chosen_by: str, thumb: Array | None = None) -> Look:
        """The same look, with the exposure that a gain map gives to a thumbnail."""
        thumb = self.thumb if thumb is None else thumb
        after = exposure_of(gains.exposed(thumb.astype(np.float64)), weights=self.weights)
        return replace(self, gains=gains, chosen_by=chosen_by, exposure_after=after)


@dataclass(frozen=True)
class Band:
    """Enhanced rows of a picture.

    Attributes
    ----------
    rows : slice
        Which rows they are.
    pixels : array, (rows, width, 1 or 3)
        Of the picture's own type.
    tiles : int
        How many tiles were computed for them.
    look : Look
        What was decided, complete.
    """

    rows: slice
    pixels: Array
    tiles: int
    look: Look


class Network(Protocol):
    """A loaded network of either kind.

    Attributes
    ----------
    spec : ModelSpec
    sha256 : str
        Of the file.
    provider : str
        The execution provider of ONNX Runtime.
    sees_whole : bool
        Whether the network pools over the picture. Its tiles are blended,
        and it needs all pixels in memory; otherwise rows can be streamed.
    """

    @property
    def spec(self) -> ModelSpec:
        """What the file says of itself."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the file."""

    @property
    def provider(self) -> str:
        """Execution provider that is really used."""

    @property
    def sees_whole(self) -> bool:
        """Whether the network pools over the picture."""

    def check(self, wish: Wish) -> None:
        """Refuse a wish that this kind of network cannot grant.

        Raises
        ------
        InvalidValueError
            When it is one.
        """

    def decide(self, pixels: Pixels, wish: Wish) -> Look:
        """Look at a whole picture, and decide how it is exposed.

        Raises
        ------
        InvalidValueError
            As for `check`.
        """

    def plan(self, shape: tuple[int, ...], dtype: np.dtype[Any], memory: int) -> list[Tile]:
        """Divide a picture into tiles, row by row from the top.

        Parameters
        ----------
        shape : (height, width, channels)
        dtype : type of the pixels
        memory : int
            Bytes that are left for the computation when the process, the
            picture and its result are held; with none left the tiles are as
            small as is sensible.

        Raises
        ------
        TooLargeError
            When not even the smallest tile fits.
        """

    def bands(
        self, pixels: Pixels, look: Look, tiles: list[Tile], progress: Progress | None = None
    ) -> Iterator[Band]:
        """Enhance a picture as decided, from the top down.

        No row is read once the rows below it have been yielded, so the result
        may take the picture's place. `progress` is told the share that is done, 0 to
        1, after each tile; an error that it raises ends the work.

        Raises
        ------
        TooLargeError
            When there is not enough memory. A network whose tiles can be
            halved tries smaller ones first.
        """

    def release(self) -> None:
        """Give back the memory that is kept for the next picture."""

    def close(self) -> None:
        """Free the network's memory; it cannot be used afterwards."""


def color_thumbnail(pixels: Pixels, size: int = THUMBNAIL_SIZE) -> tuple[Array, Array | None]:
    """The thumbnail of a picture in colour or gray, and how much of each cell is seen.

    Returns
    -------
    thumb : array, (size, size, 3), float32 in 0..1
    weights : array, (size, size), float32 in 0..1, or None
        None if all is seen.
    """
    thumb, weights = small(pixels, size, size)
    return np.repeat(thumb, 3, axis=-1) if thumb.shape[-1] == 1 else thumb, weights


def step_by_step(progress: Progress | None, steps: int) -> Callable[[], None]:
    """What is called after each step, to tell the share of them that is done."""
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / steps)

    return one_more

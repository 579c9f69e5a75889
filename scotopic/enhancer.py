"""The enhancer: look at a picture, decide how it is exposed, apply a network to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any

import numpy as np

from scotopic import machine
from scotopic.errors import InvalidValueError
from scotopic.networks.loading import load
from scotopic.networks.network import Band, Look, Network
from scotopic.networks.registry import DEFAULT_MODEL, registry
from scotopic.pixels.restraint import Decision
from scotopic.pixels.visible import counted, cut_out, keep_hidden, shown
from scotopic.types import Array, Pixels, is_whole_number
from scotopic.wish import Wish

DEFAULT_MEMORY = 2 * 2**30
ENOUGH = 1.05
"""Mean gain up to which a picture counts as bright enough."""
PLAIN_WISH = Wish()
"""The automatic exposure, with the whole effect."""


@dataclass(frozen=True)
class Report:
    """What was done to a picture. Levels are mean grays, 0 to 1.

    Attributes
    ----------
    model : str
    exposure_before : float
    exposure_after : float
        As planned: the exposing curve alone applied to the thumbnail. For a
        network that takes the picture alone, that of its result.
    gain : float
        Of the exposing curve; its geometric mean over the picture. A network
        that takes the picture alone decides by itself; for it this is the
        curve applied to its result.
    gain_range : (float, float)
        The smallest and the largest gain.
    chosen_by : str
        ``automatic``, ``exposure`` or ``ev``.
    automatic : Decision or None
        What the automatic exposure was and what limited it; None for a
        network that takes the picture alone.
    tiles : int
        Tiles computed; 0 when the picture was left as it is.
    """

    model: str
    exposure_before: float
    exposure_after: float
    gain: float
    gain_range: tuple[float, float]
    chosen_by: str
    automatic: Decision | None
    tiles: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "gain_range": list(self.gain_range)}


class Enhancer:
    """A loaded network, ready for any number of pictures.

    It is a context manager that closes the network at its end. It can be
    pickled: the copy loads the same model again. Several threads may use one
    enhancer at the same time, since a call changes nothing in it; but each
    call computes with all the enhancer's threads and takes up to its memory,
    so that two at a time are seldom faster than one after the other.

    Parameters
    ----------
    model : str
        A registered name, or the path of an exported file.
    memory : int
        Bytes that the whole process should stay near; chooses the tiles.
    provider : str
        Execution provider of ONNX Runtime.
    threads : int, optional
        Threads of the network; by default one for each processor that the
        process may use.

    Attributes
    ----------
    network : Network
    memory : int
    threads : int

    Raises
    ------
    InvalidValueError
        When the memory or the threads are no whole number from 1.
    ModelError
        When the model or the provider cannot be used.
    MissingFileError, UnreadableError
        When the file of a shipped network is missing, or is not the one that
        was shipped.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        memory: int = DEFAULT_MEMORY,
        provider: str = "cpu",
        threads: int | None = None,
    ) -> None:
        if not is_whole_number(memory) or memory < 1:
            raise InvalidValueError(f"memory must be a number of bytes from 1, not {memory!r}")
        if threads is not None and (not is_whole_number(threads) or threads < 1):
            raise InvalidValueError(f"threads must be a whole number from 1, not {threads!r}")
        model = os.fspath(model)
        self._arguments = (_found_from_anywhere(model), provider, threads)
        self.network: Network = load(model, provider, threads)
        self.memory, self.threads = memory, threads or machine.threads()

    @property
    def model(self) -> str:
        """The network's name."""
        return self.network.spec.name

    def enhance_array(
        self,
        picture: Array,
        wish: Wish = PLAIN_WISH,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[Array, Report]:
        """Enhance pixels.

        Parameters
        ----------
        picture : array, (height, width), or (height, width, 1 to 4)
            uint8, uint16, or floats in 0..1: gray, gray and alpha, RGB, or RGB
            and alpha.
        wish : Wish
            What is asked for.
        progress : callable, optional
            Told the share that is done, 0 to 1.

        Returns
        -------
        picture : array
            Of the same shape and type. The alpha channel is the same, and so are
            pixels that it hides (`scotopic.pixels.visible.HIDDEN`).
        report : Report
            One without tiles says that the picture was left as it is.

        Raises
        ------
        InvalidValueError
            When the array is of another shape or type, or has values outside
            0..1.
        """
        given, picture = picture.dtype, _plain(picture)
        pixels, alpha = _color_and_alpha(picture)
        seen = cut_out(pixels, None if alpha is None else alpha[..., 0])
        look = self.decide(seen, wish)
        if self.leaves(look):
            return picture.astype(given), self.report(look, 0)
        result = np.empty_like(pixels)
        report = self.apply(seen, look, result, progress)
        if alpha is not None:
            result = np.concatenate([result, alpha], axis=-1)
        return result.reshape(picture.shape).astype(given, copy=False), report

    def decide(self, pixels: Pixels, wish: Wish = PLAIN_WISH) -> Look:
        """Look at a whole picture, and decide how it is exposed.

        Parameters
        ----------
        pixels : array, (height, width, 3 or 1), a reader of rows, or a picture that
            is transparent in places (`scotopic.pixels.visible.cut_out`)
        wish : Wish

        Returns
        -------
        Look
            For `apply`, to this picture or to others of the same series.

        Raises
        ------
        InvalidValueError
            When bright pictures are to be skipped by a network that predicts
            no exposure.
        """
        return self.network.decide(pixels, wish)

    def leaves(self, look: Look) -> bool:
        """Whether a picture is to be left as it is.

        That is so when the wish says to skip bright pictures, and it is as
        bright as predicted already.
        """
        return look.wish.skip_bright and look.chosen_by == "automatic" and look.gain <= ENOUGH

    def apply(
        self,
        pixels: Pixels,
        look: Look,
        result: Array,
        progress: Callable[[float], None] | None = None,
    ) -> Report:
        """Enhance a picture as decided.

        Parameters
        ----------
        pixels : array, (height, width, 3 or 1), or as for `decide`
        look : Look
        result : array of the same shape and type
            Is filled; may be the array of the pixels itself, which needs less memory.
        progress : callable, optional
            Told the share that is done, 0 to 1, after each tile.
        """
        tiles = 0
        for band in self.bands(pixels, look, progress):
            result[band.rows] = band.pixels
            tiles += band.tiles
            look = band.look
        return self.report(look, tiles)

    def bands(
        self, pixels: Pixels, look: Look, progress: Callable[[float], None] | None = None
    ) -> Iterator[Band]:
        """Enhance as decided, from the top down.

        Parameters
        ----------
        pixels : array, (height, width, 3 or 1), or a reader of rows
            No row is read once the rows below it have been yielded, so the
            result may take its place. A network that sees the whole picture
            (``network.sees_whole``) needs an array.
        look : Look
        progress : callable, optional
            As for `apply`.

        Yields
        ------
        Band
        """
        pixels = counted(pixels, look.weights)
        free = self.memory - machine.PROCESS_BYTES - 2 * pixels.nbytes
        tiles = self.network.plan(pixels.shape, pixels.dtype, free)
        for band in self.network.bands(shown(pixels, look.thumb), look, tiles, progress):
            keep_hidden(pixels, band.rows, band.pixels)
            yield band

    def report(self, look: Look, tiles: int) -> Report:
        """What is done to a picture as decided, in so many tiles."""
        return Report(
            model=self.model,
            exposure_before=look.exposure_before,
            exposure_after=look.exposure_after,
            gain=look.gain,
            gain_range=look.gain_range,
            chosen_by=look.chosen_by,
            automatic=look.automatic,
            tiles=tiles,
        )

    def with_memory(self, memory: int) -> Enhancer:
        """An enhancer with another memory budget, which shares the loaded network."""
        other = Enhancer.__new__(Enhancer)
        other._arguments, other.network, other.memory = self._arguments, self.network, memory
        other.threads = self.threads
        return other

    def with_threads(self, threads: int) -> Enhancer:
        """An enhancer of so many threads, which loads the same network again for itself."""
        model, provider, _ = self._arguments
        return Enhancer(model, self.memory, provider, threads)

    def release(self) -> None:
        """Give back the memory that the network keeps for its next picture.

        A program that goes on without a picture, such as a server, calls it in between.
        """
        self.network.release()

    def close(self) -> None:
        """Free the network, which enhancers made by `with_memory` share."""
        self.network.close()

    def __enter__(self) -> Enhancer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        model, provider, threads = self._arguments
        return Enhancer, (model, self.memory, provider, threads)


@lru_cache(maxsize=1)
def default_enhancer() -> Enhancer:
    """The enhancer of calls that name none; it is loaded once."""
    return Enhancer()


def _plain(picture: Array) -> Array:
    """The array itself, of no subclass such as a matrix, in the machine's byte order."""
    plain = np.asarray(picture)
    return plain.astype(plain.dtype.newbyteorder("="), copy=False)


def _found_from_anywhere(model: str) -> str:
    """A registered name as it is, a path made absolute."""
    return model if model in registry() else os.path.abspath(model)


def _color_and_alpha(picture: Array) -> tuple[Array, Array | None]:
    """Check an array; divide it into (height, width, 1 or 3) and the alpha channel."""
    if picture.dtype not in (np.uint8, np.uint16) and not np.issubdtype(picture.dtype, np.floating):
        raise InvalidValueError(f"pixels must be uint8, uint16 or floats, not {picture.dtype}")
    pixels = picture[..., None] if picture.ndim == 2 else picture
    if pixels.ndim != 3 or pixels.shape[-1] not in (1, 2, 3, 4) or 0 in pixels.shape:
        raise InvalidValueError(
            f"pixels must be (height, width) or (height, width, 1 to 4), not {picture.shape}"
        )
    alpha = None
    if pixels.shape[-1] in (2, 4):
        pixels, alpha = np.ascontiguousarray(pixels[..., :-1]), pixels[..., -1:]
    if np.issubdtype(pixels.dtype, np.floating) and not (
        np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1
    ):
        raise InvalidValueError("float pixels must lie in 0..1")
    return pixels, alpha

"""Tasks: what each kind of network learns from a pair, and how it is scored.

The training loop is the same for all networks. The task of a network defines
its batches and losses, and how it enhances a whole picture in Keras.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import keras
import numpy as np

from scotopic.measures import likeness
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.shadows import with_calm_shadows
from scotopic.training.gain_network import GainNetwork
from scotopic.training.layers import Tensor
from scotopic.training.light_unet import LightUNet
from scotopic.training.losses import BandLoss, GainLoss, PictureLoss, level_error, psnr
from scotopic.training.pairs import PairSet
from scotopic.training.presets import Recipe, on_graphics_processor, optimizer
from scotopic.training.samples import (
    draw_samples,
    exposed_sample,
    level_pair,
    level_sample,
    sample,
    with_gain,
)
from scotopic.types import Array

Batch = tuple[Tensor, Tensor]
"""Inputs and targets of a network; for some networks, dictionaries of arrays."""


class Task(Protocol):
    """What a kind of network learns."""

    def compile(self, network: keras.Model, recipe: Recipe, steps: int | None) -> None:
        """Give a network its losses, metric and optimizer."""

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Draw a batch that depends only on the arguments."""

    def scores(self, network: keras.Model, pairs: PairSet, index: int) -> dict[str, float]:
        """Score one whole picture of a set."""


class PictureTask:
    """Predict the reference from the dark picture alone: the task of `MIRNet`."""

    def compile(self, network: keras.Model, recipe: Recipe, steps: int | None) -> None:
        """Use the Charbonnier loss, and SSIM if the recipe says so."""
        network.compile(
            optimizer=optimizer(recipe, steps),
            loss=PictureLoss(recipe.ssim_weight),
            metrics=[psnr],
        )

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Draw crops, mixed with each other if the recipe says so."""
        rng = np.random.default_rng(list(seed))
        draw = functools.partial(sample, crop=recipe.crop, options=recipe.augmentation)
        drawn = draw_samples(sets, shares, recipe.batch_size, draw, rng)
        if recipe.mixup:
            return mix_up(drawn["picture"], drawn["target"], recipe.mixup, rng)
        return drawn["picture"], drawn["target"]

    def scores(self, network: keras.Model, pairs: PairSet, index: int) -> dict[str, float]:
        """Score the enhanced picture."""
        return _likeness(enhance_picture(network, pairs.low[index]), pairs.high[index])


class CorrectionTask:
    """Correct an exposed picture: the task of `LightUNet`."""

    def compile(self, network: keras.Model, recipe: Recipe, steps: int | None) -> None:
        """Use the loss of two bands."""
        network.compile(
            optimizer=optimizer(recipe, steps),
            loss=BandLoss(network.data_format),
            metrics=[psnr],
        )

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Draw exposed crops with the thumbnails of the whole."""
        rng = np.random.default_rng(list(seed))
        draw = functools.partial(exposed_sample, crop=recipe.crop, options=recipe.augmentation)
        drawn = draw_samples(sets, shares, recipe.batch_size, draw, rng)
        target = drawn.pop("target")
        return drawn, target

    def scores(self, network: keras.Model, pairs: PairSet, index: int) -> dict[str, float]:
        """Score at the reference's level, exposed by its map."""
        gains, _ = pairs.map_of(index)
        result = correct_picture(network, pairs.low[index], pairs.thumbnails[index], gains)
        return _likeness(result, pairs.high[index])


class GainTask:
    """Predict the gain map: the task of `GainNetwork`."""

    def compile(self, network: keras.Model, recipe: Recipe, steps: int | None) -> None:
        """Use the loss of levels."""
        network.compile(
            optimizer=optimizer(recipe, steps),
            loss=GainLoss(network.data_format),
            metrics=[level_error],
        )

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Draw thumbnails of parts of pictures, with the levels of the references."""
        rng = np.random.default_rng(list(seed))
        draw = functools.partial(level_sample, options=recipe.augmentation)
        drawn = draw_samples(sets, shares, recipe.batch_size, draw, rng)
        return drawn["thumbnail"], drawn["levels"]

    def scores(self, network: keras.Model, pairs: PairSet, index: int) -> dict[str, float]:
        """Score the exposed levels of the cells, and the mean level."""
        thumb, levels = level_pair(pairs.low[index], pairs.high[index])
        given = _to_array(network(_to_input(network, thumb)), network)[0, ..., 0]
        exposed = 1 / (1 + np.exp(-(levels[..., 0] + given)))
        wanted = levels[..., 1]
        return {
            "level_error": float(np.abs(exposed - wanted).mean()),
            "exposure_error": abs(float(np.log(exposed.mean() / wanted.mean()))),
        }


def _likeness(result: Array, reference: Array) -> dict[str, float]:
    measures = (likeness.psnr, likeness.ssim, likeness.gt_mean_psnr)
    return {measure.__name__: measure(result, reference) for measure in measures}


def task_of(network: keras.Model) -> Task:
    """Return the task of a network."""
    if isinstance(network, LightUNet):
        return CorrectionTask()
    return GainTask() if isinstance(network, GainNetwork) else PictureTask()


def mix_up(pictures: Array, targets: Array, alpha: float, rng: np.random.Generator) -> Batch:
    """Blend each pair with another one of the batch, by a share from Beta(alpha, alpha).

    MixUp: Zhang et al., ICLR 2018. Zamir et al. use it for denoising, with
    alpha 0.6.

    Parameters
    ----------
    pictures, targets : array, (batch, height, width, 3), float32
    alpha : float, above 0
    rng : numpy.random.Generator
    """
    others = rng.permutation(len(pictures))
    share = rng.beta(alpha, alpha, (len(pictures), 1, 1, 1)).astype(np.float32)
    mixed, target = (share * x + (1 - share) * x[others] for x in (pictures, targets))
    return mixed, target


def enhance_picture(network: keras.Model, low: Array) -> Array:
    """Enhance a whole picture in Keras by a network whose only input is the picture.

    Parameters
    ----------
    network : keras.Model
    low : array, (height, width, 3), uint8

    Returns
    -------
    array, (height, width, 3), uint8
    """
    result = network(_to_input(network, low / np.float32(255)))
    return _to_8_bits(_to_array(result, network)[0])


def correct_picture(network: LightUNet, low: Array, thumb: Array, gains: GainMap) -> Array:
    """Expose and correct a whole picture in Keras.

    Parameters
    ----------
    network : LightUNet
    low : array, (height, width, 3), uint8
    thumb : array, (64, 64, 3), float32 in 0..1
        Thumbnail of the picture.
    gains : GainMap

    Returns
    -------
    array, (height, width, 3), uint8
    """
    dark = low.astype(np.float32) / np.float32(255)
    dark = with_calm_shadows(dark, gains.mean_gain(thumb))
    exposed = with_gain(dark, gains)
    height, width = low.shape[:2]
    multiple = network.size_multiple
    padded = np.pad(exposed, [(0, -height % multiple), (0, -width % multiple), (0, 0)], "edge")
    inputs = {"exposed": _to_input(network, padded), "thumbnail": _to_input(network, thumb)}
    return _to_8_bits(_to_array(network(inputs), network)[0, :height, :width])


def _to_input(network: keras.Model, picture: Array) -> Array:
    """A picture as a batch of one in the network's data format."""
    return in_format(picture[None].astype(np.float32), network.data_format)


def _to_array(result: Tensor, network: keras.Model) -> Array:
    """A result of a network as an array with channels last."""
    array: Array = keras.ops.convert_to_numpy(result)
    return array if network.data_format == "channels_last" else np.moveaxis(array, 1, -1)


def in_format(batch: Array, data_format: str) -> Array:
    """A batch with channels last in a data format."""
    last = data_format == "channels_last"
    return batch if last else np.ascontiguousarray(np.moveaxis(batch, -1, 1))


def _to_8_bits(picture: Array) -> Array:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def no_gradient() -> contextlib.AbstractContextManager[None]:
    """Context in which the backend stores nothing for a backward pass."""
    if keras.backend.backend() == "torch":
        import torch

        context: contextlib.AbstractContextManager[None] = torch.no_grad()
        return context
    return contextlib.nullcontext()


def validate(network: keras.Model, pairs: PairSet) -> dict[str, float]:
    """Compute the mean scores of the whole pictures of a set.

    Which scores there are depends on the task of the network.
    """
    task = task_of(network)

    def scores(index: int) -> dict[str, float]:
        with no_gradient():
            return task.scores(network, pairs, index)

    # On a CPU, the network has all threads that it may have.
    with ThreadPoolExecutor(8 if on_graphics_processor() else 1) as pool:
        rows = list(pool.map(scores, range(len(pairs))))
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}

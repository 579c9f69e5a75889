"""Tasks: what each kind of network learns from a pair, and how it is scored.

The training loop is the same for all networks. The task of a network defines
its batches and losses, and how it enhances a whole picture in Keras.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Protocol

import keras
import numpy as np

from scotopic.measures import likeness
from scotopic.pixels.exposure import gain_for
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.layers import Tensor
from scotopic.training.losses import EXPOSURE_WEIGHT, ExposureLoss, PictureLoss, psnr
from scotopic.training.pairs import PairSet
from scotopic.training.presets import Recipe, optimizer
from scotopic.training.samples import draw_samples
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
        drawn = draw_samples(sets, shares, recipe.batch_size, recipe.crop, recipe.augmentation, rng)
        if recipe.mixup:
            return mix_up(drawn["picture"], drawn["target"], recipe.mixup, rng)
        return drawn["picture"], drawn["target"]

    def scores(self, network: keras.Model, pairs: PairSet, index: int) -> dict[str, float]:
        """Score the enhanced picture."""
        return _likeness(enhance_picture(network, pairs.low[index]), pairs.high[index])


class ExposureTask:
    """Predict the exposure, and correct at a given gain: the task of `ExposureUNet`."""

    def compile(self, network: keras.Model, recipe: Recipe, steps: int | None) -> None:
        """Use Charbonnier and SSIM for the picture, Huber for the log of the exposure."""
        network.compile(
            optimizer=optimizer(recipe, steps),
            loss={"picture": PictureLoss(recipe.ssim_weight), "exposure": ExposureLoss()},
            loss_weights={"picture": 1.0, "exposure": EXPOSURE_WEIGHT},
            metrics={"picture": [psnr], "exposure": []},
        )

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Draw crops with the thumbnail of the whole and the gain of the reference."""
        rng = np.random.default_rng(list(seed))
        drawn = draw_samples(sets, shares, recipe.batch_size, recipe.crop, recipe.augmentation, rng)
        return (
            {key: drawn[key] for key in ("picture", "thumbnail", "gain")},
            {"picture": drawn["target"], "exposure": drawn["exposure"]},
        )

    def scores(self, network: keras.Model, pairs: PairSet, index: int) -> dict[str, float]:
        """Score at the predicted exposure, and (``fed_psnr``) at that of the reference."""
        low, high = pairs.low[index], pairs.high[index]
        thumb, exposure = pairs.thumbnails[index], pairs.exposures[index]
        automatic, predicted = enhance_exposed(network, low, thumb, None)
        fed, _ = enhance_exposed(network, low, thumb, exposure)
        return {
            **_likeness(automatic, high),
            "fed_psnr": likeness.psnr(fed, high),
            "exposure_error": abs(float(np.log(predicted / exposure))),
        }


def _likeness(result: Array, reference: Array) -> dict[str, float]:
    measures = (likeness.psnr, likeness.ssim, likeness.gt_mean_psnr)
    return {measure.__name__: measure(result, reference) for measure in measures}


def task_of(network: keras.Model) -> Task:
    """Return the task of a network."""
    return ExposureTask() if isinstance(network, ExposureUNet) else PictureTask()


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
    last = network.data_format == "channels_last"
    batch = low[None].astype(np.float32) / np.float32(255)
    result = network(batch if last else np.moveaxis(batch, -1, 1))
    picture = keras.ops.convert_to_numpy(result)[0]
    return _to_8_bits(picture if last else np.moveaxis(picture, 0, -1))


def enhance_exposed(
    network: ExposureUNet, low: Array, thumb: Array, exposure: float | None
) -> tuple[Array, float]:
    """Enhance a whole picture in Keras, at a given or the predicted exposure.

    Parameters
    ----------
    network : ExposureUNet
    low : array, (height, width, 3), uint8
    thumb : array, (64, 64, 3), float32 in 0..1
        Thumbnail of the picture.
    exposure : float or None
        Mean gray to reach, 0 to 1; None for the predicted one.

    Returns
    -------
    picture : array, (height, width, 3), uint8
    predicted : float
        The exposure that the network predicts.
    """
    last = network.data_format == "channels_last"

    def to_input(batch: Array) -> Array:
        return batch if last else np.moveaxis(batch, -1, 1)

    level, context = network.global_branch(to_input(thumb[None]))
    predicted = float(keras.ops.convert_to_numpy(level)[0, 0])
    gain = gain_for(thumb, predicted if exposure is None else exposure)
    multiple = network.local_branch.size_multiple
    height, width = low.shape[:2]
    padding = [(0, -height % multiple), (0, -width % multiple), (0, 0)]
    padded = np.pad(low, padding, "edge").astype(np.float32) / np.float32(255)
    result = network.local_branch(to_input(padded[None]), np.array([[gain]], np.float32), context)
    picture = keras.ops.convert_to_numpy(result)[0]
    picture = picture if last else np.moveaxis(picture, 0, -1)
    return _to_8_bits(picture[:height, :width]), predicted


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
    with no_gradient():
        rows = [task.scores(network, pairs, index) for index in range(len(pairs))]
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}

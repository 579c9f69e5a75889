"""What each kind of network learns from a pair, and how it is judged.

The training loop is the same for all; a task says what a batch is, what the
losses are, and how a whole picture is enhanced in Keras.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np

from scotopic.measures import likeness
from scotopic.pixels.exposure import gain_for
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.losses import EXPOSURE_WEIGHT, ExposureLoss, PictureLoss, psnr
from scotopic.training.pairs import PairSet, draw_samples
from scotopic.training.presets import Recipe, optimizer
from scotopic.types import Array

Batch = tuple[Any, Any]
"""Inputs and targets, as the network takes and gives them."""


class Task(Protocol):
    """What a kind of network learns."""

    def compile(self, network: Any, recipe: Recipe, steps: int | None) -> None:
        """Give a network its losses, metric and optimizer."""

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Draw a batch that depends on nothing but the arguments."""

    def scores(self, network: Any, pairs: PairSet, index: int) -> dict[str, float]:
        """Judge one whole picture."""


class PictureTask:
    """The reference from the dark picture and nothing else: `MIRNet`."""

    def compile(self, network: Any, recipe: Recipe, steps: int | None) -> None:
        """Charbonnier, and SSIM if the recipe says so."""
        network.compile(
            optimizer=optimizer(recipe, steps),
            loss=PictureLoss(recipe.ssim_weight),
            metrics=[psnr],
        )

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Crops, mixed with one another if the recipe says so."""
        rng = np.random.default_rng(list(seed))
        drawn = draw_samples(sets, shares, recipe.batch_size, recipe.crop, recipe.augmentation, rng)
        if recipe.mixup:
            return mix_up(drawn["picture"], drawn["target"], recipe.mixup, rng)
        return drawn["picture"], drawn["target"]

    def scores(self, network: Any, pairs: PairSet, index: int) -> dict[str, float]:
        """Scores of the picture as enhanced."""
        return _likeness(enhance_picture(network, pairs.low[index]), pairs.high[index])


class ExposureTask:
    """The exposure from the whole, and detail at a given gain: `ExposureUNet`."""

    def compile(self, network: Any, recipe: Recipe, steps: int | None) -> None:
        """Charbonnier and SSIM of the picture, Huber of the log of the exposure."""
        network.compile(
            optimizer=optimizer(recipe, steps),
            loss={"picture": PictureLoss(recipe.ssim_weight), "exposure": ExposureLoss()},
            loss_weights={"picture": 1.0, "exposure": EXPOSURE_WEIGHT},
            metrics={"picture": [psnr], "exposure": []},
        )

    def batch(
        self, sets: Sequence[PairSet], shares: Sequence[float], recipe: Recipe, seed: Sequence[int]
    ) -> Batch:
        """Crops, with the thumbnail of the whole and the gain of the reference."""
        rng = np.random.default_rng(list(seed))
        drawn = draw_samples(sets, shares, recipe.batch_size, recipe.crop, recipe.augmentation, rng)
        return (
            {key: drawn[key] for key in ("picture", "thumbnail", "gain")},
            {"picture": drawn["target"], "exposure": drawn["exposure"]},
        )

    def scores(self, network: Any, pairs: PairSet, index: int) -> dict[str, float]:
        """Scores at the automatic exposure, and with the reference's fed in."""
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
    """What a network learns."""
    return ExposureTask() if isinstance(network, ExposureUNet) else PictureTask()


def mix_up(pictures: Array, targets: Array, alpha: float, rng: np.random.Generator) -> Batch:
    """Each pair blended with another of the batch, by a share from Beta(alpha, alpha).

    Zhang et al., ICLR 2018; Zamir et al. train so for denoising, with alpha 0.6.
    """
    others = rng.permutation(len(pictures))
    share = rng.beta(alpha, alpha, (len(pictures), 1, 1, 1)).astype(np.float32)
    return tuple(share * x + (1 - share) * x[others] for x in (pictures, targets))  # type: ignore[return-value]


def enhance_picture(network: Any, low: Array) -> Array:
    """Enhance a whole 8-bit picture in Keras by a network that asks for nothing else."""
    last = network.data_format == "channels_last"
    batch = low[None].astype(np.float32) / np.float32(255)
    result = network(batch if last else np.moveaxis(batch, -1, 1))
    picture = keras.ops.convert_to_numpy(result)[0]
    return _to_8_bits(picture if last else np.moveaxis(picture, 0, -1))


def enhance_exposed(
    network: ExposureUNet, low: Array, thumb: Array, exposure: float | None
) -> tuple[Array, float]:
    """Enhance a whole 8-bit picture in Keras, at a given or predicted exposure.

    Returns
    -------
    picture : array, (height, width, 3), uint8
    predicted : float
    """
    last = network.data_format == "channels_last"
    to_input = (lambda x: x) if last else (lambda x: np.moveaxis(x, -1, 1))
    level, context = network.global_branch(to_input(thumb[None]))
    predicted = float(keras.ops.convert_to_numpy(level)[0, 0])
    gain = gain_for(thumb, predicted if exposure is None else exposure)
    multiple = network.local_branch.size_multiple
    height, width = low.shape[:2]
    padding = [(0, -height % multiple), (0, -width % multiple), (0, 0)]
    padded = np.pad(low, padding, "edge").astype(np.float32) / np.float32(255)
    result = network.local_branch(to_input(padded[None]), np.array([[gain]], np.float32), context)
    picture = keras.ops.convert_to_numpy(result)[0]
    return _to_8_bits(
        (picture if last else np.moveaxis(picture, 0, -1))[:height, :width]
    ), predicted


def _to_8_bits(picture: Array) -> Array:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def no_gradient() -> contextlib.AbstractContextManager[Any]:
    """Context in which the backend keeps nothing for a backward pass."""
    if keras.backend.backend() == "torch":
        import torch

        context: contextlib.AbstractContextManager[Any] = torch.no_grad()
        return context
    return contextlib.nullcontext()


def validate(network: keras.Model, pairs: PairSet) -> dict[str, float]:
    """Mean scores of a set's whole pictures, as the network's task defines them."""
    task = task_of(network)
    with no_gradient():
        rows = [task.scores(network, pairs, index) for index in range(len(pairs))]
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}

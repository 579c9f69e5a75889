"""Losses and the metric of training, written with `keras.ops` for all backends."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from scotopic.measures.likeness import gaussian_window
from scotopic.training.layers import Config, Tensor

SSIM_WEIGHT = 0.15
"""Weight of 1 - SSIM beside the Charbonnier loss."""
EXPOSURE_WEIGHT = 0.1
"""Weight of the loss of the exposure beside that of the picture."""


def charbonnier(target: Tensor, result: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Charbonnier loss, the mean of ``sqrt((target - result)^2 + epsilon^2)``.

    Lai et al., CVPR 2017.
    """
    return ops.mean(ops.sqrt(ops.square(target - result) + epsilon**2))


def ssim(target: Tensor, result: Tensor, step: int = 1) -> Tensor:
    """Mean SSIM of a batch, as `scotopic.measures.likeness.ssim` defines it.

    Parameters
    ----------
    target, result : tensor, (batch, height, width, 3), in 0..1
    step : int
        Take only every so many windows in each direction, since neighbouring
        windows overlap almost completely.
    """
    stacked = ops.concatenate(
        [target, result, target * target, result * result, target * result], axis=-1
    )
    mean_a, mean_b, square_a, square_b, product = ops.split(_blur(stacked, step), 5, axis=-1)
    c1, c2 = 0.01**2, 0.03**2
    both = mean_a * mean_b
    squares = mean_a * mean_a + mean_b * mean_b
    similarity = ((2 * both + c1) * (2 * (product - both) + c2)) / (
        (squares + c1) * (square_a + square_b - squares + c2)
    )
    return ops.mean(similarity)


def _blur(maps: Tensor, step: int) -> Tensor:
    window = ops.convert_to_tensor(gaussian_window(), dtype=maps.dtype)
    channels = maps.shape[-1]
    kernel = ops.tile(ops.reshape(window, (-1, 1, 1, 1)), (1, 1, channels, 1))
    options = {"padding": "valid", "data_format": "channels_last", "strides": step}
    maps = ops.depthwise_conv(maps, kernel, **options)
    return ops.depthwise_conv(maps, ops.transpose(kernel, (1, 0, 2, 3)), **options)


@keras.saving.register_keras_serializable("scotopic")
class PictureLoss(keras.losses.Loss):
    """Charbonnier loss plus `ssim_weight` times 1 - SSIM.

    For pictures in 0..1 with channels last. SSIM takes every second window in
    each direction.
    """

    def __init__(self, ssim_weight: float = SSIM_WEIGHT, **options: Any) -> None:
        super().__init__(**options)
        self.ssim_weight = ssim_weight

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the mean over the batch."""
        loss = charbonnier(y_true, y_pred)
        if self.ssim_weight:
            loss = loss + self.ssim_weight * (1 - ssim(y_true, y_pred, step=2))
        return loss

    def get_config(self) -> Config:
        """Return the arguments of this loss."""
        return {**super().get_config(), "ssim_weight": self.ssim_weight}


def psnr(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """PSNR in dB of each picture of a batch, as a Keras metric.

    Results are clipped to 0..1 first. The peak value is 1, since pictures are
    in 0..1; a peak of 255 would add 48.13 dB.

    Parameters
    ----------
    y_true, y_pred : tensor, (batch, height, width, 3)
    """
    error = ops.mean(ops.square(ops.subtract(y_true, ops.clip(y_pred, 0, 1))), axis=(1, 2, 3))
    return -10 * ops.log10(ops.maximum(error, 1e-10))


@keras.saving.register_keras_serializable("scotopic")
class ExposureLoss(keras.losses.Loss):
    """Huber loss (delta 1) of the logarithm of the exposure.

    It is 0 where the exposure wanted is 0, which marks samples that do not
    teach exposure.
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return one value for each sample."""
        taught = y_true > 0
        wanted = ops.where(taught, y_true, 1.0)
        given = ops.where(taught, y_pred + 1e-6, 1.0)
        return keras.losses.huber(ops.log(wanted), ops.log(given))

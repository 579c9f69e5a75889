"""Losses and the metric of training, written with `keras.ops` for all backends."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from scotopic.measures.likeness import WINDOW_SIGMA, WINDOW_SIZE
from scotopic.training.layers import Config, Tensor, channel_axis

SSIM_WEIGHT = 0.15
"""Weight of 1 - SSIM beside the Charbonnier loss."""


def charbonnier(target: Tensor, result: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Charbonnier loss, the mean of ``sqrt((target - result)^2 + epsilon^2)``.

    Lai et al., CVPR 2017.
    """
    return ops.mean(ops.sqrt(ops.square(target - result) + epsilon**2))


def ssim(
    target: Tensor, result: Tensor, step: int = 1, data_format: str = "channels_last"
) -> Tensor:
    """Mean SSIM of a batch, as `scotopic.measures.likeness.ssim` defines it.

    Parameters
    ----------
    target, result : tensor, (batch, height, width, 3), in 0..1
        Or (batch, 3, height, width), as `data_format` says.
    step : int
        Take only every so many windows in each direction, since neighbouring
        windows overlap almost completely.
    data_format : {"channels_last", "channels_first"}
    """
    if data_format == "channels_last":
        target, result = (ops.moveaxis(picture, -1, 1) for picture in (target, result))
    stacked = ops.concatenate(
        [target, result, target * target, result * result, target * result], axis=1
    )
    mean_a, mean_b, square_a, square_b, product = ops.split(_blur(stacked, step), 5, axis=1)
    c1, c2 = 0.01**2, 0.03**2
    both = mean_a * mean_b
    squares = mean_a * mean_a + mean_b * mean_b
    similarity = ((2 * both + c1) * (2 * (product - both) + c2)) / (
        (squares + c1) * (square_a + square_b - squares + c2)
    )
    return ops.mean(similarity)


def _blur(maps: Tensor, step: int) -> Tensor:
    """Weighted means of windows, (batch, channels, rows, columns)."""
    down, across = (_windows(length, step, maps.dtype) for length in maps.shape[2:])
    return ops.matmul(ops.matmul(down, maps), ops.transpose(across))


def _windows(length: int, step: int, dtype: Any) -> Tensor:
    """Weights of the pixels of a line in every so many complete windows, (windows, length)."""
    # Computed where the pictures are, since a copy from the host would hold a processor up.
    reach = WINDOW_SIZE // 2
    middles = ops.arange(reach, length - reach, step, dtype=dtype)
    places = ops.arange(length, dtype=dtype)[None, :] - middles[:, None]
    weights = ops.exp(-ops.square(places) / (2 * WINDOW_SIGMA**2))
    weights = weights * ops.cast(ops.abs(places) <= reach, dtype)
    return weights / ops.sum(weights, axis=1, keepdims=True)


@keras.saving.register_keras_serializable("scotopic")
class BandLoss(keras.losses.Loss):
    """A loss of two bands: what varies slowly, and what does not.

    The mean absolute error of averages over 8x8 pixels; the Charbonnier loss
    of the rest of the error, times 1.5; and 1 - SSIM, times 0.1. Where level
    or colour of a reference cannot be known, the error of all pixels around
    has one sign, and so has the gradient of its absolute value: noise, being
    smaller, would not count. In the upper band it does.

    For pictures in 0..1, sides multiples of 8. SSIM takes every second window
    in each direction.
    """

    SQUARE = 8

    def __init__(self, data_format: str = "channels_last", **options: Any) -> None:
        super().__init__(**options)
        self.data_format = data_format

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the mean over the batch."""
        form = self.data_format
        error = y_pred - y_true
        low = ops.average_pool(error, self.SQUARE, self.SQUARE, data_format=form)
        first = 1 if form == "channels_last" else 2
        slow = ops.repeat(ops.repeat(low, self.SQUARE, first), self.SQUARE, first + 1)
        high = ops.mean(ops.sqrt(ops.square(error - slow) + 3e-3**2))
        likeness = ssim(y_true, y_pred, step=2, data_format=form)
        return ops.mean(ops.abs(low)) + 1.5 * high + 0.1 * (1 - likeness)

    def get_config(self) -> Config:
        """Return the arguments of this loss."""
        return {**super().get_config(), "data_format": self.data_format}


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
    clipped = 1 - ops.relu(1 - ops.relu(y_pred))
    error = ops.mean(ops.square(ops.subtract(y_true, clipped)), axis=(1, 2, 3))
    return -10 * ops.log10(error + 1e-10)


@keras.saving.register_keras_serializable("scotopic")
class GainLoss(keras.losses.Loss):
    """How far exposed levels are from those of the reference, cell by cell and on average.

    Levels v are compared as ``ln(v + 0.04)``: in the dark, where a picture
    tells little, a wrong gain costs little. The mean difference of
    neighbouring cells, times 0.03, keeps the map smooth where nothing is
    known. The target has two channels: z of the dark picture's cells
    (`scotopic.pixels.gain_map`), and the levels of the reference's.
    """

    FLOOR = 0.04

    def __init__(self, data_format: str = "channels_last", **options: Any) -> None:
        super().__init__(**options)
        self.data_format = data_format

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return one value for each sample."""
        axis = channel_axis(self.data_format)
        guide, wanted = ops.split(y_true, 2, axis=axis)
        given = ops.sigmoid(guide + y_pred)
        cells = ops.abs(ops.log(given + self.FLOOR) - ops.log(wanted + self.FLOOR))
        means = [ops.log(ops.mean(x, axis=(1, 2, 3)) + 1e-3) for x in (given, wanted)]
        log_gain = ops.squeeze(y_pred, axis)
        steps = ops.mean(ops.abs(log_gain[:, 1:] - log_gain[:, :-1]), axis=(1, 2))
        steps += ops.mean(ops.abs(log_gain[:, :, 1:] - log_gain[:, :, :-1]), axis=(1, 2))
        return ops.mean(cells, axis=(1, 2, 3)) + 0.5 * ops.abs(means[0] - means[1]) + 0.03 * steps

    def get_config(self) -> Config:
        """Return the arguments of this loss."""
        return {**super().get_config(), "data_format": self.data_format}


def level_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Mean absolute error of exposed levels, 0 to 1, as a Keras metric; see `GainLoss`."""
    axis = -1 if y_true.shape[-1] == 2 else 1
    guide, wanted = ops.split(y_true, 2, axis=axis)
    return ops.mean(ops.abs(ops.sigmoid(guide + y_pred) - wanted), axis=(1, 2, 3))

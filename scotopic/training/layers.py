"""The blocks that networks are made of, as registered Keras layers.

All of them are written with `keras.ops`, work in both data formats, and take
`data_format` explicitly so that weights trained in one can be exported in the
other.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from scotopic.pixels.units import GRAY_WEIGHTS

Tensor = Any


def channel_axis(data_format: str) -> int:
    """Axis of the channels in a batch of pictures."""
    return -1 if data_format == "channels_last" else 1


def per_channel(vector: Tensor, data_format: str) -> Tensor:
    """Shape a batch of vectors (batch, channels) to multiply feature maps."""
    if data_format == "channels_last":
        return vector[:, None, None, :]
    return vector[:, :, None, None]


def per_picture(scalar: Tensor) -> Tensor:
    """Shape a batch of scalars (batch, 1) to multiply feature maps."""
    return ops.reshape(scalar, (-1, 1, 1, 1))


def expose(picture: Tensor, gain: Tensor) -> Tensor:
    """The exposing curve of `scotopic.pixels.exposure.expose`, for batches.

    Parameters
    ----------
    picture : tensor, a batch of pictures in 0..1
    gain : tensor, (batch, 1)
    """
    gain = per_picture(gain)
    return picture * gain / (1 + (gain - 1) * picture)


def gray(picture: Tensor, data_format: str) -> Tensor:
    """Gray of `scotopic.pixels.units.gray`, keeping the channel axis."""
    shape = (1, 1, 1, 3) if data_format == "channels_last" else (1, 3, 1, 1)
    weights = ops.reshape(ops.convert_to_tensor(GRAY_WEIGHTS, dtype=picture.dtype), shape)
    return ops.sum(picture * weights, axis=channel_axis(data_format), keepdims=True)


@keras.saving.register_keras_serializable("scotopic")
class ConditionedBlock(keras.layers.Layer):
    """Two 3x3 convolutions with a skip, scaled and shifted by a context.

    ``x + conv2(gelu(conv1(x) * (1 + scale) + shift))`` with scale and shift
    linear in the context: feature-wise linear modulation (Perez et al., AAAI
    2018) inside a residual block without normalisation.

    Parameters
    ----------
    channels : int
        Channels of the input and of the output.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(self, channels: int, data_format: str = "channels_last", **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels
        self.data_format = data_format
        conv = {"padding": "same", "data_format": data_format}
        self.conv1 = keras.layers.Conv2D(channels, 3, name="conv1", **conv)
        self.conv2 = keras.layers.Conv2D(channels, 3, name="conv2", **conv)
        self.modulation = keras.layers.Dense(
            2 * channels, kernel_initializer="zeros", name="modulation"
        )

    def build(self, features_shape: Any, context_shape: Any) -> None:
        """Create the weights for features and context of these shapes."""
        self.conv1.build(features_shape)
        self.conv2.build(features_shape)
        self.modulation.build(context_shape)
        self.built = True

    def call(self, features: Tensor, context: Tensor) -> Tensor:
        """Features (batch of maps) and context (batch, n) to features."""
        scale, shift = ops.split(self.modulation(context), 2, axis=-1)
        hidden = self.conv1(features) * (1 + per_channel(scale, self.data_format))
        hidden = keras.activations.gelu(
            hidden + per_channel(shift, self.data_format), approximate=False
        )
        return features + self.conv2(hidden)

    def compute_output_shape(self, features_shape: Any, context_shape: Any = None) -> Any:
        """Same as the features' shape."""
        return features_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {
            **super().get_config(),
            "channels": self.channels,
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable("scotopic")
class PixelUnshuffle(keras.layers.Layer):
    """Move each `factor` x `factor` square of pixels into channels.

    The order of the channels is (row, column, channel) in both data formats,
    as in ONNX's SpaceToDepth. Keras orders them differently in the two, so
    that weights would not carry over; hence the explicit form here.

    Parameters
    ----------
    factor : int
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(self, factor: int = 2, data_format: str = "channels_last", **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor
        self.data_format = data_format

    def call(self, inputs: Tensor) -> Tensor:
        """(height, width, channels) to (height / f, width / f, channels f^2)."""
        if self.data_format == "channels_last":
            return ops.nn.space_to_depth(inputs, self.factor, data_format=self.data_format)
        batch, channels, height, width = ops.shape(inputs)
        f = self.factor
        cells = ops.reshape(inputs, (batch, channels, height // f, f, width // f, f))
        cells = ops.transpose(cells, (0, 3, 5, 1, 2, 4))
        return ops.reshape(cells, (batch, channels * f * f, height // f, width // f))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Sides divided by the factor, channels times its square."""
        return _rescaled(input_shape, self.data_format, self.factor, shrink=True)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {
            **super().get_config(),
            "factor": self.factor,
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable("scotopic")
class PixelShuffle(PixelUnshuffle):
    """Move channels into `factor` x `factor` squares of pixels (Shi et al. 2016)."""

    def call(self, inputs: Tensor) -> Tensor:
        """(height, width, channels f^2) to (height f, width f, channels)."""
        if self.data_format == "channels_last":
            return ops.nn.depth_to_space(inputs, self.factor, data_format=self.data_format)
        batch, channels, height, width = ops.shape(inputs)
        f = self.factor
        cells = ops.reshape(inputs, (batch, f, f, channels // f**2, height, width))
        cells = ops.transpose(cells, (0, 3, 4, 1, 5, 2))
        return ops.reshape(cells, (batch, channels // f**2, height * f, width * f))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Sides times the factor, channels divided by its square."""
        return _rescaled(input_shape, self.data_format, self.factor, shrink=False)


def _rescaled(shape: Any, data_format: str, factor: int, shrink: bool) -> Any:
    last = data_format == "channels_last"
    height, width, channels = shape[1:4] if last else (*shape[2:4], shape[1])

    def side(length: int | None) -> int | None:
        if length is None:
            return None
        return length // factor if shrink else length * factor

    channels = channels * factor**2 if shrink else channels // factor**2
    sides = (side(height), side(width))
    return (shape[0], *sides, channels) if last else (shape[0], channels, *sides)

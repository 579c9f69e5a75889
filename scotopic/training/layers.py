"""Layers that several networks use, registered with Keras.

All are written with `keras.ops` and work in both data formats. They take
`data_format` explicitly, so that weights trained in one format can be exported
in the other.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from scotopic.pixels.units import GRAY_WEIGHTS

Tensor = Any
"""A tensor of the backend, or what it takes for one, such as a NumPy array."""
Shape = tuple[int | None, ...]
"""Shape of a tensor; None for a side of any length."""
Config = dict[str, Any]
"""The arguments of a layer or network, as Keras stores them."""


def channel_axis(data_format: str) -> int:
    """Return the axis of the channels in a batch of pictures."""
    return -1 if data_format == "channels_last" else 1


def per_channel(vector: Tensor, data_format: str) -> Tensor:
    """Reshape vectors (batch, channels) so that they multiply feature maps."""
    if data_format == "channels_last":
        return vector[:, None, None, :]
    return vector[:, :, None, None]


def gray(picture: Tensor, data_format: str) -> Tensor:
    """Compute gray as `scotopic.pixels.units.gray` does; keeps the channel axis."""
    red, green, blue = (
        picture[..., i : i + 1] if data_format == "channels_last" else picture[:, i : i + 1]
        for i in range(3)
    )
    first, second, third = map(float, GRAY_WEIGHTS)
    return first * red + second * green + third * blue


@keras.saving.register_keras_serializable("scotopic")
class PixelUnshuffle(keras.layers.Layer):
    """Move each `factor` x `factor` square of pixels into channels.

    The order of the channels is (row, column, channel) in both data formats,
    as in ONNX's SpaceToDepth. Keras's own operation orders them differently
    in the two formats, so that weights of one would not fit the other.

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
        """Turn (height, width, channels) into (height / f, width / f, channels f^2)."""
        if self.data_format == "channels_last":
            return ops.nn.space_to_depth(inputs, self.factor, data_format=self.data_format)
        batch, channels, height, width = ops.shape(inputs)
        f = self.factor
        cells = ops.reshape(inputs, (batch, channels, height // f, f, width // f, f))
        cells = ops.transpose(cells, (0, 3, 5, 1, 2, 4))
        return ops.reshape(cells, (batch, channels * f * f, height // f, width // f))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with smaller sides and more channels."""
        return _rescaled(input_shape, self.data_format, self.factor, shrink=True)

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "factor": self.factor,
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable("scotopic")
class PixelShuffle(PixelUnshuffle):
    """Move channels into `factor` x `factor` squares of pixels (Shi et al. 2016)."""

    def call(self, inputs: Tensor) -> Tensor:
        """Turn (height, width, channels f^2) into (height f, width f, channels)."""
        if self.data_format == "channels_last":
            return ops.nn.depth_to_space(inputs, self.factor, data_format=self.data_format)
        batch, channels, height, width = ops.shape(inputs)
        f = self.factor
        cells = ops.reshape(inputs, (batch, f, f, channels // f**2, height, width))
        cells = ops.transpose(cells, (0, 3, 4, 1, 5, 2))
        return ops.reshape(cells, (batch, channels // f**2, height * f, width * f))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with larger sides and fewer channels."""
        return _rescaled(input_shape, self.data_format, self.factor, shrink=False)


def _rescaled(shape: Shape, data_format: str, factor: int, shrink: bool) -> Shape:
    last = data_format == "channels_last"
    height, width, channels = shape[1:4] if last else (*shape[2:4], shape[1])
    assert channels is not None

    def side(length: int | None) -> int | None:
        if length is None:
            return None
        return length // factor if shrink else length * factor

    channels = channels * factor**2 if shrink else channels // factor**2
    sides = (side(height), side(width))
    return (shape[0], *sides, channels) if last else (shape[0], channels, *sides)


@keras.saving.register_keras_serializable("scotopic")
class Enlarge(keras.layers.Layer):
    """Enlarge feature maps to twice their size, each value repeated.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(self, data_format: str = "channels_last", **options: Any) -> None:
        super().__init__(**options)
        self.data_format = data_format

    def call(self, inputs: Tensor) -> Tensor:
        """Turn (height, width) into (2 height, 2 width)."""
        first = 1 if self.data_format == "channels_last" else 2
        return ops.repeat(ops.repeat(inputs, 2, axis=first), 2, axis=first + 1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with sides of twice the length."""
        first = 1 if self.data_format == "channels_last" else 2
        sides = {first, first + 1}
        return tuple(
            2 * n if i in sides and n is not None else n for i, n in enumerate(input_shape)
        )

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {**super().get_config(), "data_format": self.data_format}


@keras.saving.register_keras_serializable("scotopic")
class ResidualBlock(keras.layers.Layer):
    """A residual block of two 3x3 convolutions: ``x + conv2(relu(conv1(x)))``.

    Parameters
    ----------
    channels : int
        Channels of the input and of the output.
    data_format : {"channels_last", "channels_first"}
    neutral : bool
        Whether the second convolution begins at zero, so that the block gives its
        input back until it has learned.
    """

    def __init__(
        self,
        channels: int,
        data_format: str = "channels_last",
        neutral: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.channels, self.data_format, self.neutral = channels, data_format, neutral
        conv = {"padding": "same", "data_format": data_format}
        self.conv1 = keras.layers.Conv2D(channels, 3, activation="relu", name="conv1", **conv)
        first = "zeros" if neutral else "glorot_uniform"
        self.conv2 = keras.layers.Conv2D(
            channels, 3, name="conv2", kernel_initializer=first, **conv
        )

    def build(self, features_shape: Shape) -> None:
        """Create the weights for features of this shape."""
        self.conv1.build(features_shape)
        self.conv2.build(features_shape)
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        return features + self.conv2(self.conv1(features))

    def compute_output_shape(self, features_shape: Shape) -> Shape:
        """Return the shape of the features."""
        return features_shape

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "channels": self.channels,
            "data_format": self.data_format,
            "neutral": self.neutral,
        }

"""Resizing in MIRNet: to half and to twice the size."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from scotopic.training.layers import Shape, Tensor
from scotopic.training.mirnet_base import FeatureLayer, activation_layer


@keras.saving.register_keras_serializable("scotopic")
class BlurDownsample(FeatureLayer):
    """Take every second pixel in each direction, after a low-pass filter.

    The filter is (1, 2, 1) / 4 in each direction, with mirrored edges, against
    aliasing: Zhang, ICML 2019.
    """

    def call(self, features: Tensor) -> Tensor:
        """Halve the size of feature maps; sides are rounded up."""
        # Computed where the features are, since a copy from the host would hold a processor up.
        dtype = keras.backend.standardize_dtype(features.dtype)
        line = 2 - ops.abs(ops.arange(3, dtype=dtype) - 1)
        kernel = (line[:, None] * line[None, :] / 16)[..., None, None]
        around = [(1, 1) if axis in self.sides else (0, 0) for axis in range(4)]
        return ops.depthwise_conv(
            ops.pad(features, around, mode="reflect"),
            ops.broadcast_to(kernel, (3, 3, self.channels, 1)),
            strides=2,
            padding="valid",
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with halved sides, rounded up."""
        shape = list(input_shape)
        for side in self.sides:
            length = shape[side]
            shape[side] = None if length is None else -(-length // 2)
        return tuple(shape)


@keras.saving.register_keras_serializable("scotopic")
class ResidualDownsample(FeatureLayer):
    """Half the size and twice the channels: the sum of two paths."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(channels, **options)
        self.conv1 = self.conv(channels, 1, "conv1")
        self.activate1 = activation_layer(self.activation, "activate1")
        self.conv2 = self.conv(channels, 3, "conv2")
        self.activate2 = activation_layer(self.activation, "activate2")
        self.down = BlurDownsample(channels, data_format=self.data_format, name="down")
        self.conv3 = self.conv(2 * channels, 1, "conv3")
        self.skip = self.conv(2 * channels, 1, "skip")

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        maps = self.maps(self.channels)
        own = (self.conv1, self.activate1, self.conv2, self.activate2, self.conv3, self.skip)
        for layer in own:
            layer.build(maps)
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        inner = self.activate1(self.conv1(features))
        inner = self.activate2(self.conv2(inner))
        return self.conv3(self.down(inner)) + self.skip(self.down(features))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with halved sides and twice the channels."""
        shape = list(self.down.compute_output_shape(input_shape))
        shape[self.axis] = 2 * self.channels
        return tuple(shape)


@keras.saving.register_keras_serializable("scotopic")
class ResidualUpsample(FeatureLayer):
    """Twice the size and half the channels: the sum of two paths.

    One path has a transposed convolution, the other enlarges bilinearly.
    """

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(channels, **options)
        self.conv1 = self.conv(channels, 1, "conv1")
        self.activate1 = activation_layer(self.activation, "activate1")
        self.transposed = keras.layers.Conv2DTranspose(
            channels,
            3,
            strides=2,
            padding="same",
            use_bias=self.bias,
            data_format=self.data_format,
            name="transposed",
        )
        self.activate2 = activation_layer(self.activation, "activate2")
        self.conv2 = self.conv(channels // 2, 1, "conv2")
        self.skip = self.conv(channels // 2, 1, "skip")

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        maps = self.maps(self.channels)
        own = (self.conv1, self.activate1, self.transposed, self.activate2, self.conv2, self.skip)
        for layer in own:
            layer.build(maps)
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        inner = self.activate1(self.conv1(features))
        inner = self.activate2(self.transposed(inner))
        return self.conv2(inner) + self._twice(self.skip(features))

    def _twice(self, maps: Tensor) -> Tensor:
        """Enlarge bilinearly.

        This commutes with the 1x1 convolution, and is cheaper after it.
        """
        shape = ops.shape(maps)
        sides = tuple(2 * shape[axis] for axis in self.sides)
        return ops.image.resize(maps, sides, "bilinear", data_format=self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with doubled sides and half the channels."""
        shape = list(input_shape)
        for side in self.sides:
            length = shape[side]
            shape[side] = None if length is None else 2 * length
        shape[self.axis] = self.channels // 2
        return tuple(shape)

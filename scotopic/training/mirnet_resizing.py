"""MIRNet's ways between sizes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from scotopic.training.layers import Tensor
from scotopic.training.mirnet_base import FeatureLayer, activation_layer


@keras.saving.register_keras_serializable("scotopic")
class BlurDownsample(FeatureLayer):
    """Every second pixel each way, after a binomial filter: anti-aliased.

    Filter (1, 2, 1) / 4 each way, edges mirrored: Zhang, ICML 2019.
    """

    def call(self, features: Tensor) -> Tensor:
        """Features to features of half the size, sides rounded up."""
        window = np.outer((1, 2, 1), (1, 2, 1)) / 16
        kernel = np.repeat(window[..., None], self.channels, axis=-1)[..., None]
        around = [(1, 1) if axis in self.sides else (0, 0) for axis in range(4)]
        return ops.depthwise_conv(
            ops.pad(features, around, mode="reflect"),
            ops.convert_to_tensor(kernel, dtype=features.dtype),
            strides=2,
            padding="valid",
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Sides halved, rounded up."""
        shape = list(input_shape)
        for side in self.sides:
            shape[side] = None if shape[side] is None else -(-shape[side] // 2)
        return tuple(shape)


@keras.saving.register_keras_serializable("scotopic")
class ResidualDownsample(FeatureLayer):
    """To half the size and twice the channels, by two ways that are added."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(channels, **options)
        self.conv1 = self.conv(channels, 1, "conv1")
        self.activate1 = activation_layer(self.activation, "activate1")
        self.conv2 = self.conv(channels, 3, "conv2")
        self.activate2 = activation_layer(self.activation, "activate2")
        self.down = BlurDownsample(channels, data_format=self.data_format, name="down")
        self.conv3 = self.conv(2 * channels, 1, "conv3")
        self.skip = self.conv(2 * channels, 1, "skip")

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        maps = self.maps(self.channels)
        own = (self.conv1, self.activate1, self.conv2, self.activate2, self.conv3, self.skip)
        for layer in own:
            layer.build(maps)
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features."""
        inner = self.activate1(self.conv1(features))
        inner = self.activate2(self.conv2(inner))
        return self.conv3(self.down(inner)) + self.skip(self.down(features))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Sides halved, channels doubled."""
        shape = list(self.down.compute_output_shape(input_shape))
        shape[self.axis] = 2 * self.channels
        return tuple(shape)


@keras.saving.register_keras_serializable("scotopic")
class ResidualUpsample(FeatureLayer):
    """To twice the size and half the channels, by two ways that are added.

    One way is a transposed convolution, the other is bilinear.
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

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        maps = self.maps(self.channels)
        own = (self.conv1, self.activate1, self.transposed, self.activate2, self.conv2, self.skip)
        for layer in own:
            layer.build(maps)
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features."""
        inner = self.activate1(self.conv1(features))
        inner = self.activate2(self.transposed(inner))
        return self.conv2(inner) + self._twice(self.skip(features))

    def _twice(self, maps: Tensor) -> Tensor:
        """Bilinear; after the 1x1 convolution, with which it commutes, it costs least."""
        shape = ops.shape(maps)
        sides = tuple(2 * shape[axis] for axis in self.sides)
        return ops.image.resize(maps, sides, "bilinear", data_format=self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Sides doubled, channels halved."""
        shape = list(input_shape)
        for side in self.sides:
            shape[side] = None if shape[side] is None else 2 * shape[side]
        shape[self.axis] = self.channels // 2
        return tuple(shape)

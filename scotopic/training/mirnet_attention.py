"""Attention in MIRNet: over channels, over positions, over both, and over streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import Config, Shape, Tensor
from scotopic.training.mirnet_base import FeatureLayer, activation_layer


@keras.saving.register_keras_serializable("scotopic")
class ChannelPooling(FeatureLayer):
    """The maximum and the mean of all channels at each position: two channels."""

    def call(self, features: Tensor) -> Tensor:
        """Reduce feature maps to their maximum and mean."""
        return ops.concatenate(
            [
                ops.max(features, axis=self.axis, keepdims=True),
                ops.mean(features, axis=self.axis, keepdims=True),
            ],
            axis=self.axis,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with two channels."""
        shape = list(input_shape)
        shape[self.axis] = 2
        return tuple(shape)


@keras.saving.register_keras_serializable("scotopic")
class SpatialAttention(FeatureLayer):
    """Multiply each position by a weight that depends on the 5x5 positions around it."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(channels, **options)
        self.pooling = ChannelPooling(channels, data_format=self.data_format, name="pooling")
        self.attention = self.conv(1, 5, "attention")

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        self.attention.build(self.maps(2))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        return features * ops.sigmoid(self.attention(self.pooling(features)))


@keras.saving.register_keras_serializable("scotopic")
class ChannelAttention(FeatureLayer):
    """Multiply each channel by a weight that depends on the means of all channels.

    Parameters
    ----------
    reduction : int
        Factor by which there are fewer channels between the two 1x1
        convolutions, squeeze and excite.
    """

    def __init__(self, channels: int, reduction: int = 8, **options: Any) -> None:
        super().__init__(channels, **options)
        self.reduction = reduction
        self.squeeze = self.conv(max(1, channels // reduction), 1, "squeeze")
        self.excite = self.conv(channels, 1, "excite")

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        self.squeeze.build(self.maps(self.channels))
        self.excite.build(self.maps(self.squeeze.filters))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        means = ops.mean(features, axis=self.sides, keepdims=True)
        return features * ops.sigmoid(self.excite(ops.relu(self.squeeze(means))))

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {**super().get_config(), "reduction": self.reduction}


@keras.saving.register_keras_serializable("scotopic")
class DualAttentionUnit(FeatureLayer):
    """Two convolutions, spatial and channel attention in parallel, and a skip.

    Parameters
    ----------
    shared : keras.layers.Layer, optional
        The activation to share with other units; by default the unit has its own.
    """

    def __init__(
        self, channels: int, shared: keras.layers.Layer | None = None, **options: Any
    ) -> None:
        super().__init__(channels, **options)
        kind: Config = {"bias": self.bias, "data_format": self.data_format}
        self.conv1 = self.conv(channels, 3, "conv1")
        self.activate = activation_layer(self.activation, "activate") if shared is None else shared
        self.conv2 = self.conv(channels, 3, "conv2")
        self.spatial = SpatialAttention(channels, name="spatial", **kind)
        self.channel = ChannelAttention(channels, name="channel", **kind)
        self.join = self.conv(channels, 1, "join")

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        maps = self.maps(self.channels)
        for layer in (self.conv1, self.conv2, self.spatial, self.channel):
            layer.build(maps)
        if not self.activate.built:
            self.activate.build(maps)
        self.join.build(self.maps(2 * self.channels))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        inner = self.conv2(self.activate(self.conv1(features)))
        both = ops.concatenate([self.spatial(inner), self.channel(inner)], axis=self.axis)
        return features + self.join(both)


@keras.saving.register_keras_serializable("scotopic")
class SelectiveKernelFeatureFusion(FeatureLayer):
    """The weighted sum of several streams; for each channel the weights sum to 1.

    Parameters
    ----------
    streams : int
        Number of streams.
    reduction : int
        Factor by which there are fewer channels where the weights are
        computed; there are at least 4.
    """

    def __init__(self, channels: int, streams: int = 3, reduction: int = 8, **options: Any) -> None:
        super().__init__(channels, **options)
        self.streams = streams
        self.reduction = reduction
        self.squeeze = self.conv(max(channels // reduction, 4), 1, "squeeze")
        self.activate = activation_layer(self.activation, "activate")
        self.excite = [self.conv(channels, 1, f"excite{index}") for index in range(streams)]

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        self.squeeze.build(self.maps(self.channels))
        hidden = self.maps(self.squeeze.filters)
        self.activate.build(hidden)
        for conv in self.excite:
            conv.build(hidden)
        self.built = True

    def stream_weights(self, streams: Sequence[Tensor]) -> Tensor:
        """Compute the weights, (streams, batch, ...), by a softmax over the streams."""
        means = ops.mean(sum(streams[1:], streams[0]), axis=self.sides, keepdims=True)
        hidden = self.activate(self.squeeze(means))
        return ops.softmax(ops.stack([conv(hidden) for conv in self.excite]), axis=0)

    def call(self, streams: Sequence[Tensor]) -> Tensor:
        """Fuse feature maps of the same shape."""
        weights = self.stream_weights(streams)
        weighted = [stream * weights[index] for index, stream in enumerate(streams)]
        return sum(weighted[1:], weighted[0])

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape of one stream, given the list of all."""
        return tuple(input_shape[0])

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "streams": self.streams,
            "reduction": self.reduction,
        }

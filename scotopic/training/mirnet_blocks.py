"""The blocks of MIRNet: attention, selective fusion, resampling.

Zamir et al., "Learning Enriched Features for Real Image Restoration and
Enhancement", ECCV 2020 (arXiv 2003.06792), section 3; where the paper leaves a
choice, the authors' code (github.com/swz30/MIRNet) decides. All take feature
maps (batch, height, width, channels), or (batch, channels, height, width)
with ``data_format="channels_first"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from scotopic.training.layers import Tensor, channel_axis

ACTIVATIONS = ("prelu", "relu")


def activation_layer(kind: str, name: str) -> keras.layers.Layer:
    """ReLU, or PReLU with one slope for all channels, 0.25 at first."""
    if kind == "prelu":
        slope = keras.initializers.Constant(0.25)
        return keras.layers.PReLU(slope, shared_axes=[1, 2, 3], name=name)
    if kind == "relu":
        return keras.layers.ReLU(name=name)
    raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {kind!r}")


class FeatureLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer of feature maps of a given width, in either data format.

    Parameters
    ----------
    channels : int
        Channels of the input.
    bias : bool
        Whether convolutions have one; the authors' have none.
    activation : {"prelu", "relu"}
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        channels: int,
        bias: bool = False,
        activation: str = "prelu",
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.channels = channels
        self.bias = bias
        self.activation = activation
        self.data_format = data_format
        self.axis = channel_axis(data_format)
        self.sides = (1, 2) if data_format == "channels_last" else (2, 3)

    def conv(self, channels: int, size: int, name: str) -> keras.layers.Conv2D:
        """Make a convolution of stride 1 that keeps the size."""
        return keras.layers.Conv2D(
            channels,
            size,
            padding="same",
            use_bias=self.bias,
            data_format=self.data_format,
            name=name,
        )

    def maps(self, channels: int) -> tuple[int | None, ...]:
        """Shape of feature maps of any size."""
        shape: list[int | None] = [None] * 4
        shape[self.axis] = channels
        return tuple(shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Same as the input's."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {
            **super().get_config(),
            "channels": self.channels,
            "bias": self.bias,
            "activation": self.activation,
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable("scotopic")
class ChannelPooling(FeatureLayer):
    """The greatest and the mean of all channels at each place: two channels."""

    def call(self, features: Tensor) -> Tensor:
        """Features to (maximum, mean)."""
        return ops.concatenate(
            [
                ops.max(features, axis=self.axis, keepdims=True),
                ops.mean(features, axis=self.axis, keepdims=True),
            ],
            axis=self.axis,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Two channels."""
        shape = list(input_shape)
        shape[self.axis] = 2
        return tuple(shape)


@keras.saving.register_keras_serializable("scotopic")
class SpatialAttention(FeatureLayer):
    """Each place times a weight seen in the 5x5 places around it."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(channels, **options)
        self.pooling = ChannelPooling(channels, data_format=self.data_format, name="pooling")
        self.attention = self.conv(1, 5, "attention")

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        self.attention.build(self.maps(2))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features."""
        return features * ops.sigmoid(self.attention(self.pooling(features)))


@keras.saving.register_keras_serializable("scotopic")
class ChannelAttention(FeatureLayer):
    """Each channel times a weight seen in the means of all (squeeze, excite).

    Parameters
    ----------
    reduction : int
        How many times fewer channels are between the two 1x1 convolutions.
    """

    def __init__(self, channels: int, reduction: int = 8, **options: Any) -> None:
        super().__init__(channels, **options)
        self.reduction = reduction
        self.squeeze = self.conv(max(1, channels // reduction), 1, "squeeze")
        self.excite = self.conv(channels, 1, "excite")

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        self.squeeze.build(self.maps(self.channels))
        self.excite.build(self.maps(self.squeeze.filters))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features."""
        means = ops.mean(features, axis=self.sides, keepdims=True)
        return features * ops.sigmoid(self.excite(ops.relu(self.squeeze(means))))

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {**super().get_config(), "reduction": self.reduction}


@keras.saving.register_keras_serializable("scotopic")
class DualAttentionUnit(FeatureLayer):
    """Two convolutions, spatial and channel attention side by side, and a skip.

    Parameters
    ----------
    shared : keras.layers.Layer, optional
        The activation to use, shared with other units; by default its own.
    """

    def __init__(
        self, channels: int, shared: keras.layers.Layer | None = None, **options: Any
    ) -> None:
        super().__init__(channels, **options)
        kind = {"bias": self.bias, "data_format": self.data_format}
        self.conv1 = self.conv(channels, 3, "conv1")
        self.activate = activation_layer(self.activation, "activate") if shared is None else shared
        self.conv2 = self.conv(channels, 3, "conv2")
        self.spatial = SpatialAttention(channels, name="spatial", **kind)
        self.channel = ChannelAttention(channels, name="channel", **kind)
        self.join = self.conv(channels, 1, "join")

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        maps = self.maps(self.channels)
        for layer in (self.conv1, self.conv2, self.spatial, self.channel):
            layer.build(maps)
        if not self.activate.built:
            self.activate.build(maps)
        self.join.build(self.maps(2 * self.channels))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features."""
        inner = self.conv2(self.activate(self.conv1(features)))
        both = ops.concatenate([self.spatial(inner), self.channel(inner)], axis=self.axis)
        return features + self.join(both)


@keras.saving.register_keras_serializable("scotopic")
class SelectiveKernelFeatureFusion(FeatureLayer):
    """Streams added, each channel of each weighted; the weights sum to 1.

    Parameters
    ----------
    streams : int
        How many there are.
    reduction : int
        How many times fewer channels the weights are decided from; at least 4.
    """

    def __init__(self, channels: int, streams: int = 3, reduction: int = 8, **options: Any) -> None:
        super().__init__(channels, **options)
        self.streams = streams
        self.reduction = reduction
        self.squeeze = self.conv(max(channels // reduction, 4), 1, "squeeze")
        self.activate = activation_layer(self.activation, "activate")
        self.excite = [self.conv(channels, 1, f"excite{index}") for index in range(streams)]

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        self.squeeze.build(self.maps(self.channels))
        hidden = self.maps(self.squeeze.filters)
        self.activate.build(hidden)
        for conv in self.excite:
            conv.build(hidden)
        self.built = True

    def stream_weights(self, streams: Sequence[Tensor]) -> Tensor:
        """Weights (streams, batch, ...) of each stream's channels: a softmax over streams."""
        means = ops.mean(sum(streams[1:], streams[0]), axis=self.sides, keepdims=True)
        hidden = self.activate(self.squeeze(means))
        return ops.softmax(ops.stack([conv(hidden) for conv in self.excite]), axis=0)

    def call(self, streams: Sequence[Tensor]) -> Tensor:
        """A list of features of one shape to features of that shape."""
        weights = self.stream_weights(streams)
        weighted = [stream * weights[index] for index, stream in enumerate(streams)]
        return sum(weighted[1:], weighted[0])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Same as each stream's."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {
            **super().get_config(),
            "streams": self.streams,
            "reduction": self.reduction,
        }


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

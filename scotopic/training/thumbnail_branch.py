"""What networks learn from the thumbnail of a picture: a vector that describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import Config, Shape, Tensor, channel_axis, gray


def described(thumbnail: Tensor, data_format: str) -> Tensor:
    """Divide a thumbnail by its mean gray, and add the logarithm of its gray as a channel.

    Both the relations and the level can be told from this, however dark the
    picture is.
    """
    level = gray(thumbnail, data_format)
    mean = ops.mean(level, axis=(1, 2, 3), keepdims=True)
    return ops.concatenate(
        [thumbnail / (mean + 1e-3), ops.log(level + 1e-3)], axis=channel_axis(data_format)
    )


@keras.saving.register_keras_serializable("scotopic")
class ThumbnailBranch(keras.layers.Layer):
    """Describe a picture by a vector, from its thumbnail.

    The thumbnail, `described`, goes through pairs of 3x3 convolutions, the
    second of which halves the size, and through two dense layers.

    Parameters
    ----------
    widths : sequence of int
        Channels of each pair of convolutions; four pairs reduce 64x64 to 4x4.
    size : int
        Length of the vector.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 48, 64),
        size: int = 64,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.widths, self.size, self.data_format = tuple(widths), size, data_format
        conv = {"padding": "same", "activation": "relu", "data_format": data_format}
        self.convs = [
            keras.layers.Conv2D(width, 3, strides=stride, name=f"conv{index}_{stride}", **conv)
            for index, width in enumerate(self.widths)
            for stride in (1, 2)
        ]
        self.flatten = keras.layers.Flatten(data_format=data_format, name="flatten")
        self.hidden = keras.layers.Dense(2 * size, activation="relu", name="hidden")
        self.vector = keras.layers.Dense(size, name="vector")

    def build(self, thumbnail_shape: Shape) -> None:
        """Create the weights for thumbnails of this shape."""
        axis = channel_axis(self.data_format)
        channels = thumbnail_shape[axis]
        assert channels is not None
        shape = list(thumbnail_shape)
        shape[axis] = channels + 1
        for conv in self.convs:
            conv.build(shape)
            shape = list(conv.compute_output_shape(shape))
        self.hidden.build(self.flatten.compute_output_shape(shape))
        self.vector.build((None, 2 * self.size))
        self.built = True

    def call(self, thumbnail: Tensor) -> Tensor:
        """Describe a batch of thumbnails in 0..1 by vectors, (batch, size)."""
        features = described(thumbnail, self.data_format)
        for conv in self.convs:
            features = conv(features)
        return self.vector(self.hidden(self.flatten(features)))

    def compute_output_shape(self, thumbnail_shape: Shape) -> Shape:
        """Return the shape of the vectors."""
        return (thumbnail_shape[0], self.size)

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "widths": self.widths,
            "size": self.size,
            "data_format": self.data_format,
        }

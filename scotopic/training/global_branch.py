"""The global branch: exposure and context of a picture from its thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import Config, Shape, Tensor, channel_axis, gray


@keras.saving.register_keras_serializable("scotopic")
class GlobalBranch(keras.layers.Layer):
    """Predict the exposure of a picture, and a context, from its thumbnail.

    The input is the thumbnail divided by its mean gray, and the logarithm of
    its gray. It goes through pairs of 3x3 convolutions, the second of which
    halves the size, down to 4x4, and through two dense layers.

    Parameters
    ----------
    widths : sequence of int
        Channels of each pair of convolutions; four pairs reduce 64x64 to 4x4.
    context_size : int
        Length of the context vector.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 48, 64),
        context_size: int = 64,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.widths = tuple(widths)
        self.context_size = context_size
        self.data_format = data_format
        conv = {"padding": "same", "activation": "gelu", "data_format": data_format}
        self.convs = [
            keras.layers.Conv2D(width, 3, strides=stride, name=f"conv{index}_{stride}", **conv)
            for index, width in enumerate(self.widths)
            for stride in (1, 2)
        ]
        self.flatten = keras.layers.Flatten(data_format=data_format, name="flatten")
        self.hidden = keras.layers.Dense(128, activation="gelu", name="hidden")
        self.context = keras.layers.Dense(context_size, name="context")
        self.level = keras.layers.Dense(1, activation="sigmoid", name="level")

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
        flat = self.flatten.compute_output_shape(shape)
        self.hidden.build(flat)
        self.context.build((None, 128))
        self.level.build((None, 128))
        self.built = True

    def call(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Predict from thumbnails.

        Parameters
        ----------
        thumbnail : tensor, a batch of thumbnails in 0..1

        Returns
        -------
        exposure : tensor, (batch, 1), in 0..1
        context : tensor, (batch, context_size)
        """
        level = gray(thumbnail, self.data_format)
        mean = ops.mean(level, axis=(1, 2, 3), keepdims=True)
        features = ops.concatenate(
            [thumbnail / (mean + 1e-3), ops.log(level + 1e-3)],
            axis=channel_axis(self.data_format),
        )
        for conv in self.convs:
            features = conv(features)
        hidden = self.hidden(self.flatten(features))
        return self.level(hidden), self.context(hidden)

    def compute_output_shape(self, thumbnail_shape: Shape) -> tuple[Shape, Shape]:
        """Return the shapes of exposure and context."""
        return (thumbnail_shape[0], 1), (thumbnail_shape[0], self.context_size)

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "widths": self.widths,
            "context_size": self.context_size,
            "data_format": self.data_format,
        }

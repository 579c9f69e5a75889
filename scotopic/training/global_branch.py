"""What one look at the whole picture tells: its exposure and a context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import (
    Tensor,
    channel_axis,
    gray,
)


@keras.saving.register_keras_serializable("scotopic")
class GlobalBranch(keras.layers.Layer):
    """What one look at the whole picture tells: its exposure and a context.

    The thumbnail, divided by its mean gray, and its log gray go through pairs
    of 3x3 convolutions, the second of each pair strided, down to 4x4, and
    two dense layers.

    Parameters
    ----------
    widths : sequence of int
        Channels of each pair; four pairs take 64x64 to 4x4.
    context_size : int
        Numbers in the context.
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

    def build(self, thumbnail_shape: Any) -> None:
        """Create the weights for thumbnails of this shape."""
        shape = list(thumbnail_shape)
        shape[channel_axis(self.data_format)] += 1
        for conv in self.convs:
            conv.build(shape)
            shape = list(conv.compute_output_shape(shape))
        flat = self.flatten.compute_output_shape(shape)
        self.hidden.build(flat)
        self.context.build((None, 128))
        self.level.build((None, 128))
        self.built = True

    def call(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Thumbnails in 0..1 to exposure (batch, 1) in 0..1 and context."""
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

    def compute_output_shape(self, thumbnail_shape: Any) -> Any:
        """Shapes of exposure and context."""
        return (thumbnail_shape[0], 1), (thumbnail_shape[0], self.context_size)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {
            **super().get_config(),
            "widths": self.widths,
            "context_size": self.context_size,
            "data_format": self.data_format,
        }

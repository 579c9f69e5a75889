"""GainNetwork: how each part of a picture should be exposed, from its thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training.layers import (
    Config,
    Enlarge,
    ResidualBlock,
    Shape,
    Tensor,
    per_channel,
)
from scotopic.training.thumbnail_branch import described


@keras.saving.register_keras_serializable("scotopic")
class GainNetwork(keras.Model):
    """Predict ln of the gain at half the resolution of a thumbnail.

    A small U-Net. At its lowest level, 4x4 cells, two dense layers see the
    whole picture.

    Parameters
    ----------
    widths : sequence of int
        Channels at 64x64, 32x32, 16x16, 8x8 and 4x4.
    hidden : int
        Width of the dense layer between the two.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 48, 64, 96),
        hidden: int = 160,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.settings: Config = {
            "widths": tuple(widths),
            "hidden": hidden,
            "data_format": data_format,
        }
        self.data_format = data_format
        form: Config = {"data_format": data_format}
        conv: Config = {"padding": "same", **form}
        self.stem = keras.layers.Conv2D(widths[0], 3, activation="relu", name="stem", **conv)
        self.downs = [
            keras.layers.Conv2D(w, 3, strides=2, activation="relu", name=f"down{i}", **conv)
            for i, w in enumerate(widths[1:])
        ]
        self.encoders = [
            ResidualBlock(w, name=f"encoder{i}", **form) for i, w in enumerate(widths[1:])
        ]
        self.flatten = keras.layers.Flatten(name="flatten", **form)
        self.hidden = keras.layers.Dense(hidden, activation="relu", name="hidden")
        self.whole = keras.layers.Dense(widths[-1], name="whole")
        upper = widths[1:-1]
        self.ups = [keras.layers.Conv2D(w, 1, name=f"up{i}", **form) for i, w in enumerate(upper)]
        self.enlarge = Enlarge(name="enlarge", **form)
        self.decoders = [ResidualBlock(w, name=f"decoder{i}", **form) for i, w in enumerate(upper)]
        self.head = keras.layers.Conv2D(1, 3, kernel_initializer="zeros", name="head", **conv)
        self._build_layers()

    def _build_layers(self) -> None:
        widths, last = self.settings["widths"], self.data_format == "channels_last"

        def maps(channels: int) -> Shape:
            return (None, None, None, channels) if last else (None, channels, None, None)

        self.stem.build(maps(4))
        for level, width in enumerate(widths[1:]):
            self.downs[level].build(maps(widths[level]))
            self.encoders[level].build(maps(width))
        side = THUMBNAIL_SIZE // 2 ** (len(widths) - 1)
        self.hidden.build((None, side * side * widths[-1]))
        self.whole.build((None, self.settings["hidden"]))
        for level, width in enumerate(widths[1:-1]):
            self.ups[level].build(maps(widths[level + 2]))
            self.decoders[level].build(maps(width))
        self.head.build(maps(widths[1]))
        self.built = True

    def call(self, thumbnail: Tensor) -> Tensor:
        """Predict from thumbnails.

        Parameters
        ----------
        thumbnail : tensor, a batch of 64x64 thumbnails in 0..1

        Returns
        -------
        tensor
            ln of the gain, a batch of 32x32 maps of one channel.
        """
        features, skips = self.stem(described(thumbnail, self.data_format)), []
        for down, encoder in zip(self.downs, self.encoders, strict=True):
            features = encoder(down(features))
            skips.append(features)
        vector = self.whole(self.hidden(self.flatten(skips.pop())))
        features = features + per_channel(vector, self.data_format)
        for level in reversed(range(len(self.ups))):
            features = self.enlarge(self.ups[level](features)) + skips[level]
            features = self.decoders[level](features)
        return self.head(features)

    def get_config(self) -> Config:
        """Return the arguments of this network."""
        return {**super().get_config(), **self.settings}

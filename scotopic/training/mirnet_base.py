"""What all layers of MIRNet have in common.

Zamir et al., "Learning Enriched Features for Real Image Restoration and
Enhancement", ECCV 2020 (arXiv 2003.06792), section 3. Where the paper leaves a
choice open, the authors' code (github.com/swz30/MIRNet) decides. All layers
take feature maps (batch, height, width, channels), or
(batch, channels, height, width) with ``data_format="channels_first"``.
"""

from __future__ import annotations

from typing import Any

import keras

from scotopic.errors import InvalidValueError
from scotopic.training.layers import Config, Shape, channel_axis

ACTIVATIONS = ("prelu", "relu")


def activation_layer(kind: str, name: str) -> keras.layers.Layer:
    """Make a ReLU, or a PReLU with one slope for all channels, initially 0.25.

    Parameters
    ----------
    kind : {"prelu", "relu"}
    name : str
        Name of the layer.

    Raises
    ------
    InvalidValueError
        For any other kind.
    """
    if kind == "prelu":
        slope = keras.initializers.Constant(0.25)
        return keras.layers.PReLU(slope, shared_axes=[1, 2, 3], name=name)
    if kind == "relu":
        return keras.layers.ReLU(name=name)
    raise InvalidValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {kind!r}")


class FeatureLayer(keras.layers.Layer):
    """A layer of feature maps with a given number of channels, in either data format.

    Parameters
    ----------
    channels : int
        Channels of the input.
    bias : bool
        Whether convolutions have a bias; in the authors' code they do not.
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
        """Make a convolution with stride 1 that keeps height and width."""
        return keras.layers.Conv2D(
            channels,
            size,
            padding="same",
            use_bias=self.bias,
            data_format=self.data_format,
            name=name,
        )

    def maps(self, channels: int) -> Shape:
        """Return the shape of feature maps of any size."""
        shape: list[int | None] = [None] * 4
        shape[self.axis] = channels
        return tuple(shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input."""
        return tuple(input_shape)

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "channels": self.channels,
            "bias": self.bias,
            "activation": self.activation,
            "data_format": self.data_format,
        }

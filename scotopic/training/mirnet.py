"""MIRNet: Zamir et al., ECCV 2020 (arXiv 2003.06792)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import Config, PixelShuffle, PixelUnshuffle, Tensor
from scotopic.training.mirnet_base import FeatureLayer, activation_layer
from scotopic.training.mirnet_blocks import RecursiveResidualGroup, through


@dataclass(frozen=True)
class Design:
    """What a MIRNet is made of.

    Attributes
    ----------
    channels : int
        Channels of the first stream.
    groups, blocks : int
        Number of `RecursiveResidualGroup`, and of blocks in each.
    streams, columns, share_columns
        See `MultiScaleResidualBlock`.
    bias, activation
        See `FeatureLayer`.
    stem : int
        1 as in the paper. With 2 the network works at half the size, between
        a pixel unshuffle and a pixel shuffle, for a quarter of the cost.
    """

    channels: int = 64
    groups: int = 3
    blocks: int = 2
    streams: int = 3
    columns: int = 2
    share_columns: bool = True
    bias: bool = False
    activation: str = "prelu"
    stem: int = 1


@keras.saving.register_keras_serializable("scotopic")
class MIRNet(keras.Model):
    """Pictures to enhanced pictures: a correction from recursive residual groups.

    Parameters
    ----------
    design : Design
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self, design: Design = Design(), data_format: str = "channels_last", **options: Any
    ) -> None:
        super().__init__(**options)
        self.design = design
        self.data_format = data_format
        form: Config = {"data_format": data_format}
        kind: Config = {"bias": design.bias, "activation": design.activation, **form}
        own = FeatureLayer(design.channels, **kind)
        stem = design.stem
        self.before = [PixelUnshuffle(stem, name="unshuffle", **form)] if stem > 1 else []
        self.after = [PixelShuffle(stem, name="shuffle", **form)] if stem > 1 else []
        self.conv_in = own.conv(design.channels, 3, "conv_in")
        shared = activation_layer(design.activation, "activate") if design.share_columns else None
        self.groups = [
            RecursiveResidualGroup(
                design.channels,
                design.blocks,
                design.streams,
                design.columns,
                design.share_columns,
                shared,
                name=f"group{index}",
                **kind,
            )
            for index in range(design.groups)
        ]
        self.conv_out = own.conv(3 * stem**2, 3, "conv_out")
        self.conv_in.build(own.maps(3 * stem**2))
        for layer in (*self.groups, self.conv_out):
            layer.build(own.maps(design.channels))
        self.built = True

    @property
    def settings(self) -> Config:
        """The design and the data format, by name."""
        return {**asdict(self.design), "data_format": self.data_format}

    @property
    def size_multiple(self) -> int:
        """Number to whose multiples the sides of a picture are padded."""
        return int(self.design.stem * 2 ** (self.design.streams - 1))

    def call(self, picture: Tensor) -> Tensor:
        """Enhance pictures of any size.

        Parameters
        ----------
        picture : tensor, a batch of pictures in 0..1

        Returns
        -------
        tensor
            Enhanced pictures, of the same shape, not clipped to 0..1.
        """
        height, width = self._sides(picture)
        layers = [*self.before, self.conv_in, *self.groups, self.conv_out, *self.after]
        correction = through(layers, self._padded(picture))
        if self.data_format == "channels_last":
            return picture + correction[:, :height, :width]
        return picture + correction[:, :, :height, :width]

    def _sides(self, picture: Tensor) -> Tensor:
        shape = ops.shape(picture)
        return shape[1:3] if self.data_format == "channels_last" else shape[2:4]

    def _padded(self, picture: Tensor) -> Tensor:
        """Repeat the edge, so that both sides are multiples of `size_multiple`."""
        axes = (1, 2) if self.data_format == "channels_last" else (2, 3)
        for axis, side in zip(axes, self._sides(picture), strict=True):
            missing = -side % self.size_multiple
            edge = ops.take(picture, [side - 1] * missing, axis=axis) if missing else None
            picture = picture if edge is None else ops.concatenate([picture, edge], axis=axis)
        return picture

    def get_config(self) -> Config:
        """Return the arguments of this network."""
        return {**super().get_config(), **self.settings}

    @classmethod
    def from_config(cls, config: Config, custom_objects: Config | None = None) -> MIRNet:
        """Make a network from what `get_config` returned."""
        names = {field.name for field in fields(Design)}
        design = Design(**{name: config[name] for name in names & config.keys()})
        options = {name: value for name, value in config.items() if name not in names}
        return cls(design, **options)

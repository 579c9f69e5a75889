"""MIRNet: Zamir et al., ECCV 2020 (arXiv 2003.06792)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import PixelShuffle, PixelUnshuffle, Tensor
from scotopic.training.mirnet_attention import DualAttentionUnit, SelectiveKernelFeatureFusion
from scotopic.training.mirnet_base import FeatureLayer, activation_layer
from scotopic.training.mirnet_resizing import ResidualDownsample, ResidualUpsample


@keras.saving.register_keras_serializable("scotopic")
class MultiScaleResidualBlock(FeatureLayer):
    """Streams of several sizes that work alone and exchange what they find.

    Stream s has 1/2^s of the size and 2^s times the channels. In each column
    every stream has a dual attention unit; between columns each stream fuses
    what all of them have, brought to its own size; at the end all are brought
    to the first one's size and fused: section 3.1 and figure 1 of the paper.

    Parameters
    ----------
    streams, columns : int
    share_columns : bool
        As in the authors' code: one unit a stream serves all its columns, the
        first stream's fusion serves at the end too, and all units have one
        activation. Otherwise nothing is shared.
    shared : keras.layers.Layer, optional
        The activation of all units, from the network; by default the block's.
    """

    def __init__(
        self,
        channels: int,
        streams: int = 3,
        columns: int = 2,
        share_columns: bool = True,
        shared: keras.layers.Layer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(channels, **options)
        self.streams = streams
        self.columns = columns
        self.share_columns = share_columns
        self.shared = shared
        if share_columns and shared is None:
            self.shared = activation_layer(self.activation, "activate")
        self.widths = [channels * 2**stream for stream in range(streams)]
        self.kind = {
            "bias": self.bias,
            "activation": self.activation,
            "data_format": self.data_format,
        }
        self.units = [self._units(stream) for stream in range(streams)]
        self.exchange = [
            [self._way(source, target, "exchange") for source in range(streams)]
            for target in range(streams)
        ]
        self.fusions = [self._fusion(stream, f"fusion{stream}") for stream in range(streams)]
        self.last_ups = [self._way(source, 0, "last") for source in range(streams)]
        self.last_fusion = self.fusions[0] if share_columns else self._fusion(0, "last_fusion")
        self.conv_out = self.conv(channels, 3, "conv_out")

    def _units(self, stream: int) -> list[DualAttentionUnit]:
        def unit(column: int) -> DualAttentionUnit:
            name = f"unit{stream}_{column}"
            return DualAttentionUnit(self.widths[stream], self.shared, name=name, **self.kind)

        if self.share_columns:
            return [unit(0)] * self.columns
        return [unit(column) for column in range(self.columns)]

    def _fusion(self, stream: int, name: str) -> SelectiveKernelFeatureFusion:
        return SelectiveKernelFeatureFusion(
            self.widths[stream], self.streams, name=name, **self.kind
        )

    def _way(self, source: int, target: int, name: str) -> list[FeatureLayer]:
        """Layers from one stream's size to another's."""
        step, layer = (1, ResidualDownsample) if target > source else (-1, ResidualUpsample)
        return [
            layer(self.widths[at], name=f"{name}_{source}_{target}_{at}", **self.kind)
            for at in range(source, target, step)
        ]

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        if self.shared is not None and not self.shared.built:
            self.shared.build(self.maps(self.channels))
        paths = [path for row in self.exchange for path in row] + self.last_ups
        layers = [unit for row in self.units for unit in row]
        layers += [layer for path in paths for layer in path]
        layers += [*self.fusions, self.last_fusion, self.conv_out]
        for layer in layers:
            if not layer.built:
                layer.build(self.maps(getattr(layer, "channels", self.channels)))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features; both sides multiples of 2^(streams - 1)."""
        everyone = range(self.streams)
        streams = [self.units[0][0](features)]
        for stream in everyone[1:]:
            smaller = through(self.exchange[stream][stream - 1], streams[-1])
            streams.append(self.units[stream][0](smaller))
        for column in range(1, self.columns):
            fused = [
                self.fusions[target](
                    [through(self.exchange[target][source], streams[source]) for source in everyone]
                )
                for target in everyone
            ]
            streams = [self.units[stream][column](fused[stream]) for stream in everyone]
        joined = [through(self.last_ups[stream], streams[stream]) for stream in everyone]
        return features + self.conv_out(self.last_fusion(joined))

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {
            **super().get_config(),
            "streams": self.streams,
            "columns": self.columns,
            "share_columns": self.share_columns,
        }


def through(layers: Sequence[keras.layers.Layer], features: Tensor) -> Tensor:
    """Apply layers one after the other."""
    for layer in layers:
        features = layer(features)
    return features


@keras.saving.register_keras_serializable("scotopic")
class RecursiveResidualGroup(FeatureLayer):
    """Multi-scale blocks one after the other, a convolution, and a skip.

    Parameters
    ----------
    blocks : int
        Of `MultiScaleResidualBlock`.
    streams, columns, share_columns, shared
        As there.
    """

    def __init__(
        self,
        channels: int,
        blocks: int = 2,
        streams: int = 3,
        columns: int = 2,
        share_columns: bool = True,
        shared: keras.layers.Layer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(channels, **options)
        self.settings = {"streams": streams, "columns": columns, "share_columns": share_columns}
        self.blocks = [
            MultiScaleResidualBlock(
                channels,
                **self.settings,
                shared=shared,
                bias=self.bias,
                activation=self.activation,
                data_format=self.data_format,
                name=f"block{index}",
            )
            for index in range(blocks)
        ]
        self.conv_out = self.conv(channels, 3, "conv_out")

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        for layer in (*self.blocks, self.conv_out):
            layer.build(self.maps(self.channels))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Features to features."""
        return features + self.conv_out(through(self.blocks, features))

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        return {**super().get_config(), "blocks": len(self.blocks), **self.settings}


@keras.saving.register_keras_serializable("scotopic")
class MIRNet(keras.Model):  # type: ignore[misc]
    """Pictures to enhanced pictures: a correction from recursive residual groups.

    Parameters
    ----------
    channels : int
        Of the first stream.
    groups : int
        Of `RecursiveResidualGroup`.
    blocks, streams, columns, share_columns
        See there.
    bias, activation
        See `FeatureLayer`.
    stem : int
        1 as in the paper; 2 works at half the size, between a pixel unshuffle
        and a pixel shuffle, for a quarter of the cost.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        channels: int = 64,
        groups: int = 3,
        blocks: int = 2,
        streams: int = 3,
        columns: int = 2,
        share_columns: bool = True,
        bias: bool = False,
        activation: str = "prelu",
        stem: int = 1,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.settings = {
            "channels": channels,
            "groups": groups,
            "blocks": blocks,
            "streams": streams,
            "columns": columns,
            "share_columns": share_columns,
            "bias": bias,
            "activation": activation,
            "stem": stem,
            "data_format": data_format,
        }
        self.data_format = data_format
        kind = {"bias": bias, "activation": activation, "data_format": data_format}
        own = FeatureLayer(channels, **kind)
        scale = {"factor": stem, "data_format": data_format}
        self.before = [PixelUnshuffle(name="unshuffle", **scale)] if stem > 1 else []
        self.after = [PixelShuffle(name="shuffle", **scale)] if stem > 1 else []
        self.conv_in = own.conv(channels, 3, "conv_in")
        shared = activation_layer(activation, "activate") if share_columns else None
        self.groups = [
            RecursiveResidualGroup(
                channels,
                blocks,
                streams,
                columns,
                share_columns,
                shared,
                name=f"group{index}",
                **kind,
            )
            for index in range(groups)
        ]
        self.conv_out = own.conv(3 * stem**2, 3, "conv_out")
        self.conv_in.build(own.maps(3 * stem**2))
        for layer in (*self.groups, self.conv_out):
            layer.build(own.maps(channels))
        self.built = True

    @property
    def size_multiple(self) -> int:
        """Sides of a picture are padded to multiples of this, and cut again."""
        return int(self.settings["stem"] * 2 ** (self.settings["streams"] - 1))

    def call(self, picture: Tensor) -> Tensor:
        """A batch of pictures in 0..1, of any size, to enhanced ones, not clipped."""
        height, width = self._sides(picture)
        layers = [*self.before, self.conv_in, *self.groups, self.conv_out, *self.after]
        correction = through(layers, self._padded(picture))
        if self.data_format == "channels_last":
            return picture + correction[:, :height, :width]
        return picture + correction[:, :, :height, :width]

    def _sides(self, picture: Tensor) -> Any:
        shape = ops.shape(picture)
        return shape[1:3] if self.data_format == "channels_last" else shape[2:4]

    def _padded(self, picture: Tensor) -> Tensor:
        """The edge repeated, so that both sides are multiples of `size_multiple`."""
        axes = (1, 2) if self.data_format == "channels_last" else (2, 3)
        for axis, side in zip(axes, self._sides(picture), strict=True):
            missing = -side % self.size_multiple
            edge = ops.take(picture, [side - 1] * missing, axis=axis) if missing else None
            picture = picture if edge is None else ops.concatenate([picture, edge], axis=axis)
        return picture

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this network again."""
        return {**super().get_config(), **self.settings}

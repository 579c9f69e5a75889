"""The blocks of MIRNet: parallel streams that exchange features, and groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from scotopic.training.layers import Config, Shape, Tensor
from scotopic.training.mirnet_attention import DualAttentionUnit, SelectiveKernelFeatureFusion
from scotopic.training.mirnet_base import FeatureLayer, activation_layer
from scotopic.training.mirnet_resizing import ResidualDownsample, ResidualUpsample


@keras.saving.register_keras_serializable("scotopic")
class MultiScaleResidualBlock(FeatureLayer):
    """Parallel streams of several sizes that exchange their features.

    Stream s has 1/2^s of the size and 2^s times the channels. Each column has
    a dual attention unit for every stream. Between columns, each stream fuses
    the features of all streams, resized to its own size. At the end the
    features of all are resized to the size of the first stream and fused.
    This is section 3.1 and figure 1 of the paper.

    Parameters
    ----------
    streams, columns : int
    share_columns : bool
        True as in the authors' code: one unit serves all columns of a stream,
        the fusion of the first stream serves at the end too, and all units
        have the same activation. With False, nothing is shared.
    shared : keras.layers.Layer, optional
        The activation that all units of the network share; by default the
        block has its own.
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
        self.kind: Config = {
            "bias": self.bias,
            "activation": self.activation,
            "data_format": self.data_format,
        }
        self.units = [self._units(stream) for stream in range(streams)]
        self.exchange = [
            [self._resizing(source, target, "exchange") for source in range(streams)]
            for target in range(streams)
        ]
        self.fusions = [self._fusion(stream, f"fusion{stream}") for stream in range(streams)]
        self.last_ups = [self._resizing(source, 0, "last") for source in range(streams)]
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

    def _resizing(self, source: int, target: int, name: str) -> list[FeatureLayer]:
        """Make the layers that resize the features of one stream for another."""
        step, layer = (1, ResidualDownsample) if target > source else (-1, ResidualUpsample)
        return [
            layer(self.widths[at], name=f"{name}_{source}_{target}_{at}", **self.kind)
            for at in range(source, target, step)
        ]

    def build(self, input_shape: Shape) -> None:
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
        """Transform feature maps whose sides are multiples of 2^(streams - 1)."""
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

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "streams": self.streams,
            "columns": self.columns,
            "share_columns": self.share_columns,
        }


def through(layers: Sequence[keras.layers.Layer], features: Tensor) -> Tensor:
    """Apply layers one after another."""
    for layer in layers:
        features = layer(features)
    return features


@keras.saving.register_keras_serializable("scotopic")
class RecursiveResidualGroup(FeatureLayer):
    """Multi-scale blocks in a row, a convolution, and a skip connection.

    Parameters
    ----------
    blocks : int
        Number of blocks.
    streams, columns, share_columns, shared
        See `MultiScaleResidualBlock`.
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
        self.settings: Config = {
            "streams": streams,
            "columns": columns,
            "share_columns": share_columns,
        }
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

    def build(self, input_shape: Shape) -> None:
        """Create the weights."""
        for layer in (*self.blocks, self.conv_out):
            layer.build(self.maps(self.channels))
        self.built = True

    def call(self, features: Tensor) -> Tensor:
        """Transform feature maps."""
        return features + self.conv_out(through(self.blocks, features))

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {**super().get_config(), "blocks": len(self.blocks), **self.settings}

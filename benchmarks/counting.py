"""The multiply-adds of a network, counted while it runs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import keras

from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training.gain_network import GainNetwork
from scotopic.training.layers import Tensor
from scotopic.training.light_unet import INPUT_CHANNELS, LightUNet

Inputs = Tensor | dict[str, Tensor]
Patch = contextlib.AbstractContextManager[object]


def multiply_adds(network: keras.Model, height: int, width: int) -> int:
    """Count the multiply-adds of all convolutions and dense layers for one picture.

    The network runs on shapes alone. Biases, activations, fixed filters and
    operations on single values do not count. The number of FLOPs is twice as
    large.

    Parameters
    ----------
    network : LightUNet, GainNetwork or MIRNet
    height, width : int
        Size of the picture, in pixels. The thumbnail of a LightUNet counts
        too; a GainNetwork sees nothing else.
    """
    with _counting() as counts, _begun_anew(network, counts):
        network(_inputs(network, height, width))
    return sum(counts)


def _inputs(network: keras.Model, height: int, width: int) -> Inputs:
    def maps(rows: int, columns: int, channels: int = 3) -> keras.KerasTensor:
        last = network.data_format == "channels_last"
        return keras.KerasTensor(
            (1, rows, columns, channels) if last else (1, channels, rows, columns)
        )

    thumb = maps(THUMBNAIL_SIZE, THUMBNAIL_SIZE)
    if isinstance(network, GainNetwork):
        return thumb
    if isinstance(network, LightUNet):
        return {"exposed": maps(height, width, INPUT_CHANNELS), "thumbnail": thumb}
    return maps(height, width)


@contextlib.contextmanager
def _counting() -> Iterator[list[int]]:
    """Collect the multiply-adds of each layer that runs inside the ``with`` block."""
    counts: list[int] = []

    def counted(layer: Any, places_of: Callable[[Tensor, Tensor], Tensor]) -> Patch:
        call = layer.call

        def run(self: keras.layers.Layer, inputs: Tensor) -> Tensor:
            outputs = call(self, inputs)
            shape = places_of(inputs, outputs).shape
            last = getattr(self, "data_format", "channels_last") == "channels_last"
            places = shape[1:-1] if last else shape[2:]
            counts.append(math.prod(self.kernel.shape) * math.prod(places))
            return outputs

        return mock.patch.object(layer, "call", run)

    with (
        counted(keras.layers.Conv2D, lambda inputs, outputs: outputs),
        counted(keras.layers.Conv2DTranspose, lambda inputs, outputs: inputs),
        counted(keras.layers.Dense, lambda inputs, outputs: outputs),
    ):
        yield counts


def _begun_anew(network: keras.Model, counts: list[int]) -> Patch:
    """Forget what was counted whenever the network starts.

    Keras runs it again, in another way, where PyTorch cannot compute with
    shapes alone.
    """
    call = type(network).call

    def run(self: keras.Model, inputs: Inputs) -> Tensor:
        counts.clear()
        return call(self, inputs)

    return mock.patch.object(type(network), "call", run)

"""The multiply-adds of a network, counted while it runs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import keras

from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training.layers import Tensor

Inputs = Tensor | dict[str, Tensor]
Patch = contextlib.AbstractContextManager[object]


def multiply_adds(network: keras.Model, height: int, width: int) -> int:
    """Count the multiply-adds of all convolutions and dense layers for one picture.

    The network runs on shapes alone. Biases, activations, fixed filters and
    operations on single values do not count. The number of FLOPs is twice as
    large.

    Parameters
    ----------
    network : ExposureUNet or MIRNet
    height, width : int
        Size of the picture, in pixels. The thumbnail for the global branch of
        an ExposureUNet counts too.
    """
    with _counting() as counts:
        network(_inputs(network, height, width))
    return sum(counts)


def _inputs(network: keras.Model, height: int, width: int) -> Inputs:
    def pictures(rows: int, columns: int) -> keras.KerasTensor:
        last = network.data_format == "channels_last"
        return keras.KerasTensor((1, rows, columns, 3) if last else (1, 3, rows, columns))

    if not hasattr(network, "global_branch"):
        return pictures(height, width)
    return {
        "picture": pictures(height, width),
        "thumbnail": pictures(THUMBNAIL_SIZE, THUMBNAIL_SIZE),
        "gain": keras.KerasTensor((1, 1)),
    }


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

"""LightUNet, the default local network: noise and colour of an exposed picture, corrected."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import keras

from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training.layers import (
    Config,
    Enlarge,
    PixelShuffle,
    ResidualBlock,
    Shape,
    Tensor,
    per_channel,
)
from scotopic.training.thumbnail_branch import ThumbnailBranch

INPUT_CHANNELS = 4
"""The exposed picture, and the logarithm of its gain."""


@keras.saving.register_keras_serializable("scotopic")
class LightUNet(keras.Model):
    """A U-Net made of what runtimes compute fast, told of the whole picture by a context.

    Convolutions with ReLU, residual additions, strided convolutions down, 1x1
    convolutions and nearest enlargement up; the context is added once, at the
    lowest level. It does not pool over the picture, so its receptive field is
    finite. Its output is added to the exposed picture.

    Parameters
    ----------
    widths : sequence of int
        Channels at 1/2, 1/4, 1/8, ... of the picture's size.
    blocks : sequence of int
        Residual blocks at each of these levels, on the way down and again on
        the way up; at the lowest level once.
    last_blocks : sequence of int
        More residual blocks at 1/2, 1/4, ... of the size, on the way up only. They see the
        features of their level together with what the levels below know of the
        surroundings; without one, nothing can weigh the first against the second.
    context_widths : sequence of int
        See `ThumbnailBranch`.
    context_size : int
        Length of the vector that describes the whole picture.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        widths: Sequence[int] = (32, 64, 96, 128),
        blocks: Sequence[int] = (0, 1, 1, 2),
        last_blocks: Sequence[int] = (),
        context_widths: Sequence[int] = (16, 32, 48, 64),
        context_size: int = 64,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.settings: Config = {
            "widths": tuple(widths),
            "blocks": tuple(blocks),
            "last_blocks": tuple(last_blocks),
            "context_widths": tuple(context_widths),
            "context_size": context_size,
            "data_format": data_format,
        }
        self.data_format = data_format
        form = {"data_format": data_format}

        def stack(name: str, width: int, count: int) -> list[ResidualBlock]:
            return [ResidualBlock(width, data_format, name=f"{name}_{i}") for i in range(count)]

        *upper, lowest = widths
        self.context_branch = ThumbnailBranch(
            context_widths, context_size, name="context_branch", **form
        )
        self.stem = _conv(widths[0], 4, "stem", strides=2, activation="relu", **form)
        self.encoders = [stack(f"encoder{i}", w, blocks[i]) for i, w in enumerate(upper)]
        self.downs = [
            _conv(w, 2, f"down{i}", strides=2, activation="relu", **form)
            for i, w in enumerate(widths[1:])
        ]
        self.context = keras.layers.Dense(lowest, name="context")
        self.bottom = stack("bottom", lowest, blocks[-1])
        self.ups = [_conv(w, 1, f"up{i}", **form) for i, w in enumerate(upper)]
        self.enlarge = Enlarge(name="enlarge", **form)
        numbers = itertools.count()
        self.decoders = [
            stack(f"decoder{level}", width, blocks[level])
            + [
                ResidualBlock(width, data_format, neutral=True, name=f"last_{next(numbers)}")
                for _ in range(last)
            ]
            for level, (width, last) in enumerate(
                itertools.zip_longest(upper, last_blocks, fillvalue=0)
            )
        ]
        self.head = _conv(12, 3, "head", kernel_initializer="zeros", **form)
        self.shuffle = PixelShuffle(2, name="shuffle", **form)
        self._build_layers()

    def _build_layers(self) -> None:
        widths, last = self.settings["widths"], self.data_format == "channels_last"

        def maps(channels: int, side: int | None = None) -> Shape:
            return (None, side, side, channels) if last else (None, channels, side, side)

        self.context_branch.build(maps(3, THUMBNAIL_SIZE))
        self.stem.build(maps(INPUT_CHANNELS))
        for level, width in enumerate(widths[:-1]):
            for block in (*self.encoders[level], *self.decoders[level]):
                block.build(maps(width))
            self.downs[level].build(maps(width))
            self.ups[level].build(maps(widths[level + 1]))
        for block in self.bottom:
            block.build(maps(widths[-1]))
        self.context.build((None, self.settings["context_size"]))
        self.head.build(maps(widths[0]))
        self.built = True

    @property
    def size_multiple(self) -> int:
        """Number that both sides of a picture must be multiples of."""
        return int(2 ** len(self.settings["widths"]))

    def call(self, inputs: dict[str, Tensor]) -> Tensor:
        """Correct exposed pictures.

        Parameters
        ----------
        inputs : dict
            ``exposed``, a batch of exposed crops in 0..1 with the logarithm of
            the gain of each pixel as the fourth channel; ``thumbnail``, a
            batch of 64x64 thumbnails of the whole pictures as they were.

        Returns
        -------
        tensor
            Enhanced crops of three channels, not clipped to 0..1.
        """
        return self.correct(inputs["exposed"], self.context_branch(inputs["thumbnail"]))

    def correct(self, exposed: Tensor, context: Tensor) -> Tensor:
        """Correct exposed pictures, (batch, height, width, 4), for a context, (batch, n)."""
        features, skips = self.stem(exposed), []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            features = _through(encoder, features)
            skips.append(features)
            features = down(features)
        features = features + per_channel(self.context(context), self.data_format)
        features = _through(self.bottom, features)
        for level in reversed(range(len(self.ups))):
            features = self.enlarge(self.ups[level](features)) + skips[level]
            features = _through(self.decoders[level], features)
        last = self.data_format == "channels_last"
        picture = exposed[..., :3] if last else exposed[:, :3]
        return picture + self.shuffle(self.head(features))

    def receptive_radius(self) -> int:
        """Compute how far the receptive field of an aligned block reaches beyond it.

        A block has sides of `size_multiple` pixels, the period of the
        network. The interval that it depends on is followed back through the
        layers: a convolution widens it by half of its kernel, a change of
        scale rounds it outward.

        Returns
        -------
        int
            In pixels.
        """
        down, last = self.settings["blocks"], self.settings["last_blocks"]
        up = [a + b for a, b in itertools.zip_longest(down[:-1], last, fillvalue=0)]
        low, high = _widened(*_shrunk(0, self.size_multiple), 1)
        for count in up:
            low, high = _shrunk(*_widened(low, high, 2 * count))
        low, high = _widened(low, high, 2 * down[-1])
        for count in reversed(down[:-1]):
            low, high = _widened(2 * low, 2 * high, 2 * count)
        low, high = 2 * low - 1, 2 * high + 1
        return max(-low, high - self.size_multiple)

    def get_config(self) -> Config:
        """Return the arguments of this network."""
        return {**super().get_config(), **self.settings}


def _conv(width: int, kernel: int, name: str, **options: Any) -> keras.layers.Conv2D:
    return keras.layers.Conv2D(width, kernel, padding="same", name=name, **options)


def _through(blocks: Sequence[ResidualBlock], features: Tensor) -> Tensor:
    for block in blocks:
        features = block(features)
    return features


def _shrunk(low: int, high: int) -> tuple[int, int]:
    return low // 2, -(-high // 2)


def _widened(low: int, high: int, reach: int) -> tuple[int, int]:
    return low - reach, high + reach

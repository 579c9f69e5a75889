"""The local branch: a U-Net that corrects an exposed picture, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from scotopic.training.layers import (
    ConditionedBlock,
    Config,
    PixelShuffle,
    PixelUnshuffle,
    Shape,
    Tensor,
    channel_axis,
    expose,
    per_picture,
)

LOCAL_INPUT_GAIN = 4.0
"""Factor for the dark picture at the input, so that its values are not tiny."""


@keras.saving.register_keras_serializable("scotopic")
class LocalBranch(keras.layers.Layer):
    """A U-Net without pooling over the picture, so that its receptive field is finite.

    Its input is the picture, the picture under the exposing curve, and the
    logarithm of the gain. Its output is added to the exposed picture.

    Parameters
    ----------
    widths : sequence of int
        Channels at 1/2, 1/4, 1/8, ... of the picture's size.
    blocks : int
        Residual blocks at each level, on the way down and on the way up; the
        lowest level has twice as many.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 64, 128),
        blocks: int = 1,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.widths = tuple(widths)
        self.blocks = blocks
        self.data_format = data_format
        form = {"data_format": data_format}

        def stack(name: str, width: int, count: int) -> list[ConditionedBlock]:
            return [ConditionedBlock(width, name=f"{name}_{i}", **form) for i in range(count)]

        *upper, lowest = self.widths
        self.unshuffle = PixelUnshuffle(2, name="unshuffle", **form)
        self.stem = keras.layers.Conv2D(self.widths[0], 3, padding="same", name="stem", **form)
        self.encoders = [stack(f"encoder{i}", w, blocks) for i, w in enumerate(upper)]
        self.downs = [
            keras.layers.Conv2D(w, 2, strides=2, name=f"down{i}", **form)
            for i, w in enumerate(self.widths[1:])
        ]
        self.bottom = stack("bottom", lowest, 2 * blocks)
        self.ups = [
            keras.layers.Conv2D(4 * w, 1, name=f"up{i}", **form) for i, w in enumerate(upper)
        ]
        self.shuffle = PixelShuffle(2, name="shuffle", **form)
        self.decoders = [stack(f"decoder{i}", w, blocks) for i, w in enumerate(upper)]
        self.head = keras.layers.Conv2D(
            12, 3, padding="same", kernel_initializer="zeros", name="head", **form
        )

    @property
    def size_multiple(self) -> int:
        """Number that both sides of a picture must be multiples of."""
        return int(2 ** len(self.widths))

    def build(self, picture_shape: Shape, gain_shape: Shape, context_shape: Shape) -> None:
        """Create the weights for pictures and contexts of these shapes."""
        axis = channel_axis(self.data_format)

        def maps(channels: int) -> Shape:
            shape: list[int | None] = [None] * 4
            shape[axis] = channels
            return tuple(shape)

        channels = picture_shape[axis]
        assert channels is not None
        self.stem.build(maps(4 * 2 * channels + 1))
        for level, width in enumerate(self.widths[:-1]):
            for block in (*self.encoders[level], *self.decoders[level]):
                block.build(maps(width), context_shape)
            self.downs[level].build(maps(width))
            self.ups[level].build(maps(self.widths[level + 1]))
        for block in self.bottom:
            block.build(maps(self.widths[-1]), context_shape)
        self.head.build(maps(self.widths[0]))
        self.built = True

    def call(self, picture: Tensor, gain: Tensor, context: Tensor) -> Tensor:
        """Expose pictures by a gain, and correct the result.

        Parameters
        ----------
        picture : tensor, a batch of pictures in 0..1
            Sides multiples of `size_multiple`.
        gain : tensor, (batch, 1), above 0
        context : tensor, (batch, context_size)

        Returns
        -------
        tensor
            Enhanced pictures, of the same shape, not clipped to 0..1.
        """
        exposed = expose(picture, gain)
        features = self._stem(picture, exposed, gain)
        skips = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            features = _through(encoder, features, context)
            skips.append(features)
            features = down(features)
        features = _through(self.bottom, features, context)
        for level in reversed(range(len(self.ups))):
            features = self.shuffle(self.ups[level](features)) + skips[level]
            features = _through(self.decoders[level], features, context)
        return exposed + self.shuffle(self.head(features))

    def _stem(self, picture: Tensor, exposed: Tensor, gain: Tensor) -> Tensor:
        axis = channel_axis(self.data_format)
        pixels = ops.concatenate([picture * LOCAL_INPUT_GAIN, exposed], axis=axis)
        unshuffled = self.unshuffle(pixels)
        first = unshuffled[..., :1] if axis == -1 else unshuffled[:, :1]
        log_gain = ops.zeros_like(first) + per_picture(ops.log(gain))
        return self.stem(ops.concatenate([unshuffled, log_gain], axis=axis))

    def compute_output_shape(
        self,
        picture_shape: Shape,
        gain_shape: Shape | None = None,
        context_shape: Shape | None = None,
    ) -> Shape:
        """Return the shape of the pictures."""
        return picture_shape

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
        low, high = 0, self.size_multiple
        low, high = _shrink(low, high)
        low, high = _widen(low, high, self.head)
        for decoder in self.decoders:
            low, high = _shrink(*_widen_blocks(low, high, decoder))
        low, high = _widen_blocks(low, high, self.bottom)
        for encoder in reversed(self.encoders):
            low, high = _widen_blocks(2 * low, 2 * high, encoder)
        low, high = _widen(low, high, self.stem)
        return max(-2 * low, 2 * high - self.size_multiple)

    def get_config(self) -> Config:
        """Return the arguments of this layer."""
        return {
            **super().get_config(),
            "widths": self.widths,
            "blocks": self.blocks,
            "data_format": self.data_format,
        }


def _through(blocks: Sequence[ConditionedBlock], features: Tensor, context: Tensor) -> Tensor:
    for block in blocks:
        features = block(features, context)
    return features


def _shrink(low: int, high: int) -> tuple[int, int]:
    return low // 2, -(-high // 2)


def _widen(low: int, high: int, conv: keras.layers.Conv2D) -> tuple[int, int]:
    reach = conv.kernel_size[0] // 2
    return low - reach, high + reach


def _widen_blocks(low: int, high: int, blocks: Sequence[ConditionedBlock]) -> tuple[int, int]:
    for block in blocks:
        low, high = _widen(*_widen(low, high, block.conv1), block.conv2)
    return low, high

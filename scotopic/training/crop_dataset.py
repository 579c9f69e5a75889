"""Pairs of pictures by their paths, as a data set for Keras's own ``fit``.

`scotopic train` keeps its pictures in memory and does not use this module. It
is for your own training scripts.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from scotopic.datasets.pictures import picture_size, read_image
from scotopic.errors import InvalidValueError
from scotopic.training.layers import Tensor
from scotopic.training.samples import random_crop
from scotopic.types import Array

__all__ = ["CropDataset", "get_dataset", "load_data", "random_crop", "read_image"]

Paths = Sequence[str | Path]


def load_data(
    low_path: str | Path, high_path: str | Path, crop: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Read a pair and cut one crop from both, at the same random place.

    Parameters
    ----------
    low_path, high_path : path
        Dark picture and reference.
    crop : int
        Side of the crop, in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    low, high : array, (crop, crop, 3), float32 in 0..1

    Raises
    ------
    MissingFileError, UnreadableError
        When a file cannot be read.
    InvalidValueError
        When the two differ in size, or the crop is larger than they are.
    """
    low, high = read_image(low_path), read_image(high_path)
    try:
        low, high = random_crop(low, high, crop, rng)
    except InvalidValueError as error:
        error.about(low_path)
        raise
    unit_low, unit_high = (part.astype(np.float32) / np.float32(255) for part in (low, high))
    return unit_low, unit_high


def get_dataset(
    low_paths: Paths, high_paths: Paths, *, crop: int = 128, batch_size: int = 4, seed: int = 0
) -> keras.utils.PyDataset:
    """Make a data set of batches of aligned random crops, for ``fit``.

    Every picture gives one crop in each epoch. The order and the places of
    the crops are drawn again in each epoch, from the seed. The last batch of
    an epoch may be smaller. Batches are made while the one before is used.

    Parameters
    ----------
    low_paths, high_paths : sequence of paths
        Dark pictures and their references, in the same order. The names of
        the two of a pair, without suffix, must be the same.
    crop : int
        Side of a crop, in pixels.
    batch_size : int
    seed : int

    Returns
    -------
    tf.data.Dataset or CropDataset
        The second, a `keras.utils.PyDataset`, where TensorFlow is not
        installed. Both give batches (low, high), each
        (batch, crop, crop, 3), float32 in 0..1.

    Raises
    ------
    MissingFileError, UnreadableError
        When a file is missing or no picture.
    InvalidValueError
        When the lists differ in length or names, or are empty, when the two
        pictures of a pair differ in size, or when the crop is larger than a
        picture. All files are checked before the first batch.
    """
    dataset = CropDataset(low_paths, high_paths, crop=crop, batch_size=batch_size, seed=seed)
    if importlib.util.find_spec("tensorflow") is None:
        return dataset
    import tensorflow as tf

    def load(index: Tensor, draw: Tensor) -> tuple[Array, Array]:
        return dataset.load(int(index), [seed, int(draw)])

    def shaped(index: Tensor, draw: Tensor) -> tuple[Tensor, Tensor]:
        low, high = tf.numpy_function(load, [index, draw], [tf.float32, tf.float32])
        return tf.ensure_shape(low, (crop, crop, 3)), tf.ensure_shape(high, (crop, crop, 3))

    count = len(dataset.pairs)
    order = tf.data.Dataset.range(count).shuffle(count, seed=seed, reshuffle_each_iteration=True)
    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    samples = tf.data.Dataset.zip((order, draws)).map(shaped, num_parallel_calls=tf.data.AUTOTUNE)
    return samples.batch(batch_size).prefetch(tf.data.AUTOTUNE)


class CropDataset(keras.utils.PyDataset):
    """The data set that `get_dataset` returns where TensorFlow is not installed."""

    def __init__(
        self,
        low_paths: Paths,
        high_paths: Paths,
        *,
        crop: int = 128,
        batch_size: int = 4,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_pairs(low_paths, high_paths, crop)
        self.pairs = list(zip(low_paths, high_paths, strict=True))
        self.crop, self.batch_size, self.seed, self.epoch = crop, batch_size, seed, 0

    def __len__(self) -> int:
        return -(-len(self.pairs) // self.batch_size)

    def __getitem__(self, batch: int) -> tuple[Array, Array]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.pairs))
        chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
        samples = [self.load(index, [self.seed, self.epoch, int(index)]) for index in chosen]
        low, high = (np.stack(part) for part in zip(*samples, strict=True))
        return low, high

    def load(self, index: int, seed: Sequence[int]) -> tuple[Array, Array]:
        """Cut one crop of a pair, at the place that the seed gives."""
        return load_data(*self.pairs[index], self.crop, np.random.default_rng(list(seed)))

    def on_epoch_end(self) -> None:
        """Change to another order and other places."""
        self.epoch += 1


def check_pairs(low_paths: Paths, high_paths: Paths, crop: int) -> None:
    """Check the names and sizes of all files, without decoding them.

    Raises
    ------
    MissingFileError, UnreadableError, InvalidValueError
        For the first file that is wrong; see `get_dataset`.
    """
    if len(low_paths) != len(high_paths):
        raise InvalidValueError(f"{len(low_paths)} dark pictures, but {len(high_paths)} references")
    if not low_paths:
        raise InvalidValueError("no pictures were given")
    for low, high in zip(low_paths, high_paths, strict=True):
        if Path(low).stem != Path(high).stem:
            raise InvalidValueError(f"not a pair, since the name of {high} differs", path=low)
        (width, height), other = picture_size(low), picture_size(high)
        if (width, height) != other:
            raise InvalidValueError(
                "dark picture and reference differ in size: "
                f"{width}x{height} and {other[0]}x{other[1]}",
                path=low,
            )
        if crop > min(width, height):
            raise InvalidValueError(f"a crop of {crop} does not fit {width}x{height}", path=low)

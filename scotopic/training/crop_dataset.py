"""Pairs of pictures by their paths, as a data set for Keras's own ``fit``.

`scotopic train` keeps its pictures in memory and does not use this; it is for
those who bring their own training script.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from scotopic.errors import ScotopicError
from scotopic.training.pairs import random_crop, read_image
from scotopic.types import Array

__all__ = ["CropDataset", "get_dataset", "load_data", "random_crop", "read_image"]

Paths = Sequence[str | Path]


def load_data(
    low_path: str | Path, high_path: str | Path, crop: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Read a pair and cut one crop from both, at the same random place.

    Returns
    -------
    low, high : array, (crop, crop, 3), float32 in 0..1

    Raises
    ------
    ScotopicError
        When a file cannot be read, the two differ in size, or the crop is
        larger than they are.
    """
    low, high = read_image(low_path), read_image(high_path)
    try:
        crops = random_crop(low, high, crop, rng)
    except ScotopicError as error:
        raise ScotopicError(f"{low_path}: {error}") from error
    low, high = (np.float32(part) / np.float32(255) for part in crops)
    return low, high


def get_dataset(
    low_paths: Paths, high_paths: Paths, *, crop: int = 128, batch_size: int = 4, seed: int = 0
) -> Any:
    """Make a data set of batches of aligned random crops, for ``fit``.

    Every picture gives one crop an epoch, in an order and at a place that
    are drawn anew each epoch, by the seed; the last batch may be smaller.
    Batches are made while the one before is used.

    Parameters
    ----------
    low_paths, high_paths : sequence of paths
        Dark pictures and their references, in the same order, of the same
        names without ending.
    crop : int
        Side, in pixels.
    batch_size : int
    seed : int

    Returns
    -------
    tf.data.Dataset or CropDataset
        The latter, a `keras.utils.PyDataset`, where TensorFlow is absent. Of
        (low, high), each (batch, crop, crop, 3), float32 in 0..1.

    Raises
    ------
    ScotopicError
        When the lists differ in length or names, there is none, a file is no
        picture, two pictures of a pair differ in size, or the crop is larger
        than a picture: all are looked at before the first is used.
    """
    dataset = CropDataset(low_paths, high_paths, crop=crop, batch_size=batch_size, seed=seed)
    if importlib.util.find_spec("tensorflow") is None:
        return dataset
    import tensorflow as tf

    def load(index: Any, draw: Any) -> tuple[Array, Array]:
        return dataset.load(int(index), [seed, int(draw)])

    def shaped(index: Any, draw: Any) -> tuple[Any, Any]:
        low, high = tf.numpy_function(load, [index, draw], [tf.float32, tf.float32])
        return tf.ensure_shape(low, (crop, crop, 3)), tf.ensure_shape(high, (crop, crop, 3))

    count = len(dataset.pairs)
    order = tf.data.Dataset.range(count).shuffle(count, seed=seed, reshuffle_each_iteration=True)
    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    samples = tf.data.Dataset.zip((order, draws)).map(shaped, num_parallel_calls=tf.data.AUTOTUNE)
    return samples.batch(batch_size).prefetch(tf.data.AUTOTUNE)


class CropDataset(keras.utils.PyDataset):  # type: ignore[misc]
    """What `get_dataset` gives where TensorFlow is absent; see there."""

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
        """One crop, at the place that the seed gives."""
        return load_data(*self.pairs[index], self.crop, np.random.default_rng(list(seed)))

    def on_epoch_end(self) -> None:
        """Go on to another order and other places."""
        self.epoch += 1


def check_pairs(low_paths: Paths, high_paths: Paths, crop: int) -> None:
    """Look at all files' names and sizes; a `ScotopicError` names the first that is wrong."""
    if len(low_paths) != len(high_paths):
        raise ScotopicError(f"{len(low_paths)} dark pictures, but {len(high_paths)} references")
    if not low_paths:
        raise ScotopicError("no pictures")
    for low, high in zip(low_paths, high_paths, strict=True):
        if Path(low).stem != Path(high).stem:
            raise ScotopicError(f"{low} and {high} do not pair: their names differ")
        sizes = [_size(path) for path in (low, high)]
        if sizes[0] != sizes[1]:
            told = " and ".join(f"{width}x{height}" for width, height in sizes)
            raise ScotopicError(f"{low}: dark picture and reference differ in size: {told}")
        if crop > min(sizes[0]):
            width, height = sizes[0]
            raise ScotopicError(f"{low}: a crop of {crop} does not fit {width}x{height}")


def _size(path: str | Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, SyntaxError, ValueError) as error:
        raise ScotopicError(f"{path}: cannot be read as a picture: {error}") from error

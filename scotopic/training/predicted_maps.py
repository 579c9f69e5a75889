"""Gain maps of training pairs as a trained network predicts them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from scotopic.errors import InvalidValueError
from scotopic.pixels.contrast import with_contrast
from scotopic.pixels.exposure import exposure_of, gain_for
from scotopic.pixels.guide import Guide
from scotopic.pixels.thumbnail import thumbnail
from scotopic.training.checkpoints import WEIGHTS, finished_run, load_weights
from scotopic.training.gain_network import GainNetwork
from scotopic.training.pairs import PairSet
from scotopic.training.presets import build_network
from scotopic.training.training_data import TrainingData
from scotopic.types import Array


def load_gain_network(run: Path, data_format: str = "channels_last") -> GainNetwork:
    """The network of a finished run of the preset ``gain``.

    Raises
    ------
    MissingFileError, UnreadableError
        When the folder holds no finished run, or it is damaged.
    InvalidValueError
        When it is a run of another kind of network.
    """
    network = build_network(finished_run(run)["preset"], data_format)
    if not isinstance(network, GainNetwork):
        raise InvalidValueError("not a run of a network that predicts gain maps", path=run)
    load_weights(network, run / WEIGHTS)
    return network


def use_maps_of(run: Path, data: TrainingData) -> None:
    """Give real pairs the maps that a finished run predicts.

    A local network that is trained with them learns to correct what is
    predicted, and not what only the reference could tell. Pairs whose maps
    are known, or whose references were made for another map, keep theirs.

    Parameters
    ----------
    run : Path
        As for `load_gain_network`, with the errors of it.
    data : TrainingData
    """
    network = load_gain_network(run)
    for pairs in (*data.sets, *data.validation):
        if pairs.gain_maps is None and pairs.teaches_exposure:
            use_predicted_maps(pairs, network)


def use_predicted_maps(pairs: PairSet, network: GainNetwork) -> None:
    """Give pairs the maps that a network predicts, each shifted to its reference's level.

    Parameters
    ----------
    pairs : PairSet
    network : GainNetwork
        Channels last.
    """
    for index, (low, high) in enumerate(zip(pairs.low, pairs.high, strict=True)):
        thumb, level = pairs.thumbnails[index], exposure_of(thumbnail(high))
        predicted: Array = keras.ops.convert_to_numpy(network(thumb[None]))[0, ..., 0]
        guide = Guide.of(low)
        gains = with_contrast(guide.guided(predicted), guide, thumb)
        pairs.set_map(index, gains.reaching(thumb, level), np.log(gain_for(thumb, level)))

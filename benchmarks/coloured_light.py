"""What coloured light does to the gain that is predicted.

    python benchmarks/coloured_light.py LOL SICE [--photos PHOTOS] [--model NAME] [--every 1]

For pictures of held-out scenes, the mean error of ln of the level that is planned, with several shares of the
difference between the map that is predicted for a thumbnail in gray and that for it in colour, given wherever
the first is larger. For photos, the mean gain that each of the two maps has.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import contrast
import numpy as np

from scotopic.datasets.pictures import read_image
from scotopic.enhancer import Enhancer
from scotopic.networks.exposing import ExposingNetwork
from scotopic.photo import formats
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.pixels.units import gray
from scotopic.types import Array
from scotopic.wish import Wish

SHARES = (0.0, 0.35, 0.5, 0.7, 1.0)
Look = Callable[[Array], tuple[Array, Array]]


def in_gray(thumb: Array) -> Array:
    """A thumbnail without its colours, of three channels."""
    return np.repeat(gray(thumb)[..., None], 3, axis=-1).astype(np.float32)


def with_gray(look: Look, share: float) -> Look:
    """A look that gives a share of what the picture in gray would be given more."""

    def both(thumb: Array) -> tuple[Array, Array]:
        log_gain, context = look(thumb)
        more = np.maximum(look(in_gray(thumb))[0] - log_gain, 0)
        return log_gain + np.float32(share) * more, context

    return both


def main() -> None:
    """Print a line for each share and data set, and for each photo."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    enhancer = Enhancer(options.model)
    network = enhancer.network
    assert isinstance(network, ExposingNetwork), "this network predicts no gain map"
    look = network.look
    for folder in options.folders:
        pairs = contrast.held_out(folder, options.every)
        wanted = np.array([exposure_of(thumbnail(high)) for _, high in pairs])
        for share in SHARES:
            with mock.patch.object(network, "look", with_gray(look, share)):
                planned = [enhancer.decide(low, Wish()).exposure_after for low, _ in pairs]
            error = np.abs(np.log(np.array(planned) / wanted)).mean()
            print(f"{folder.name} ({len(pairs)}) {share:.2f}: {error:.4f}", flush=True)
    for path in sorted(options.photos.iterdir()) if options.photos else []:
        if path.suffix.lower() in formats.READ_SUFFIXES:
            thumb = thumbnail(read_image(path))
            gains = [np.exp(look(one)[0].mean()) for one in (thumb, in_gray(thumb))]
            print("{}: {:.2f} in colour, {:.2f} in gray".format(path.name, *gains), flush=True)


if __name__ == "__main__":
    main()

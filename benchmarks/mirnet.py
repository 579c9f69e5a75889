"""Measure the time and memory of MIRNet, and the error that its tiles make.

    KERAS_BACKEND=tensorflow python benchmarks/mirnet.py time runs/mirnet
    python benchmarks/mirnet.py tiles DATA/photos/sony_24mp_mpf.jpg
    python benchmarks/mirnet.py step [--preset mirnet] [--batch 4] [--crop 128]

`time` measures a picture of 600x400 in Keras (compiled by its backend) and in
the exported graph RUN/mirnet.onnx, with the same weights, in turns. `tiles`
measures how far the results of tiles of several sizes are from the result of
the whole picture, since the network pools over the picture. `step` measures the
time and the memory of one step of training.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.measures import likeness
from scotopic.photo import reading

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def show_time(run: Path, repeats: int = 7) -> None:
    """Print the seconds of both, and how much the pictures differ."""
    import keras

    from scotopic.networks.loading import load
    from scotopic.networks.whole import WholeNetwork
    from scotopic.training.checkpoints import WEIGHTS, finished_run, load_weights
    from scotopic.training.presets import build_network
    from scotopic.training.tasks import no_gradient

    network = load_weights(build_network(finished_run(run)["preset"]), run / WEIGHTS)
    exported = load(str(run / "mirnet.onnx"))
    assert isinstance(exported, WholeNetwork)
    batch = np.random.default_rng(0).random((1, 400, 600, 3), dtype=np.float32) / 4
    planes = np.ascontiguousarray(np.moveaxis(batch, -1, 1))
    seconds: dict[str, list[float]] = {"keras": [], "onnx": []}
    for _ in range(repeats + 1):
        with no_gradient():
            began = time.perf_counter()
            slow = network.predict_on_batch(batch)
        seconds["keras"].append(time.perf_counter() - began)
        began = time.perf_counter()
        fast = exported.enhance(planes)
        seconds["onnx"].append(time.perf_counter() - began)
    apart = np.abs(np.moveaxis(np.asarray(slow), -1, 1) - fast).max()
    for name, values in seconds.items():
        kept = sorted(values[1:])
        label = f"{name} on {keras.backend.backend()}" if name == "keras" else name
        print(f"{label}: {kept[0]:.3f} s at least, median {kept[len(kept) // 2]:.3f} s")
    print(f"largest difference {apart:.1e}")


def show_tiles(path: Path, model: str) -> None:
    """Print how far tiles are from the whole picture, at several memory limits."""
    image = Image.fromarray(reading.read(path).pixels).resize((1800, 1200), Image.Resampling.BOX)
    dark = (np.asarray(image).astype(np.float32) * 0.25).astype(np.uint8)
    whole, _ = Enhancer(model, memory=8 * 2**30).enhance_array(dark)
    for megabytes in (800, 500, 350, 1):
        parts, report = Enhancer(model, memory=megabytes * 2**20).enhance_array(dark)
        level = np.abs(whole.astype(float) - parts)
        print(
            f"{report.tiles:4} tiles: PSNR against the whole {likeness.psnr(parts, whole):.1f} dB,"
            f" mean difference {level.mean():.2f} of 255, greatest {level.max():.0f}"
        )


def show_step(preset: str, batch: int, crop: int) -> None:
    """Print the time and the memory of a step of training."""
    from scotopic.training.loop import compiled
    from scotopic.training.presets import build_network, find_recipe

    network = compiled(build_network(preset), find_recipe("default", preset), 100)
    pictures = np.random.default_rng(0).random((batch, crop, crop, 3), dtype=np.float32)
    seconds: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        network.train_on_batch(pictures, pictures)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{preset}, {batch} crops of {crop}: {min(seconds):.2f} s a step, peak {peak:.1f} GiB")


def main() -> None:
    """Run the command that was given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    timing = what.add_parser("time")
    timing.add_argument("run", type=Path, help="finished run, with its mirnet.onnx")
    tiles = what.add_parser("tiles")
    tiles.add_argument("photo", type=Path)
    tiles.add_argument("--model", default="mirnet_small_lol")
    step = what.add_parser("step")
    step.add_argument("--preset", default="mirnet")
    step.add_argument("--batch", type=int, default=4)
    step.add_argument("--crop", type=int, default=128)
    options = parser.parse_args()
    if options.what == "time":
        show_time(options.run)
    elif options.what == "tiles":
        show_tiles(options.photo, options.model)
    else:
        show_step(options.preset, options.batch, options.crop)


if __name__ == "__main__":
    main()

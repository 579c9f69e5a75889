"""Flicker of enhanced films: how levels change over time, beside frame by frame and the input.

    python benchmarks/flicker.py static [PHOTOGRAPH] [--frames 100]
    python benchmarks/flicker.py scenes [PHOTOGRAPHS...] --plot flicker.png
    python benchmarks/flicker.py temporal [PHOTOGRAPHS...]

Clips are made of photographs (by default those that come with scikit-image), darkened, with the noise
of a camera of the simulation, new in each frame.

`static`: a scene in which nothing moves. For each way of exposing it, the largest distance of a frame's
mean level from the average over time, and the standard deviation over time of the mean level and of means
of blocks of 16x16 pixels (the mean of all blocks), levels being 0 to 1. `same gain` is the input exposed by
one gain map, that of the first frame, without the network: what its noise alone does.

`scenes`: a pan, a cut, a light switched on, and a fade, as plots of the mean level of each frame: of the
input, frame by frame, and as a series; and for each the frames at which scenes begin.

`temporal`: noise and ghosts by the strength of `--temporal`: the standard deviation over time of pixels in
a static scene, and the error against a result without noise where an object moves and behind it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")

from scotopic.datasets.pictures import read_image
from scotopic.enhancer import PLAIN_WISH, Enhancer
from scotopic.pixels.exposure import expose
from scotopic.pixels.thumbnail import reduced
from scotopic.pixels.units import gray
from scotopic.series.film import FrameSeries
from scotopic.training.simulate import Camera, to_encoded, to_linear
from scotopic.training.training_data import free_photographs
from scotopic.types import Array

HEIGHT, WIDTH = 270, 480
FPS = 25.0
GAIN = 8.0
"""By which a clip is darker than the photograph."""
CAMERA = Camera(9e-4, 1.5e-4, 0.8, True, np.array([1.8, 1.0, 1.5]))
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def photograph(path: Path | None, name: str = "coffee.png") -> Array:
    """A photograph to make a clip of, darkened, (height, width, 3), floats in 0..1."""
    picture = free_photographs()[name] if path is None else read_image(path)
    scale = max(HEIGHT / picture.shape[0], WIDTH / picture.shape[1])
    height, width = (
        max(least, round(scale * side))
        for least, side in zip((HEIGHT, WIDTH), picture.shape[:2], strict=True)
    )
    return expose(reduced(picture, height, width), 1 / GAIN)


def seen(scene: Array, number: int) -> Array:
    """A frame as a camera sees a scene, uint8, with its own noise."""
    light = CAMERA.photograph(to_linear(scene), np.random.default_rng(number))
    frame: Array = np.rint(255 * to_encoded(light)).astype(np.uint8)
    return frame


def part(scene: Array, left: int = 0) -> Array:
    """The part of a photograph that is a frame."""
    return scene[:HEIGHT, left : left + WIDTH]


def level(frame: Array) -> float:
    """Mean gray, 0 to 1."""
    return float(gray(frame.astype(np.float64) / 255).mean())


def blocks(frame: Array) -> Array:
    """Means of blocks of 16x16 pixels, 0 to 1."""
    picture = gray(frame.astype(np.float64) / 255)
    rows, columns = (side // 16 for side in picture.shape)
    cut = picture[: rows * 16, : columns * 16]
    means: Array = cut.reshape(rows, 16, columns, 16).mean(axis=(1, 3))
    return means


def alone(enhancer: Enhancer, frames: list[Array]) -> Iterator[Array]:
    """Each frame enhanced for itself."""
    return (enhancer.enhance_array(frame)[0] for frame in frames)


def static(enhancer: Enhancer, path: Path | None, count: int) -> None:
    """Print the table of a scene in which nothing moves."""
    scene = part(photograph(path))
    frames = [seen(scene, number) for number in range(count)]
    gains = enhancer.decide(frames[0], PLAIN_WISH).gains
    same = (255 * gains.exposed(frame.astype(np.float32) / 255) for frame in frames)
    ways = {
        "same gain, no network": same,
        "frame by frame": alone(enhancer, frames),
        "as a series, temporal 0": FrameSeries(enhancer, fps=FPS, temporal=0).enhance(frames),
        "the same, temporal 0.5": FrameSeries(enhancer, fps=FPS, temporal=0.5).enhance(frames),
    }
    print("                        farthest level  deviation of the level  of blocks")
    for name, results in ways.items():
        made = [(level(frame), blocks(frame)) for frame in results]
        levels = np.array([one for one, _ in made])
        deviation = np.array([one for _, one in made]).std(axis=0).mean()
        print(
            f"{name:24}{np.abs(levels - levels.mean()).max():14.5f}{levels.std():24.5f}"
            f"{deviation:11.5f}",
            flush=True,
        )


def pan(first: Array, second: Array, count: int) -> Iterator[Array]:
    """Across a photograph."""
    del second
    across = first.shape[1] - WIDTH
    for number in range(count):
        yield part(first, round(across * number / (count - 1)))


def cut(first: Array, second: Array, count: int) -> Iterator[Array]:
    """To a brighter photograph, in the middle."""
    for number in range(count):
        yield part(first) if number < count // 2 else expose(part(second), 2.5)


def switch(first: Array, second: Array, count: int) -> Iterator[Array]:
    """A light on in the middle: one gain of 5, and a lamp in a corner."""
    del second
    lit = expose(part(first), 5.0)
    lit[20:60, 20:60] = 0.98
    for number in range(count):
        yield part(first) if number < count // 2 else lit


def fade(first: Array, second: Array, count: int) -> Iterator[Array]:
    """To black, and from black to another photograph."""
    for number in range(count):
        share = abs(2 * number / (count - 1) - 1)
        scene = first if number < count // 2 else second
        yield to_encoded(to_linear(part(scene)) * share**2).astype(np.float32)


CLIPS: dict[str, Callable[[Array, Array, int], Iterator[Array]]] = {
    "pan": pan,
    "cut": cut,
    "light switched on": switch,
    "fade": fade,
}


def scenes(enhancer: Enhancer, paths: list[Path], plot: Path, count: int) -> None:
    """Draw the levels of four clips, and print where scenes begin."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    given = [*paths, None, None][:2]
    first, second = (
        photograph(path, name)
        for path, name in zip(given, ("motorcycle_left.png", "coffee.png"), strict=True)
    )
    figure, axes = plt.subplots(2, 2, figsize=(12, 7))
    for (name, made), axis in zip(CLIPS.items(), axes.flat, strict=True):
        frames = [seen(scene, number) for number, scene in enumerate(made(first, second, count))]
        series = FrameSeries(enhancer, fps=FPS)
        smooth = [level(frame) for frame in series.enhance(frames)]
        print(f"{name}: scenes begin at {[scene.first for scene in series.scenes]}", flush=True)
        times = np.arange(count) / FPS
        axis.plot(times, [level(frame) for frame in frames], label="input", color="0.6")
        axis.plot(
            times, [level(frame) for frame in alone(enhancer, frames)], label="frame by frame"
        )
        axis.plot(times, smooth, label="as a series")
        axis.set(title=name, xlabel="seconds", ylabel="mean level", ylim=(0, None))
    axes.flat[0].legend()
    figure.tight_layout()
    figure.savefig(plot, dpi=90)


def temporal(enhancer: Enhancer, paths: list[Path], count: int) -> None:
    """Print noise and ghosts by strength."""
    given = [*paths, None, None][:2]
    back, front = (
        part(photograph(path, name))
        for path, name in zip(given, ("coffee.png", "chelsea.png"), strict=True)
    )
    side, step = 80, 6

    def place(number: int) -> tuple[slice, slice]:
        left = 40 + step * number
        return slice(80, 80 + side), slice(left, left + side)

    moving = []
    for number in range(count):
        scene = back.copy()
        scene[place(number)] = front[:side, :side]
        moving.append(scene)
    still = [seen(back, number) for number in range(count)]
    clean = [np.rint(255 * scene).astype(np.uint8) for scene in moving]
    noisy = [seen(scene, number) for number, scene in enumerate(moving)]
    wanted = list(FrameSeries(enhancer, fps=FPS).enhance(clean))
    print("temporal  deviation over time   error of the object   error behind it   error elsewhere")
    for strength in STRENGTHS:
        made = np.stack(list(FrameSeries(enhancer, fps=FPS, temporal=strength).enhance(still))[8:])
        noise = (made.astype(np.float64) / 255).std(axis=0).mean()
        results = FrameSeries(enhancer, fps=FPS, temporal=strength).enhance(noisy)
        errors = []
        for number, (result, want) in enumerate(zip(results, wanted, strict=True)):
            if number < 8:
                continue
            off = np.abs(result.astype(np.float64) - want) / 255
            rows, columns = place(number)
            behind = slice(columns.start - 4 * step, columns.start)
            rest = off.copy()
            rest[rows, behind.start : columns.stop] = np.nan
            errors.append([off[rows, columns].mean(), off[rows, behind].mean(), np.nanmean(rest)])
        told = "{:18.5f} {:18.5f} {:17.5f}".format(*np.mean(errors, axis=0))
        print(f"{strength:8.2f} {noise:18.5f} {told}", flush=True)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["static", "scenes", "temporal"])
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--plot", type=Path, default=Path("flicker.png"))
    options = parser.parse_args()
    enhancer = Enhancer(options.model, threads=options.threads)
    if options.what == "static":
        static(enhancer, options.photographs[0] if options.photographs else None, options.frames)
    elif options.what == "scenes":
        scenes(enhancer, options.photographs, options.plot, options.frames)
    else:
        temporal(enhancer, options.photographs, min(options.frames, 50))


if __name__ == "__main__":
    main()

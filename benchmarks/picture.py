"""What a network does to colours, noise and subjects in the dark.

    python benchmarks/picture.py colors PHOTOS... [--model NAME]
    python benchmarks/picture.py noise PHOTOGRAPHS... [--model NAME]
    python benchmarks/picture.py drift PHOTOGRAPHS... [--model NAME]
    python benchmarks/picture.py subjects PANEL [--model NAME]
    python benchmarks/picture.py grain PANEL... [--model NAME]

`colors` enhances each photo of some folders, automatically. In its lit, saturated areas (Lab
lightness above 30, chroma above 25, at a quarter of its size) it tells the median shift of the hue
in degrees and the median saturation (chroma by the length of the Lab vector) relative to the
input's; beside them, by how many hundredths of the picture the pixels with a channel at its
highest value grow.

`noise` takes every twentieth photograph of each folder, which training holds out, darkens it by
the inverse of the exposing curve, adds noise of a known deviation, that of simulated cameras or
white, rounds to 8 bits, and gives the exact gain to the network: PSNR of the exposed and of the
enhanced picture against the photograph (its shadows nearer to gray, as `scotopic.pixels.shadows`
makes them for all three), and how much of the photograph's fine detail (what a blur of one pixel
takes away) is in the enhanced picture: 1 is all of it.

`drift` takes every seventh photograph of each folder, half of them under warm light, darkens it,
adds a little noise of simulated cameras, and gives the exact gain, 6 or 14. What is then off in the
colours of cells of 24x24 pixels (Lab a and b, their distance from the photograph's) the network has
added: the mean, that of the worst twentieth of the cells, and that of the worst cell, averaged over
the photographs; beside them the mean of the exposed picture, which comes from noise and rounding.

`subjects` enhances the pictures of the panel that have a subject in the dark beside something in
the light, automatically. It tells the median Lab lightness of the subject before and after, and
how many hundredths of the pixels in the light have a channel of 250 or more. Both rectangles were
chosen by eye (`SPOTS`). A subject should come to 28 or more, and nothing should burn.

`grain` measures the noise that a network leaves in flat dark areas, as `scotopic evaluate` does
(`noise_level`, here the mean of blocks): of the input exposed by the network's gain map alone, of
the picture enhanced, which has the same map, and the ratio of both, which should be a third or
less. It does so at full size, and averaged by 2, where coarse grain shows. The blocks of 16x16
pixels are those of the input that are dark (mean gray below 0.2), not clipped (less than 1 % of
the pixels black), and the flattest tenth of these: where the blurred picture varies least,
relative to the block's mean; none if fewer than 100 blocks are dark. Where the noise of the
exposed input is below half a level of 8 bits, there is none to remove, and so no ratio.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage.color import rgb2lab
from skimage.filters import gaussian

from scotopic.datasets.pictures import list_pictures, read_image
from scotopic.enhancer import Enhancer
from scotopic.measures.likeness import noise_level, psnr
from scotopic.networks.exposing import ExposingNetwork
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.pixels import shadows
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.planes import planes
from scotopic.pixels.thumbnail import reduced, thumbnail
from scotopic.pixels.units import gray
from scotopic.training.simulate import Camera, blurred, darkened, to_encoded, to_linear
from scotopic.types import Array

NOISES = (0.0, 0.005, 0.01, 0.02)
GAIN = 8.0
SIDE = 256
LITTLE_NOISE = 0.004
LIGHTS = {"plain": np.ones(3), "warm": np.array([1.0, 0.72, 0.5])}
CELL = 24

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a rectangle, relative to the picture's sides."""


class Spot(NamedTuple):
    """A subject in the dark, and what is in the light and must not burn."""

    shows: str
    subject: Box
    light: Box


SPOTS = {
    "01": Spot("face by a lit curtain", (0.64, 0.40, 0.73, 0.47), (0.22, 0.27, 0.58, 0.55)),
    "04": Spot("board by a window", (0.12, 0.36, 0.23, 0.55), (0.385, 0.31, 0.50, 0.69)),
    "12": Spot("hedge under street lamps", (0.02, 0.67, 0.20, 0.74), (0.815, 0.325, 0.955, 0.385)),
    "14": Spot("house behind a lit bus", (0.80, 0.38, 0.90, 0.55), (0.53, 0.13, 0.74, 0.22)),
    "20": Spot("shirt before a screen", (0.15, 0.72, 0.30, 0.90), (0.54, 0.155, 0.735, 0.35)),
    "22": Spot("plants above bright sand", (0.70, 0.25, 0.88, 0.60), (0.00, 0.82, 0.60, 0.95)),
    "23": Spot("leaves behind a welder", (0.12, 0.26, 0.34, 0.48), (0.40, 0.55, 0.52, 0.70)),
    "29": Spot("wall beside a lamp", (0.58, 0.75, 0.69, 0.92), (0.12, 0.40, 0.43, 0.52)),
    "31": Spot("face before the sky", (0.37, 0.36, 0.57, 0.50), (0.05, 0.02, 0.27, 0.20)),
    "34": Spot("face behind candles", (0.54, 0.06, 0.69, 0.36), (0.50, 0.70, 0.87, 0.90)),
}
BRIGHT_ENOUGH = 28.0
BURNT = 250

BLOCK = 16
DARK = 0.2
CLIPPED_SHARE = 0.01
FLATTEST_SHARE = 0.1
FEWEST_DARK = 100
BLUR = 3.0
LEAST_NOISE = 0.5 / 255


def quarter(picture: Array) -> Array:
    """A picture at a quarter of its size, floats in 0..1."""
    height, width = (max(1, side // 4) for side in picture.shape[:2])
    return reduced(picture, height, width)


def lit_colors(before: Array, after: Array) -> tuple[float, float] | None:
    """Median shift of the hue in degrees, and saturation kept, in lit, saturated areas."""
    old, new = rgb2lab(before), rgb2lab(after)
    chroma = [np.hypot(lab[..., 1], lab[..., 2]) for lab in (old, new)]
    lit = (old[..., 0] > 30) & (chroma[0] > 25)
    if lit.sum() < 50:
        return None
    hue = [np.arctan2(lab[..., 2], lab[..., 1]) for lab in (old, new)]
    shift = np.degrees(np.abs(np.angle(np.exp(1j * (hue[1] - hue[0])))))
    lengths = [np.sqrt((lab**2).sum(axis=-1)) + 1e-6 for lab in (old, new)]
    kept = (chroma[1] / lengths[1])[lit] / (chroma[0] / lengths[0])[lit]
    return float(np.median(shift[lit])), float(np.median(kept))


def colors(folders: list[Path], model: str) -> None:
    """Print a line for each photo."""
    enhancer = Enhancer(model)
    print("photo                          hue shift  saturation kept  pixels at 255, %")
    for folder in folders:
        for name, path in list_pictures(folder).items():
            before = read_image(path)
            after = enhancer.enhance_array(before)[0]
            found = lit_colors(quarter(before), quarter(after))
            full = [float((picture == 255).any(axis=-1).mean()) for picture in (before, after)]
            told = "none lit and saturated" if found is None else "{:7.1f} {:14.2f}".format(*found)
            print(f"{name[:28]:28} {told:>24} {100 * (full[1] - full[0]):+14.2f}", flush=True)


def white(clean: Array, rng: np.random.Generator) -> Array:
    """Noise without colour or grain of its own."""
    result: Array = rng.normal(0, 1, clean.shape)
    return result


def of_a_camera(clean: Array, rng: np.random.Generator) -> Array:
    """Noise of a camera of the simulation, drawn at random, in a picture of these levels."""
    seen = to_encoded(Camera.drawn(rng).photograph(to_linear(clean), rng))
    result: Array = (seen - clean) / (seen - clean).std()
    return result


def noise(folders: list[Path], model: str) -> None:
    """Print the mean PSNR, and the detail kept, by kind and deviation of the noise."""
    network = Enhancer(model).network
    assert isinstance(network, ExposingNetwork)
    paths = [path for folder in folders for path in sorted(list_pictures(folder).values())[::20]]
    photographs = [read_image(path) for path in paths]
    targets = [reduced(one, SIDE, SIDE) for one in photographs if min(one.shape[:2]) > SIDE]
    gains = GainMap.uniform(GAIN)
    print(
        f"{len(targets)} photographs, gain {GAIN:g}\nnoise               exposed  enhanced  detail"
    )
    for kind in (of_a_camera, white):
        for deviation in NOISES:
            scores = []
            for seed, target in enumerate(targets):
                clean = darkened(target, gains)
                noisy = clean + deviation * kind(clean, np.random.default_rng(seed))
                dark = np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
                exposed, enhanced = corrected(network, dark, gains)
                wanted = shadows.exposed_calmly(clean, gains)
                scores.append(
                    [psnr(exposed, wanted), psnr(enhanced, wanted), detail_kept(enhanced, wanted)]
                )
            name = f"{deviation:<6} {kind.__name__.replace('_', ' ')}"
            told = "{:7.2f}  {:8.2f}  {:6.2f}".format(*np.mean(scores, axis=0))
            print(f"{name:20}{told}", flush=True)


def detail_kept(picture: Array, photograph: Array) -> float:
    """Amplitude of a photograph's fine detail in a picture, relative to its own."""
    found, wanted = (one - blurred(one, 1.0) for one in (picture, photograph))
    return float(np.vdot(wanted, found) / np.vdot(wanted, wanted))


def drift(folders: list[Path], model: str) -> None:
    """Print how far the colours of cells are off, for plain and for warm light."""
    network = Enhancer(model).network
    assert isinstance(network, ExposingNetwork)
    paths = [path for folder in folders for path in sorted(list_pictures(folder).values())[::7]]
    photographs = [read_image(path) for path in paths]
    scores: dict[str, list[list[float]]] = {"plain": [], "warm": []}
    for seed, photograph in enumerate(photographs):
        light = "warm" if seed % 2 else "plain"
        target = np.clip(reduced(photograph, SIDE, SIDE) * LIGHTS[light], 0, 1)
        gains, rng = GainMap.uniform(14.0 if seed % 3 else 6.0), np.random.default_rng(seed)
        clean = darkened(target, gains)
        noisy = clean + LITTLE_NOISE * of_a_camera(clean, rng)
        dark = np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
        calm = shadows.exposed_calmly(clean, gains)
        wanted, exposed, enhanced = (
            cell_colors(one) for one in (calm, *corrected(network, dark, gains))
        )
        off = np.linalg.norm(enhanced - wanted, axis=-1)
        noise_alone = float(np.linalg.norm(exposed - wanted, axis=-1).mean())
        scores[light].append([off.mean(), np.quantile(off, 0.95), off.max(), noise_alone])
    print("light  photographs    mean  worst twentieth  worst cell  exposed alone")
    for light, rows in (*scores.items(), ("all", sum(scores.values(), []))):
        told = "{:8.2f} {:16.2f} {:11.2f} {:14.2f}".format(*np.mean(rows, axis=0))
        print(f"{light:6} {len(rows):11}{told}")


def cell_colors(picture: Array) -> Array:
    """Mean Lab a and b of cells of 24x24 pixels, (rows, columns, 2)."""
    lab = rgb2lab(picture)[..., 1:]
    rows, columns = (side // CELL for side in lab.shape[:2])
    cells = lab[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL, 2)
    result: Array = cells.mean(axis=(1, 3))
    return result


def corrected(network: ExposingNetwork, dark: Array, gains: GainMap) -> list[Array]:
    """A whole small picture as exposed by a map, and as the network corrects it."""
    rows, columns = gains.weights(dark.shape[:2])
    grid = {"slope": gains.slope, "offset": gains.offset, "rows": rows, "columns": columns}
    thumb = thumbnail(dark)
    context = network.look(thumb)[1]
    calm = shadows.with_calm_shadows(planes(dark), gains.mean_gain(thumb), axis=1)
    made = network.correct(calm, grid, context, ("exposed", "enhanced"))
    return [np.clip(np.moveaxis(plane[0], 0, -1), 0, 1) for plane in made]


def inside(picture: Array, box: Box) -> Array:
    """The part of a picture within a rectangle."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    rows = slice(round(top * height), round(bottom * height))
    return picture[rows, round(left * width) : round(right * width)]


def subjects(folder: Path, model: str) -> None:
    """Print a line for each picture of `SPOTS`."""
    enhancer, pictures = Enhancer(model), list_pictures(folder)
    print("picture                      subject, L      burnt in the light, %")
    found = []
    for name, spot in SPOTS.items():
        before = read_image(pictures[name])
        both = before, enhancer.enhance_array(before)[0]
        levels = [float(np.median(rgb2lab(inside(one, spot.subject))[..., 0])) for one in both]
        burnt = [100 * (inside(one, spot.light) >= BURNT).any(axis=-1).mean() for one in both]
        found.append((levels[1], burnt[1] - burnt[0]))
        told = "{:4.1f} -> {:4.1f}     {:6.2f} -> {:6.2f}".format(*levels, *burnt)
        print(f"{name} {spot.shows:25} {told}", flush=True)
    after, grown = np.array(found).T
    enough = int((after >= BRIGHT_ENOUGH).sum())
    print(f"{enough} of {len(after)} subjects at {BRIGHT_ENOUGH:g} or more")
    print(f"burnt areas grow by {grown.max():.2f} at most")


def blocks(picture: Array) -> Array:
    """All whole blocks of a picture, (blocks, BLOCK, BLOCK, channels)."""
    rows, columns = (side // BLOCK for side in picture.shape[:2])
    whole = picture[: rows * BLOCK, : columns * BLOCK]
    grid = whole.reshape(rows, BLOCK, columns, BLOCK, -1).swapaxes(1, 2)
    result: Array = grid.reshape(rows * columns, BLOCK, BLOCK, -1)
    return result


def flat_dark(picture: Array) -> Array:
    """Numbers of the blocks that are dark, not clipped, and flattest; none if few are dark."""
    level = gray(picture / 255)
    pixels = blocks(level)
    mean = pixels.mean(axis=(1, 2, 3))
    # Noise that is cut off at black shows less than it would in the light.
    clipped = (pixels == 0).mean(axis=(1, 2, 3)) >= CLIPPED_SHARE
    dark = np.flatnonzero((mean < DARK) & ~clipped)
    if len(dark) < FEWEST_DARK:
        return dark[:0]
    # Blurred, so that flat does not mean free of noise.
    blur: Callable[..., Array] = gaussian  # scikit-image gives it no types
    structure = np.ptp(blocks(blur(level, BLUR))[dark], axis=(1, 2, 3)) / mean[dark]
    return dark[np.argsort(structure, kind="stable")[: int(FLATTEST_SHARE * len(dark))]]


def exposed_and_enhanced(enhancer: Enhancer, picture: Array) -> tuple[Array, Array]:
    """A picture by its gain map alone, and whole; both in 8 bits."""
    look, enhanced = enhancer.decide(picture), np.empty_like(picture)
    enhancer.apply(picture, look, enhanced)
    exposed = look.gains.exposed(picture / np.float32(255))
    return np.rint(255 * exposed).astype(np.uint8), enhanced


def noise_of(cut: Array, factor: int) -> float:
    """Mean noise of blocks that are averaged by a factor."""
    side = BLOCK // factor
    return float(np.mean([noise_level(reduced(block, side, side)) for block in cut]))


def ratio_of(exposed: float, enhanced: float) -> float:
    """The share of noise that is left; not a number where there is none to remove."""
    return enhanced / exposed if exposed >= LEAST_NOISE else float("nan")


def grain(folders: list[Path], model: str) -> None:
    """Print a line for each picture, and the median ratio."""
    enhancer = Enhancer(model)
    # Of another network, the gain map does not say what it does to the picture.
    assert isinstance(enhancer.network, ExposingNetwork)
    print("                                       full size              averaged by 2")
    print("picture              blocks  exposed enhanced ratio  exposed enhanced ratio")
    ratios = []
    for folder in folders:
        for name, path in list_pictures(folder).items():
            picture = read_image(path)
            chosen = flat_dark(picture)
            line = f"{name[:20]:20} {len(chosen):6}"
            if chosen.size:
                both = [blocks(one)[chosen] for one in exposed_and_enhanced(enhancer, picture)]
                noises = np.array([[noise_of(cut, factor) for cut in both] for factor in (1, 2)])
                ratios.append([ratio_of(*noise) for noise in noises])
                for noise, ratio in zip(noises, ratios[-1], strict=True):
                    line += "  {:7.4f} {:8.4f}".format(*noise)
                    line += "     -" if np.isnan(ratio) else f"{ratio:6.2f}"
            print(line, flush=True)
    medians = np.nanmedian(np.reshape(ratios, (-1, 2)), axis=0)
    print(f"{'median':45}{medians[0]:6.2f}{medians[1]:24.2f}")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("colors", "noise", "drift", "subjects", "grain"))
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    if options.what == "subjects":
        subjects(options.folders[0], options.model)
    else:
        measure = {"colors": colors, "noise": noise, "drift": drift, "grain": grain}[options.what]
        measure(options.folders, options.model)


if __name__ == "__main__":
    main()

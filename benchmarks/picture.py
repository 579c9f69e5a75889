"""What a network does to the colours and the noise of pictures, and what the curve does alone.

    python benchmarks/picture.py colors PHOTOS... [--model NAME]
    python benchmarks/picture.py noise PHOTOGRAPHS... [--model NAME]
    python benchmarks/picture.py curve DATASET... [--photos FOLDER]

`colors` enhances each photo of some folders, automatically. In its lit, saturated areas (Lab
lightness above 30, chroma above 25, at a quarter of its size) it tells the median shift of the hue
in degrees and the median saturation (chroma by the length of the Lab vector) relative to the
input's; beside them, by how many hundredths of the picture the pixels with a channel at its
highest value grow.

`noise` takes every twentieth photograph of each folder, which training holds out, darkens it by
the inverse of the exposing curve, adds white noise of a known deviation, rounds to 8 bits, and
gives the exact gain to the network: PSNR of the exposed and of the enhanced picture.

`curve` exposes the dark pictures of pairs (every tenth one, at a quarter of their size) to the
levels of their references with several values of `COLOR_KEPT`: PSNR, mean error of the hue, and
saturation (HSV) relative to the reference; with --photos also the shift of the hue and the
saturation of lit, saturated areas at a gain of 4.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from skimage.color import rgb2hsv, rgb2lab

from scotopic.datasets.pictures import list_pictures, read_image
from scotopic.enhancer import Enhancer
from scotopic.measures.likeness import psnr
from scotopic.networks.exposing import ExposingNetwork
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.pixels import exposure
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.planes import planes
from scotopic.pixels.thumbnail import reduced, thumbnail
from scotopic.training.pairs import pair_paths, training_folder
from scotopic.training.simulate import darkened
from scotopic.types import Array

NOISES = (0.005, 0.01, 0.02)
GAIN = 8.0
KEPT = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
SIDE = 256


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


def noise(folders: list[Path], model: str) -> None:
    """Print the mean PSNR by noise."""
    network = Enhancer(model).network
    assert isinstance(network, ExposingNetwork)
    paths = [path for folder in folders for path in sorted(list_pictures(folder).values())[::20]]
    photographs = [read_image(path) for path in paths]
    targets = [reduced(one, SIDE, SIDE) for one in photographs if min(one.shape[:2]) > SIDE]
    gains = GainMap.uniform(GAIN)
    rows, columns = gains.weights((SIDE, SIDE))
    grid = {"slope": gains.slope, "offset": gains.offset, "rows": rows, "columns": columns}
    print(f"{len(targets)} photographs, gain {GAIN:g}\nnoise   exposed  enhanced")
    for deviation in NOISES:
        scores = []
        for seed, target in enumerate(targets):
            rng = np.random.default_rng(seed)
            noisy = darkened(target, gains) + rng.normal(0, deviation, target.shape)
            dark = np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
            context = network.look(thumbnail(dark))[1]
            made = network.correct(planes(dark), grid, context, ("exposed", "enhanced"))
            pictures = [np.clip(np.moveaxis(plane[0], 0, -1), 0, 1) for plane in made]
            scores.append([psnr(picture, target) for picture in pictures])
        exposed, enhanced = np.mean(scores, axis=0)
        print(f"{deviation:<7} {exposed:7.2f}  {enhanced:8.2f}", flush=True)


def curve(data_sets: list[Path], photos: Path | None) -> None:
    """Print a line for each value of `COLOR_KEPT`."""
    for kept in KEPT:
        exposure.COLOR_KEPT = kept
        line = f"{kept:<4}"
        for data in data_sets:
            rows = [
                against_reference(quarter(read_image(low)), quarter(read_image(high)))
                for _, low, high in pair_paths(training_folder(data))[::10]
            ]
            means = np.nanmean(rows, axis=0)
            line += f"  {data.name}: {means[0]:.2f} dB, {means[1]:.1f} deg, {means[2]:.2f}"
        if photos is not None:
            dark = [quarter(read_image(path)) for path in list_pictures(photos).values()]
            found = [lit_colors(one, exposure.expose(one, 4.0)) for one in dark]
            shift, saturation = np.array([one for one in found if one]).T
            line += f"  photos: {np.median(shift):.1f}, {shift.max():.1f}, {saturation.min():.2f}"
        print(line, flush=True)


def against_reference(low: Array, high: Array) -> tuple[float, float, float]:
    """PSNR, error of the hue in degrees, and relative saturation at the reference's level."""
    made = exposure.expose(low, exposure.gain_for(low, exposure.exposure_of(high)))
    hsv, wanted = rgb2hsv(made), rgb2hsv(high)
    colored = wanted[..., 1] * wanted[..., 2] > 0.15
    if not colored.any():
        return psnr(made, high), np.nan, np.nan
    apart = np.abs((hsv[..., 0] - wanted[..., 0] + 0.5) % 1 - 0.5) * 360
    relative = hsv[..., 1][colored] / wanted[..., 1][colored]
    return psnr(made, high), float(apart[colored].mean()), float(np.median(relative))


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("colors", "noise", "curve"))
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--photos", type=Path)
    options = parser.parse_args()
    if options.what == "curve":
        curve(options.folders, options.photos)
    elif options.what == "colors":
        colors(options.folders, options.model)
    else:
        noise(options.folders, options.model)


if __name__ == "__main__":
    main()

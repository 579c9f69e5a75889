"""What the exposing curve alone does to colours, by two constants of it.

    python benchmarks/curve.py DATASET... [--photos FOLDER]

The dark pictures of pairs (every tenth one, at a quarter of their size) are exposed to the levels
of their references, with several values of `scotopic.pixels.exposure.COLOR_KEPT`, and then with
several of `scotopic.pixels.shadows.SHADOW_LEVEL`: PSNR, mean error of the hue in degrees, and
saturation (HSV) relative to the reference; with --photos also the median and the largest shift of
the hue, and the least saturation, of lit, saturated areas at a gain of 4.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from picture import lit_colors, quarter
from skimage.color import rgb2hsv

from scotopic.datasets.pictures import list_pictures, read_image
from scotopic.measures.likeness import psnr
from scotopic.pixels import exposure, shadows
from scotopic.training.pairs import pair_paths, training_folder
from scotopic.types import Array

KEPT = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
SHADOWS = (0.0, 0.01, 0.02, 0.03, 0.04)


def curve(data_sets: list[Path], photos: Path | None) -> None:
    """Print a line for each value of `COLOR_KEPT`, and then of `SHADOW_LEVEL`."""
    chosen, shadows.SHADOW_LEVEL = (exposure.COLOR_KEPT, shadows.SHADOW_LEVEL), 0.0
    for exposure.COLOR_KEPT in KEPT:
        print(f"COLOR_KEPT {exposure.COLOR_KEPT:<5} {colors_of_curve(data_sets, photos)}")
    exposure.COLOR_KEPT = chosen[0]
    for shadows.SHADOW_LEVEL in SHADOWS:
        print(f"SHADOW_LEVEL {shadows.SHADOW_LEVEL:<5} {colors_of_curve(data_sets, photos)}")
    shadows.SHADOW_LEVEL = chosen[1]


def colors_of_curve(data_sets: list[Path], photos: Path | None) -> str:
    """What the curve as it stands does to colours, in a line."""
    line = ""
    for data in data_sets:
        rows = [
            against_reference(quarter(read_image(low)), quarter(read_image(high)))
            for _, low, high in pair_paths(training_folder(data))[::10]
        ]
        means = np.nanmean(rows, axis=0)
        line += f"  {data.name}: {means[0]:.2f} dB, {means[1]:.1f} deg, {means[2]:.2f}"
    if photos is not None:
        dark = [quarter(read_image(path)) for path in list_pictures(photos).values()]
        found = [lit_colors(one, exposed_by(one, 4.0)) for one in dark]
        shift, saturation = np.array([one for one in found if one]).T
        line += f"  photos: {np.median(shift):.1f}, {shift.max():.1f}, {saturation.min():.2f}"
    return line


def exposed_by(picture: Array, gain: float) -> Array:
    """A picture exposed by one gain, its shadows brought nearer to gray before."""
    return exposure.expose(shadows.with_calm_shadows(picture, gain), gain)


def against_reference(low: Array, high: Array) -> tuple[float, float, float]:
    """PSNR, error of the hue in degrees, and relative saturation at the reference's level."""
    made = exposed_by(low, exposure.gain_for(low, exposure.exposure_of(high)))
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
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--photos", type=Path)
    options = parser.parse_args()
    curve(options.folders, options.photos)


if __name__ == "__main__":
    main()

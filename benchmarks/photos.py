"""Real photos before and after, whole and as crops at 1:1.

    python benchmarks/photos.py DATA/photos --save photos/

Writes NAME.png, the photo before and after side by side, and NAME_crop.png, the
same 400x400 pixels of both. The crop is taken where the middle tones of the result
vary most.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from scotopic.enhancer import Enhancer, Report
from scotopic.errors import ScotopicError
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.photo import reading

NAMES = (
    "casino_night_4mp.jpg",
    "moon_16mp.jpg",
    "dark_room_1mp.jpg",
    "night_shop_12mp.jpg",
    "weld_16bit.png",
    "concert_gray.jpg",
    "church_phone_p3.heic",
    "canon_s40.crw",
)
WIDTH = 800
CROP = 400


def in_8_bits(pixels: np.ndarray) -> np.ndarray:
    """Pixels as 8-bit RGB, for viewing."""
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def busiest(pixels: np.ndarray) -> tuple[int, int]:
    """Top and left of the crop whose middle tones vary most."""
    height, width = pixels.shape[:2]
    best, place = -1.0, (0, 0)
    for top in range(0, max(1, height - CROP), CROP // 2):
        for left in range(0, max(1, width - CROP), CROP // 2):
            level = pixels[top : top + CROP : 4, left : left + CROP : 4].mean(axis=-1)
            spread = float(np.subtract(*np.quantile(level, (0.8, 0.2))))
            if spread > best:
                best, place = spread, (top, left)
    return place


def side_by_side(first: np.ndarray, second: np.ndarray) -> Image.Image:
    """Two pictures of the same size in one image."""
    return Image.fromarray(np.concatenate([first, second], axis=1))


def small(pixels: np.ndarray) -> np.ndarray:
    """A picture scaled to half the width of the output."""
    image = Image.fromarray(pixels)
    height = max(1, round(image.height * WIDTH / image.width))
    return np.asarray(image.resize((WIDTH, height), Image.Resampling.LANCZOS))


def decided(report: Report) -> str:
    """What was predicted, and what became of it."""
    decision = report.automatic
    if decision is None:
        return "no exposure predicted"
    return (
        f"predicted {decision.predicted_exposure:.3f} (gain {decision.predicted_gain:.1f}),"
        f" used {report.gain:.2f}, limited by {decision.limited_by}"
    )


def main() -> None:
    """Enhance each photo, print its exposure, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="folder of photos")
    parser.add_argument("--save", type=Path, required=True, help="folder to write to")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name or .onnx file")
    options = parser.parse_args()
    options.save.mkdir(parents=True, exist_ok=True)
    enhancer = Enhancer(options.model)
    for name in NAMES:
        try:
            pixels = reading.read(options.photos / name).pixels
        except ScotopicError as error:
            print(error)
            continue
        after, report = enhancer.enhance_array(pixels)
        first, second = in_8_bits(pixels), in_8_bits(after)
        top, left = busiest(second)
        window = np.s_[top : top + CROP, left : left + CROP]
        stem = options.save / Path(name).stem
        side_by_side(small(first), small(second)).save(f"{stem}.png")
        side_by_side(first[window], second[window]).save(f"{stem}_crop.png")
        print(
            f"{name}: level {report.exposure_before:.3f}, {decided(report)};"
            f" mean after {second.mean() / 255:.3f}; crop at {left},{top}",
            flush=True,
        )


if __name__ == "__main__":
    main()

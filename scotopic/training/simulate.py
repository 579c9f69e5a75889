"""Simulation of dark photographs of known gain from well-exposed, clean ones.

A photograph is varied in size, colour and light, which the dark picture and
its target have in common. It is darkened by the inverse of the exposing curve
and a smooth gain map. The target is what the map makes of that, as enhancing
does it: the photograph, its shadows nearer to gray. So the map gives the
target exactly, but for what a camera adds: shot and read noise in linear light,
as a Bayer mosaic and its interpolation spread it, white balance, processing in
the camera, quantisation and JPEG.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scotopic.pixels.exposure import brightest, expose, logit
from scotopic.pixels.gain_map import GUIDE_RANGE, LARGEST, GainMap
from scotopic.pixels.shadows import exposed_calmly
from scotopic.pixels.thumbnail import reduced
from scotopic.pixels.units import gray, size_of
from scotopic.training.pairs import SMALL_SIDE, PairSet
from scotopic.types import Array

SIMULATED_SIDE = 256
"""Sides of simulated pictures, in pixels."""


def to_linear(encoded: Array) -> Array:
    """Convert sRGB-encoded values in 0..1 to linear light (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def to_encoded(linear: Array) -> Array:
    """Convert linear light in 0..1 to sRGB-encoded values (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@dataclass(frozen=True)
class Camera:
    """Noise and processing of a simulated camera.

    Attributes
    ----------
    read_noise, shot_noise : float
        Standard deviation in the dark, and variance for each unit of light,
        of linear values in 0..1.
    grain : float
        Size at which the noise is made, relative to the picture's: below 1 it
        is coarse.
    mosaic : bool
        Whether each pixel sees one colour only, so that the noise of the other two
        is interpolated. The picture's own detail is not: photographs made small
        are sharper than any lens draws, and interpolation as simple as this would
        destroy half of that detail.
    balance : array of 3 floats
        Factors of white balance, which amplify the noise of each channel.
    blur : float
        Deviation in pixels of the Gaussian that the noise is blurred by; 0 for none.
    """

    read_noise: float
    shot_noise: float
    grain: float
    mosaic: bool
    balance: Array
    blur: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Camera:
        """A camera at random; where there is no mosaic, its noise is mostly blurred a little."""
        loudness = 10 ** rng.uniform(-2.0, 0.35)
        mosaic = bool(rng.random() < 0.75)
        return cls(
            read_noise=9e-4 * loudness,
            shot_noise=3e-4 * loudness**2 * 10 ** rng.uniform(-0.7, 0.3),
            grain=1.0 if rng.random() < 0.5 else rng.uniform(0.45, 1.0),
            mosaic=mosaic,
            balance=np.array([rng.uniform(1.2, 2.4), 1.0, rng.uniform(1.2, 2.4)]),
            blur=0.0 if mosaic or rng.random() < 0.3 else rng.uniform(0.2, 1.2),
        )

    def photograph(self, light: Array, rng: np.random.Generator) -> Array:
        """Take a picture of linear light, (height, width, 3), before any processing."""
        raw = light / self.balance
        noise = self._grains(raw.shape, rng) * np.sqrt(self.read_noise**2 + self.shot_noise * raw)
        if self.mosaic:
            noise = demosaiced(noise, int(rng.integers(2)), int(rng.integers(2)))
        return (raw + noise) * self.balance

    def _grains(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Noise of unit variance."""
        height, width = (round(self.grain * side) for side in shape[:2])
        field = rng.standard_normal((height, width, 3)).astype(np.float32)
        if self.grain < 1:
            field = np.stack([_enlarged(field[..., c], shape[:2]) for c in range(3)], axis=-1)
        if self.blur:
            field = blurred(field, self.blur)
        result: Array = field / field.std()
        return result


def simulate(photograph: Array, rng: np.random.Generator) -> tuple[Array, Array, GainMap]:
    """Simulate a dark photograph, its target, and the map that leads from one to the other.

    Parameters
    ----------
    photograph : array, (height, width, 3), uint8
        Well exposed and clean; at least `SIMULATED_SIDE` on each side.
    rng : numpy.random.Generator

    Returns
    -------
    dark, target : arrays, (256, 256, 3), uint8
    gains : GainMap
    """
    target = _varied(_part_of(photograph, rng), rng)
    target = np.rint(target * 255) / 255
    gains = _drawn_map(rng)
    clean = darkened(target, gains)
    target = exposed_calmly(clean, gains)
    seen = to_encoded(Camera.drawn(rng).photograph(to_linear(clean), rng))
    if rng.random() < 0.35:
        seen = _processed(seen, rng)
    dark = np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        dark = _jpeg(dark, rng)
    return dark, np.rint(target * 255).astype(np.uint8), gains


def simulated_set(photographs: Mapping[str, Array], count: int, seed: int) -> PairSet:
    """Darken photographs, each in turn, differently each time.

    The pairs do not teach exposure, since no photographer chose how dark they are.

    Parameters
    ----------
    photographs : dict of str to array, (height, width, 3), uint8
        By their names.
    count : int
        Number of pairs.
    seed : int
    """

    def make(index: int) -> tuple[Array, Array, GainMap]:
        return simulate(pictures[index % len(pictures)], np.random.default_rng([seed, index]))

    pictures = list(photographs.values())
    with ThreadPoolExecutor() as pool:
        low, high, gains = zip(*pool.map(make, range(count)), strict=True)
    labels = _labels(photographs, count)
    return PairSet("simulated", labels, list(low), list(high), False, list(gains))


def underexposed_set(photographs: Mapping[str, Array], count: int, seed: int) -> PairSet:
    """Underexpose photographs, each in turn, without noise, at a small size.

    They teach how bright photographs are that somebody found right, nights
    among them, however dark they were taken. Parameters are those of
    `simulated_set`.
    """
    pictures, low, high = list(photographs.values()), [], []
    for index in range(count):
        picture = pictures[index % len(pictures)]
        small = reduced(picture, *(min(SMALL_SIDE, side) for side in size_of(picture)))
        dark = underexposed(small, np.random.default_rng([seed, index]))
        high.append(np.rint(small * 255).astype(np.uint8))
        low.append(np.rint(dark * 255).astype(np.uint8))
    return PairSet("underexposed", _labels(photographs, count), low, high)


def _labels(names: Iterable[str], count: int) -> list[str]:
    """A label for each of so many pairs, made of the photographs of these names in turn."""
    names = list(names)
    return [f"{names[i % len(names)]}-{i // len(names)}" for i in range(count)]


def underexposed(photograph: Array, rng: np.random.Generator) -> Array:
    """Take light from a photograph, floats in 0..1; by 0 to 4.5 stops.

    What is white in it was brighter in the scene, and stays white for longer;
    nothing becomes brighter than it was.
    """
    light = to_linear(photograph)
    brighter = np.clip((brightest(photograph) - 0.85) / 0.15, 0, 1) ** 2
    light = light * (1 + brighter * 2 ** rng.uniform(0, 5))
    return np.minimum(to_encoded(light * 2.0 ** -rng.uniform(0, 4.5)), photograph)


def darkened(target: Array, gains: GainMap) -> Array:
    """The picture that a gain map exposes to a target; the curve's inverse.

    Parameters
    ----------
    target : array, (height, width, 3), floats in 0..1
    gains : GainMap
    """
    slope, offset = gains.coefficients(gains.weights(size_of(target)))
    exposed = logit(brightest(target))
    before = (exposed - offset) / (1 + slope)
    held = np.clip(before, *GUIDE_RANGE)
    before = np.where(held == before, before, exposed - offset - slope * held)
    return expose(target, np.exp(np.clip(before - exposed, -LARGEST, LARGEST)))


def demosaiced(raw: Array, row: int, column: int) -> Array:
    """Keep one colour of each pixel (Bayer's pattern), and interpolate the others linearly.

    Parameters
    ----------
    raw : array, (height, width, 3)
    row, column : int
        Place of the first red pixel, 0 or 1 each.
    """
    mask = np.zeros(raw.shape, raw.dtype)
    mask[row::2, column::2, 0] = 1
    mask[1 - row :: 2, 1 - column :: 2, 2] = 1
    mask[..., 1] = 1 - mask[..., 0] - mask[..., 2]
    window = np.array([0.5, 1, 0.5])
    values, weights = (_filtered(part, window) for part in (raw * mask, mask))
    result: Array = np.where(mask > 0, raw, values / weights)
    return result


def blurred(picture: Array, sigma: float) -> Array:
    """Blur (height, width, channels) by a Gaussian; its edge is repeated."""
    reach = max(1, int(np.ceil(2.5 * sigma)))
    window = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return _filtered(picture, window / window.sum())


def _filtered(picture: Array, window: Array) -> Array:
    reach = len(window) // 2
    for axis in (0, 1):
        padded = np.pad(
            picture, [(reach, reach) if a == axis else (0, 0) for a in range(3)], "edge"
        )
        length = picture.shape[axis]
        shifted = [
            picture.dtype.type(weight)
            * (padded[i : i + length] if axis == 0 else padded[:, i : i + length])
            for i, weight in enumerate(window)
        ]
        picture = np.asarray(sum(shifted[1:], shifted[0]))
    return picture


def _part_of(photograph: Array, rng: np.random.Generator) -> Array:
    """Cut a square, and reduce it: what a photograph has of noise and blocks averages out."""
    shortest = min(photograph.shape[:2])
    side = int(np.clip(SIMULATED_SIDE * rng.uniform(1.2, 3.0), SIMULATED_SIDE, shortest))
    top, left = (int(rng.integers(length - side + 1)) for length in photograph.shape[:2])
    square = Image.fromarray(photograph[top : top + side, left : left + side])
    size = (SIMULATED_SIDE, SIMULATED_SIDE)
    small = np.asarray(square.resize(size, Image.Resampling.LANCZOS, reducing_gap=None))
    turned = np.rot90(small, int(rng.integers(4))).astype(np.float32) / np.float32(255)
    return turned[:, ::-1] if rng.random() < 0.5 else turned


def _varied(picture: Array, rng: np.random.Generator) -> Array:
    """Vary saturation, level and the colour of the light: what a network is to keep."""
    level = gray(picture)[..., None]
    saturation = 0.0 if rng.random() < 0.08 else rng.uniform(0.3, 1.6)
    light = to_linear(np.clip(level + saturation * (picture - level), 0, 1))
    if rng.random() < 0.5:
        across = _ramp(picture.shape, rng)[..., None]
        strength = rng.uniform(0, 1)
        first, second = (np.exp(strength * rng.normal(0, 0.7, 3)) for _ in range(2))
        tint = first * across + second * (1 - across)
        light = light * (tint / tint.max())
    return to_encoded(light * 2 ** rng.uniform(-1.2, 0.4)).astype(np.float32)


def _drawn_map(rng: np.random.Generator) -> GainMap:
    """Draw a gain map: one gain, or one that varies smoothly over the picture."""
    log_gain = rng.uniform(-0.1, 4.2) if rng.random() < 0.93 else 0.0
    cells = int(rng.integers(2, 6))
    varies = rng.random() < 0.6
    slope, offset = np.zeros((cells, cells)), np.full((cells, cells), log_gain)
    if varies:
        slope += rng.uniform(-0.45, 0.15) + rng.normal(0, 0.06, slope.shape)
        offset += rng.normal(0, rng.uniform(0, 0.7), offset.shape)
        offset -= slope.clip(None, 0) * -1.5
    slope = np.clip(slope, -0.6, 0.35)
    return GainMap(slope.astype(np.float32), np.clip(offset, -0.5, 4.8).astype(np.float32))


def _processed(seen: Array, rng: np.random.Generator) -> Array:
    """What cameras do against noise and for sharpness."""
    level = gray(seen)[..., None]
    chroma = seen - level
    if rng.random() < 0.7:
        chroma = blurred(chroma, rng.uniform(0.8, 4))
    if rng.random() < 0.6:
        smooth = blurred(level, rng.uniform(0.5, 1.5))
        spread = rng.uniform(0.005, 0.04)
        level = smooth + (level - smooth) * (1 - np.exp(-(((level - smooth) / spread) ** 2)))
    if rng.random() < 0.5:
        level = level + rng.uniform(0.1, 0.8) * (level - blurred(level, rng.uniform(0.6, 1.4)))
    return level + chroma


def _ramp(shape: Sequence[int], rng: np.random.Generator) -> Array:
    y, x = (np.linspace(-1, 1, n) for n in shape[:2])
    angle, centre = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    distance = y[:, None] * np.sin(angle) + x[None, :] * np.cos(angle) - centre
    return 1 / (1 + np.exp(-rng.uniform(1, 8) * distance))


def _enlarged(field: Array, shape: tuple[int, ...]) -> Array:
    size = (shape[1], shape[0])
    return np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BICUBIC))


def _jpeg(picture: Array, rng: np.random.Generator) -> Array:
    buffer = io.BytesIO()
    subsampling = 2 if rng.random() < 0.75 else 0
    quality = int(rng.integers(45, 99))
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer).convert("RGB"))

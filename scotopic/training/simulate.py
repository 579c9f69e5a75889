"""Simulation of dark photographs from well-exposed pictures.

The steps are in the order in which a camera applies them: light on the scene,
exposure and vignetting, white balance, shot and read noise in linear light
(correlated, as demosaicing and denoising in the camera leave it), encoding,
quantisation, JPEG.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from scotopic.training.pairs import PairSet
from scotopic.types import Array


def to_linear(encoded: Array) -> Array:
    """Convert sRGB-encoded values in 0..1 to linear light (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def to_encoded(linear: Array) -> Array:
    """Convert linear light in 0..1 to sRGB-encoded values (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def darken(reference: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Simulate a dark photograph of a scene, and its well-exposed target.

    Parameters
    ----------
    reference : array, (height, width, 3), uint8
        A well-exposed picture.
    rng : numpy.random.Generator

    Returns
    -------
    dark, target : arrays, uint8, of one size
        The target differs from the reference by its size, and by the colour
        and the reach of the light on the scene. Both pictures share these,
        since coloured lamps are to keep their colour, and what no light
        reaches is to stay black. All other steps apply to the dark picture
        alone.
    """
    reference = _resized(reference, rng)
    scene = to_linear(reference.astype(np.float64) / 255)
    scene = scene * _scene_light(reference.shape, rng) * _reach_of_light(reference.shape, rng)
    stops = rng.uniform(0.5, 6.5)
    raw = scene * 2.0**-stops * _vignette(reference.shape, rng)
    raw = raw * np.exp(rng.normal(0, 0.08, 3))
    raw = raw + _noise(raw, stops, rng)
    dark = np.rint(to_encoded(raw) * 255).astype(np.uint8)
    if rng.random() < 0.6:
        dark = _jpeg(dark, rng)
    return dark, np.rint(to_encoded(scene) * 255).astype(np.uint8)


def simulated_set(
    references: Sequence[Array], names: Sequence[str], variants: int, seed: int
) -> PairSet:
    """Darken each reference several times, differently each time.

    The pairs do not teach exposure, since no photographer chose how bright
    their targets are.

    Parameters
    ----------
    references : sequence of array, (height, width, 3), uint8
    names : sequence of str
        A name for each reference.
    variants : int
        Number of dark pictures for each reference.
    seed : int
    """

    def make(place: tuple[int, int]) -> tuple[Array, Array]:
        return darken(references[place[0]], np.random.default_rng([seed, *place]))

    places = [(index, variant) for index in range(len(references)) for variant in range(variants)]
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(make, places))
    labels = [f"{names[index]}-{variant}" for index, variant in places]
    low, high = ([pair[side] for pair in made] for side in (0, 1))
    return PairSet("simulated", labels, low, high, teaches_exposure=False)


def _resized(reference: Array, rng: np.random.Generator) -> Array:
    """Resize at random, since small copies are sharper per pixel than full-size files."""
    height, width = reference.shape[:2]
    largest = 640 / max(height, width)
    smallest = 176 / min(height, width)
    scale = float(np.clip(rng.choice([0.5, 1.0, 2.0]), smallest, max(smallest, largest)))
    if scale == 1.0:
        return reference
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    size = (round(width * scale), round(height * scale))
    return np.asarray(Image.fromarray(reference).resize(size, method))


def _scene_light(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Draw the colour of the light: white, or two tints with a gradient between them."""
    if rng.random() < 0.5:
        return np.ones(3)
    across = _ramp(shape, rng)[..., None]
    strength = rng.uniform(0, 1.2)
    first, second = (np.exp(strength * rng.normal(0, 0.6, 3)) for _ in range(2))
    light = first * across + second * (1 - across)
    return light / max(1.0, float(light.max()))


def _reach_of_light(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Draw where the light reaches: everywhere, up to an edge, or around a spot."""
    if rng.random() < 0.88:
        return np.ones(1)
    if rng.random() < 0.5:
        lit = _ramp(shape, rng, steepest=60)
    else:
        y, x = (np.linspace(-1, 1, n) - rng.uniform(-0.7, 0.7) for n in shape[:2])
        distance = np.hypot(y[:, None], x[None, :]) - rng.uniform(0.15, 0.9)
        lit = 1 / (1 + np.exp(rng.uniform(5, 60) * distance))
    return np.where(lit > 0.002, lit, 0.0)[..., None]


def _ramp(shape: Sequence[int], rng: np.random.Generator, steepest: float = 10) -> Array:
    y, x = (np.linspace(-1, 1, n) for n in shape[:2])
    angle, centre = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    distance = y[:, None] * np.sin(angle) + x[None, :] * np.cos(angle) - centre
    return 1 / (1 + np.exp(-rng.uniform(1, steepest) * distance))


def _vignette(shape: Sequence[int], rng: np.random.Generator) -> Array:
    y, x = (np.linspace(-1, 1, n) for n in shape[:2])
    radius = (y[:, None] ** 2 + x[None, :] ** 2) / 2
    return (1 - rng.uniform(0, 0.4) * radius)[..., None]


def _noise(raw: Array, stops: float, rng: np.random.Generator) -> Array:
    """Draw correlated shot noise, whose variance rises with the light, and read noise.

    A part of the noise is the same in all channels, as luma noise is. The
    part that is different in each channel is coarser, as chroma noise is.
    """
    loudness = 10 ** rng.uniform(-1.5, 0.3)
    shot, read = 2e-4 * loudness, 1.5e-3 * loudness
    deviation = np.sqrt(shot * raw * 2.0 ** (-stops / 2) + read**2)
    reach = 0.0 if rng.random() < 0.3 else rng.uniform(0.4, 2.5)
    luma = _field((*raw.shape[:2], 1), reach, rng)
    chroma = _field(raw.shape, reach * rng.uniform(1, 2), rng)
    share = rng.uniform(0.2, 0.8)
    return deviation * (np.sqrt(share) * luma + np.sqrt(1 - share) * chroma)


def _field(shape: Sequence[int], sigma: float, rng: np.random.Generator) -> Array:
    """Draw Gaussian noise of unit variance with a Gaussian correlation."""
    field = rng.standard_normal(tuple(shape), dtype=np.float32)
    if sigma == 0:
        return field
    reach = int(np.ceil(3 * sigma))
    window = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    window /= np.sqrt((window**2).sum())
    for axis in (0, 1):
        padded = np.pad(field, [(reach, reach) if a == axis else (0, 0) for a in range(3)], "wrap")
        length = field.shape[axis]
        shifted = [
            np.float32(weight) * padded.take(np.arange(i, i + length), axis)
            for i, weight in enumerate(window)
        ]
        field = np.asarray(sum(shifted[1:], shifted[0]))
    return field


def _jpeg(picture: Array, rng: np.random.Generator) -> Array:
    buffer = io.BytesIO()
    subsampling = int(rng.choice([0, 2]))
    quality = int(rng.integers(40, 96))
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer).convert("RGB"))

"""`scotopic.enhance`: whatever a picture comes as, the same kind back."""

from __future__ import annotations

from functools import lru_cache
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.jobs import many, one
from scotopic.photo import reading, writing

if TYPE_CHECKING:
    from PIL import Image


def enhance(
    picture: Any,
    *,
    exposure: float | None = None,
    ev: float = 0.0,
    strength: float = 1.0,
    enhancer: Enhancer | None = None,
) -> Any:
    """Enhance a dark picture.

    Parameters
    ----------
    picture : path, bytes, PIL image, or array
        Of a file, an encoded file, an image of any mode, or pixels: H x W x 3
        or H x W; uint8, uint16, or floats in 0..1.
    exposure : float, optional
        Mean level wanted of the result, 0 to 1; never limited.
    ev : float
        Stops added to the automatic exposure; never limited.
    strength : float
        0 gives the picture back, 1 the whole effect.
    enhancer : Enhancer, optional
        One with another model or memory; by default one is made and kept.

    Returns
    -------
    The same kind: for a path that of the new file beside it, named
    ``*_enhanced``; for bytes a file of the same format with all that the
    source carried; for an image one of the same size with its ``info``, of an animated one
    the frame that it shows; for
    an array one of the same shape and type.

    Raises
    ------
    ScotopicError
        When the picture cannot be read, or a setting is out of range, or the
        new file exists already.
    """
    enhancer = enhancer or _default_enhancer()
    if isinstance(picture, np.ndarray):
        return enhancer.enhance_array(picture, exposure=exposure, ev=ev, strength=strength)[0]
    settings = many.Settings(exposure=exposure, ev=ev, strength=strength)
    if isinstance(picture, bytes):
        taken = reading.read(picture, memory=enhancer.memory)
        one.enhance_photo(enhancer, taken, settings)
        form = taken.format if taken.format in reading.FORMATS.values() else "PNG"
        return writing.encode(taken, form)
    if isinstance(picture, (str, PathLike)):
        (job,) = many.plan_jobs([_file(picture)], settings)
        many.run_job(enhancer, job, settings)
        return job.target
    if hasattr(picture, "getexif"):
        return _enhance_image(enhancer, picture, settings)
    kind = type(picture).__name__
    raise ScotopicError(f"a picture is a path, bytes, a PIL image or an array, not {kind}")


@lru_cache(maxsize=1)
def _default_enhancer() -> Enhancer:
    return Enhancer()


def _file(picture: str | PathLike[str]) -> Path:
    path = Path(fspath(picture))
    if path.is_dir():
        raise ScotopicError(f"{path}: a folder; enhance takes one picture")
    return path


def _enhance_image(enhancer: Enhancer, image: Image.Image, settings: many.Settings) -> Any:
    taken = reading.from_image(image)
    one.enhance_photo(enhancer, taken, settings)
    return writing.to_image(taken)

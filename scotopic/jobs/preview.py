"""A small picture of what enhancing would give, decided on the whole picture.

A picture is decoded and looked at once (`see`). What is kept of it is small, and is drawn
under any wish (`draw`) without its file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from scotopic.enhancer import Enhancer, Report
from scotopic.jobs.one import frames_of, named_errors
from scotopic.jobs.settings import Encoding, Settings
from scotopic.networks.network import Look
from scotopic.photo import formats, images, reading, writing
from scotopic.photo.carried import curves
from scotopic.photo.limits import Limits
from scotopic.photo.photo import Photo
from scotopic.photo.summary import Summary, summary_of
from scotopic.pixels.units import unit_scale
from scotopic.pixels.visible import cut_out, small
from scotopic.series.animation import decide_frames
from scotopic.types import Array
from scotopic.wish import Wish

_AUTOMATIC = Wish()


@dataclass(frozen=True)
class Seen:
    """What is kept of a picture for its previews.

    Attributes
    ----------
    photo : Photo
        Its first frame, made small, with what the file carries.
    usual : array, (height, width, 3 or 1)
        The small picture under the curve of sRGB.
    look : Look
        The automatic exposure of the whole picture at a balance of 1.
    size : (int, int)
        Width and height of the whole picture, upright.
    frames : int
    bits : int
        Of each channel.
    """

    photo: Photo
    usual: Array
    look: Look
    size: tuple[int, int]
    frames: int
    bits: int

    @property
    def nbytes(self) -> int:
        """About the memory that it takes."""
        photo = self.photo
        carried = (photo.exif, photo.icc_profile, photo.xmp, photo.extended_xmp, photo.photoshop)
        texts = sum(len(text) for text in photo.text.values())
        arrays = [photo.pixels, self.usual] + ([] if photo.alpha is None else [photo.alpha])
        return sum(each.nbytes for each in arrays) + texts + sum(len(c or b"") for c in carried)

    @property
    def summary(self) -> Summary:
        """How it was taken."""
        return summary_of(self.photo.exif)


@dataclass(frozen=True)
class Drawn:
    """A preview.

    Attributes
    ----------
    before, after : PIL image
        In sRGB, upright.
    report : Report
        As of the whole picture, but for the tiles, which are those of the preview.
    """

    before: Image.Image
    after: Image.Image
    report: Report


def see(enhancer: Enhancer, data: bytes, name: str, side: int, settings: Settings) -> Seen:
    """Decode a picture, decide its automatic exposure, and make it small.

    Parameters
    ----------
    enhancer : Enhancer
    data : bytes
        A file of any format that is read.
    name : str
        As for `scotopic.jobs.one.enhance_bytes`.
    side : int
        Pixels of the longest side of the small picture, at most.
    settings : Settings
        Its limits count.

    Raises
    ------
    ScotopicError
        When the picture cannot be read or looked at.
    """
    with named_errors(name):
        limits = Limits(settings.max_megapixels, enhancer.memory)
        photo = reading.read(data, name, limits, settings.allow_truncated)
        frames, alphas = frames_of(photo)
        seen = [cut_out(frame, alpha) for frame, alpha in zip(frames, alphas, strict=True)]
        look = decide_frames(enhancer, seen, alphas, _AUTOMATIC)
        height, width = photo.pixels.shape[:2]
        rows, columns = _fitting(height, width, side)
        own = _reduced(photo.pixels, photo.alpha, rows, columns)
        alpha = None
        if photo.alpha is not None:
            alpha = _reduced(photo.alpha[..., None], None, rows, columns)[..., 0]
        less = replace(photo, pixels=own, alpha=alpha, animation=None)
        usual = frames_of(less)[0][0]
        bits = 8 * photo.pixels.dtype.itemsize
        return Seen(less, usual, look, (width, height), len(frames), bits)


def draw(enhancer: Enhancer, seen: Seen, wish: Wish) -> Drawn:
    """Enhance the small picture under a wish.

    Parameters
    ----------
    enhancer : Enhancer
        With the network that has seen the picture.
    seen : Seen
    wish : Wish

    Raises
    ------
    ScotopicError
        When the network cannot grant the wish, or memory is short.
    """
    photo, usual = seen.photo, seen.usual
    enhancer.network.check(wish)
    look = seen.look.asked(wish)
    result = np.empty_like(usual)
    height, width = usual.shape[:2]
    report = enhancer.apply(
        cut_out(usual, photo.alpha), replace(look, size=(height, width)), result
    )
    curve = photo.curve()
    if curve:
        result = curves.decoded(result, photo.pixels.dtype, curve)
    after = _as_shown(replace(photo, pixels=result))
    return Drawn(_as_shown(photo), after, report)


def what_stays(seen: Seen, encoding: Encoding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the file of a result would keep, and notes on what is converted or lost."""
    form = formats.of_result(seen.photo.format, encoding.format)
    photo = replace(seen.photo)
    if encoding.strip:
        photo.strip()
    kept, lost = writing.what_stays(photo, form.name)
    return kept, (*seen.photo.notes, *lost)


def gain_map_of(seen: Seen) -> dict[str, Any]:
    """The gain map of the automatic exposure, and what it takes to shift and balance it.

    Returns
    -------
    dict
        ``rows`` and ``columns`` of the grid; its ``slope`` and ``offset``, row by row (see
        `scotopic.pixels.gain_map`), at a balance of 1 and not shifted; ``middle``, the mean
        of ln g, which a balance keeps.
    """
    gains, look = seen.look.gains, seen.look
    rows, columns = gains.slope.shape
    return {
        "rows": rows,
        "columns": columns,
        "slope": [round(float(each), 6) for each in gains.slope.ravel()],
        "offset": [round(float(each), 6) for each in gains.offset.ravel()],
        "middle": gains.mean_log_gain(look.thumb, look.weights),
    }


def decision_of(report: Report) -> dict[str, Any]:
    """What was decided of a picture, as plain values."""
    told = report.as_dict()
    automatic = report.automatic
    del told["tiles"]
    told["automatic"] = None if automatic is None else asdict(automatic)
    is_limited = automatic is not None and report.chosen_by == "automatic"
    told["limited_by"] = automatic.limited_by if automatic and is_limited else None
    return told


def _fitting(height: int, width: int, side: int) -> tuple[int, int]:
    """Rows and columns of a picture whose longest side is to have so many pixels, or fewer."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(scale * height)), max(1, round(scale * width))


def _reduced(pixels: Array, alpha: Array | None, rows: int, columns: int) -> Array:
    """What is seen of a picture averaged by area, in its own type."""
    if (rows, columns) == pixels.shape[:2]:
        return pixels
    means = small(cut_out(pixels, alpha), rows, columns)[0]
    means *= np.float32(unit_scale(pixels.dtype))
    return np.rint(means, out=means).astype(pixels.dtype)


def _as_shown(photo: Photo) -> Image.Image:
    return images.to_image(*writing.in_srgb(photo))

"""One picture: bytes and settings in, bytes and what became of them out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from scotopic.enhancer import Enhancer, Report
from scotopic.errors import ScotopicError, TooLargeError
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.settings import Settings
from scotopic.photo import formats, reading, writing
from scotopic.photo.animation import Frame
from scotopic.photo.carried import curves
from scotopic.photo.limits import Limits
from scotopic.photo.photo import Photo
from scotopic.series.animation import enhance_animation
from scotopic.types import Array
from scotopic.version import __version__
from scotopic.wish import Wish

Progress = Callable[[float], None]
_CALLERS = "_of_the_callers_callback"


def enhance_bytes(
    enhancer: Enhancer,
    data: bytes,
    settings: Settings,
    name: str = "input",
    progress: Progress | None = None,
) -> tuple[bytes, Outcome]:
    """Enhance an encoded picture: the one way that all callers go.

    Parameters
    ----------
    enhancer : Enhancer
    data : bytes
        A file of any format that is read.
    settings : Settings
        Its wish, encoding and limit count; its placement does not.
    name : str
        How errors and the outcome name the picture. Camera RAW that is built
        like a TIFF is told from one by its suffix, too.
    progress : callable, optional
        Told the share of the enhancing that is done, 0 to 1.

    Returns
    -------
    data : bytes
        A file of the format that `scotopic.photo.formats.of_result` says, with
        all that the source carried and the format has a place for.
    outcome : Outcome
        Without a target.

    Raises
    ------
    ScotopicError
        When the picture cannot be read, enhanced or written.
    """
    progress = _marked(progress)
    with named_errors(name):
        limits = Limits(settings.max_megapixels, enhancer.memory)
        picture = reading.read(data, name, limits, settings.allow_truncated)
        report, notes = enhance_photo(enhancer, picture, settings.wish, progress)
        form = formats.of_result(picture.format, settings.encoding.format).name
        copied = report.tiles == 0
        if settings.encoding.strip:
            picture.strip()
        elif copied and form == picture.format:
            return data, Outcome("copied", name, None, form, report)  # nothing was left out
        made, lost = writing.encode(picture, form, settings.encoding.quality)
        notes = (*picture.notes, *notes, *lost)
        return made, Outcome("copied" if copied else "enhanced", name, None, form, report, notes)


def enhance_photo(
    enhancer: Enhancer, picture: Photo, wish: Wish, progress: Progress | None = None
) -> tuple[Report, tuple[str, ...]]:
    """Enhance a photo in place, all its frames at one exposure, and record what made it.

    Returns
    -------
    report : Report
    notes : tuple of str
        What had to be converted.
    """
    curve, kind = picture.curve(), picture.pixels.dtype
    frames, alphas = frames_of(picture)
    report = enhance_animation(enhancer, frames, alphas, wish, progress)
    if report.tiles:
        picture.made_by = maker(enhancer)
        if curve:
            _replace(picture, [curves.decoded(pixels, kind, curve) for pixels in frames])
    if not (curve and report.tiles):
        return report, ()
    what = "colours are" if picture.colour else "colour profile is"
    note = f"the {what} {curve.name}: enhanced under the curve of sRGB, and converted back"
    return report, (note,)


def frames_of(picture: Photo) -> tuple[list[Array], list[Array | None]]:
    """All frames of a photo under the curve of sRGB, as networks expect them, and their alphas."""
    later = _later_frames(picture)
    frames = [picture.pixels, *(pixels for pixels, _ in later)]
    alphas = [picture.alpha, *(alpha for _, alpha in later)]
    curve = picture.curve()
    return [curves.encoded(each, curve) for each in frames] if curve else frames, alphas


def _later_frames(picture: Photo) -> list[Frame]:
    """The frames after the first."""
    return [] if picture.animation is None else picture.animation.frames


def _replace(picture: Photo, frames: list[Array]) -> None:
    picture.pixels, *others = frames
    later = _later_frames(picture)
    later[:] = [(pixels, alpha) for pixels, (_, alpha) in zip(others, later, strict=True)]


def maker(enhancer: Enhancer) -> str:
    """What a result says that it was made by."""
    return f"scotopic {__version__} ({enhancer.model})"


def _marked(progress: Progress | None) -> Progress | None:
    """The callback, whose errors can be told from those of the picture."""
    if progress is None:
        return None

    def call(share: float) -> None:
        try:
            progress(share)
        except Exception as error:
            setattr(error, _CALLERS, True)
            raise

    return call


@contextlib.contextmanager
def named_errors(name: str) -> Iterator[None]:
    """Make every error a `ScotopicError` that names the picture.

    No error of any kind in one picture may end a batch. Those of the caller's own
    progress callback go through as they are.
    """
    try:
        yield
    except ScotopicError as error:
        error.about(name)
        raise
    except MemoryError as error:
        raise TooLargeError("there is not enough memory for it", path=name) from error
    except Exception as error:
        if getattr(error, _CALLERS, False):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise ScotopicError(f"failed by {reason}", path=name) from error

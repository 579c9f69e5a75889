"""The Python interface: `enhance`, `enhance_folder`, `models`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from scotopic import machine, storage
from scotopic.enhancer import Enhancer, default_enhancer
from scotopic.errors import InvalidValueError, MissingFileError
from scotopic.jobs import many, one
from scotopic.jobs.outcome import Outcome
from scotopic.jobs.plan import Plan, plan_jobs
from scotopic.jobs.record import Record
from scotopic.jobs.settings import Encoding, Placement, Settings
from scotopic.networks.catalogue import describe_models
from scotopic.photo import reading, writing
from scotopic.photo.limits import MAX_MEGAPIXELS
from scotopic.types import is_whole_number
from scotopic.wish import Wish

if TYPE_CHECKING:
    from PIL import Image

PathText = str | PathLike[str]
Number = TypeVar("Number", bound=np.generic)
Progress = Callable[[float], None]
_BYTES = (bytes, bytearray, memoryview)
FolderProgress = Callable[[int, int], None]


@overload
def enhance(
    picture: PathText,
    *,
    exposure: float | None = ...,
    ev: float = ...,
    balance: float = ...,
    strength: float = ...,
    output: PathText | None = ...,
    overwrite: bool = ...,
    format: str | None = ...,
    quality: int | None = ...,
    max_megapixels: int = ...,
    allow_truncated: bool = ...,
    enhancer: Enhancer | None = ...,
    progress: Progress | None = ...,
) -> Path: ...


@overload
def enhance(
    picture: bytes | bytearray | memoryview,
    *,
    exposure: float | None = ...,
    ev: float = ...,
    balance: float = ...,
    strength: float = ...,
    format: str | None = ...,
    quality: int | None = ...,
    max_megapixels: int = ...,
    allow_truncated: bool = ...,
    enhancer: Enhancer | None = ...,
    progress: Progress | None = ...,
) -> bytes: ...


@overload
def enhance(
    picture: NDArray[Number],
    *,
    exposure: float | None = ...,
    ev: float = ...,
    balance: float = ...,
    strength: float = ...,
    enhancer: Enhancer | None = ...,
    progress: Progress | None = ...,
) -> NDArray[Number]: ...


@overload
def enhance(
    picture: Image.Image,
    *,
    exposure: float | None = ...,
    ev: float = ...,
    balance: float = ...,
    strength: float = ...,
    enhancer: Enhancer | None = ...,
    progress: Progress | None = ...,
) -> Image.Image: ...


@overload
def enhance(
    picture: BinaryIO,
    *,
    exposure: float | None = ...,
    ev: float = ...,
    balance: float = ...,
    strength: float = ...,
    format: str | None = ...,
    quality: int | None = ...,
    max_megapixels: int = ...,
    allow_truncated: bool = ...,
    enhancer: Enhancer | None = ...,
    progress: Progress | None = ...,
) -> io.BytesIO: ...


def enhance(
    picture: Any,
    *,
    exposure: float | None = None,
    ev: float = 0.0,
    balance: float = 1.0,
    strength: float = 1.0,
    output: PathText | None = None,
    overwrite: bool = False,
    format: str | None = None,
    quality: int | None = None,
    max_megapixels: int = MAX_MEGAPIXELS,
    allow_truncated: bool = False,
    enhancer: Enhancer | None = None,
    progress: Progress | None = None,
) -> Any:
    """Enhance a dark picture.

    Parameters
    ----------
    picture : path, bytes, binary file object, Pillow image, or array
        The path of a file; an encoded file as bytes or in a file object; an
        image of any mode; or pixels: H x W x 3, or H x W for gray, each also
        with alpha as one more channel; uint8, uint16, or floats in 0..1.
    exposure : float, optional
        Mean level wanted of the result, between 0 and 1. It is never limited.
    ev : float
        Stops added to the automatic exposure. They are never limited.
    balance : float
        How far the exposure may vary over the picture: 0 for one gain, 1 as
        predicted.
    strength : float
        0 gives the picture back, 1 the whole effect.
    output : path, optional
        For a path: the file to write, or a folder (one that exists, has no
        suffix, or is named with a slash at the end). By default the result lies
        beside its source and is named ``*_enhanced``.
    overwrite : bool
        For a path: replace a file that exists.
    format : str, optional
        For a path, bytes or a file object: the format to write, such as
        ``"png"``. By default it is the source's, or what the output's name says.
    quality : int, optional
        For a path, bytes or a file object: quality of JPEG, WebP, AVIF,
        JPEG XL and JPEG 2000, 1 to 100. By default a JPEG is compressed as its source was.
    max_megapixels : int
        For a path, bytes or a file object: a larger picture, of all its frames
        together, is refused before it is decoded.
    allow_truncated : bool
        For a path, bytes or a file object: a file that was cut off is enhanced as
        far as it goes; what is missing stays empty.
    enhancer : Enhancer, optional
        One with another model or memory. By default one is made and kept.
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    The same kind that was given
        For a path, the path of the new file. For bytes, a file of the same
        format with everything that the source carried; for a file object, such
        a file as `io.BytesIO`. For an image, one of the same size with its
        ``info``; for an animated one, the frame that it shows. For an array,
        one of the same shape and type.

    Raises
    ------
    InvalidValueError
        When a setting is out of range or does not fit the kind of picture.
    TargetExistsError
        When the new file exists already.
    ScotopicError
        When the picture cannot be read or the result cannot be written.

    Examples
    --------
    >>> import numpy, scotopic
    >>> dark = numpy.full((20, 30, 3), 8, numpy.uint8)
    >>> scotopic.enhance(dark, exposure=0.3).shape
    (20, 30, 3)
    """
    wish = Wish(exposure, ev, balance, strength)
    limits: dict[str, Any] = {"max_megapixels": max_megapixels, "allow_truncated": allow_truncated}
    enhancer = enhancer or default_enhancer()
    if isinstance(picture, (str, PathLike)):
        placement = Placement.at(output, overwrite=overwrite)
        settings = Settings(wish, Encoding(format, quality), placement, **limits)
        return _enhance_path(enhancer, _path(picture), settings, progress)
    if output is not None or overwrite:
        raise InvalidValueError("output and overwrite are for pictures that are given as paths")
    if isinstance(picture, _BYTES) or hasattr(picture, "read"):
        settings = Settings(wish, Encoding(format, quality), **limits)
        if isinstance(picture, _BYTES):
            return one.enhance_bytes(enhancer, bytes(picture), settings, progress=progress)[0]
        data, name = storage.read_file_object(picture, enhancer.memory)
        return io.BytesIO(one.enhance_bytes(enhancer, data, settings, name, progress)[0])
    if format is not None or quality is not None:
        raise InvalidValueError("format and quality are for pictures that are encoded as files")
    if isinstance(picture, np.ndarray):
        return enhancer.enhance_array(picture, wish, progress)[0]
    if hasattr(picture, "getexif"):
        taken = reading.from_image(picture)
        one.enhance_photo(enhancer, taken, wish, progress)
        return writing.to_image(taken)
    kind = type(picture).__name__
    raise InvalidValueError(
        f"a picture is a path, bytes, a binary file object, a Pillow image or an array, not {kind}"
    )


def enhance_folder(
    folder: PathText,
    output: PathText | None = None,
    *,
    exposure: float | None = None,
    ev: float = 0.0,
    balance: float = 1.0,
    strength: float = 1.0,
    overwrite: bool = False,
    format: str | None = None,
    quality: int | None = None,
    max_megapixels: int = MAX_MEGAPIXELS,
    allow_truncated: bool = False,
    jobs: int | None = None,
    enhancer: Enhancer | None = None,
    progress: FolderProgress | None = None,
) -> Iterator[Outcome]:
    """Enhance all pictures in a folder and in the folders within it.

    Parameters
    ----------
    folder : path
    output : path, optional
        Folder for the results, which mirrors the other one. It keeps a record,
        by which a second call skips what is done already. By default each
        result lies beside its source and is named ``*_enhanced``.
    exposure, ev, balance, strength, overwrite, format, quality, max_megapixels, allow_truncated
        As for `enhance`.
    jobs : int, optional
        Pictures worked on at once. By default one for each processor, 4 at most.
    enhancer : Enhancer, optional
        By default one that takes half of the free memory.
    progress : callable, optional
        Told how many pictures are done, and how many there are.

    Yields
    ------
    Outcome
        One for each picture, in a stable order; of those that fail, too. At the
        end one for each folder that cannot be read.

    Raises
    ------
    MissingFileError
        When the folder is not there or has no pictures.
    InvalidValueError
        When a setting is out of range.
    """
    source = _path(folder)
    if not os.path.isdir(source):
        raise MissingFileError("no such folder", path=source)
    if jobs is not None and (not is_whole_number(jobs) or jobs < 1):
        raise InvalidValueError(f"jobs must be a whole number from 1, not {jobs!r}")
    target = None if output is None else _path(output)
    placement = Placement(target, is_folder=target is not None, overwrite=overwrite)
    wish, encoding = Wish(exposure, ev, balance, strength), Encoding(format, quality)
    settings = Settings(wish, encoding, placement, max_megapixels, allow_truncated)
    plan = plan_jobs([source], settings)
    return _run_folder(plan, settings, jobs, enhancer, progress)


def _run_folder(
    plan: Plan,
    settings: Settings,
    jobs: int | None,
    enhancer: Enhancer | None,
    progress: FolderProgress | None,
) -> Iterator[Outcome]:
    memory = machine.default_memory() if enhancer is None else enhancer.memory
    at_once = max(1, min(jobs or many.usual_jobs(memory), len(plan)))
    if enhancer is None:
        enhancer = Enhancer(memory=memory, threads=max(1, machine.threads() // at_once))
    folder = settings.placement.folder
    record = None if folder is None else Record(folder)
    outcomes = many.run_all(enhancer, plan, settings, record, at_once)
    for done, outcome in enumerate(outcomes, start=1):
        if progress is not None:
            progress(done, len(plan))
        yield outcome
    for unread, error in plan.unread.items():
        yield Outcome("failed", str(unread), error=error)


def models() -> list[dict[str, Any]]:
    """Describe the networks: those that are shipped, verified, and those to train.

    Returns
    -------
    list of dict
        ``name``, ``parameters``, ``multiply_adds`` (of a picture of 256x256),
        ``file`` (None where no weights are shipped), ``sha256``, ``licence``,
        ``training_data``, ``scores`` and more; as ``scotopic models --json``.

    Raises
    ------
    MissingFileError, UnreadableError
        When the file of a shipped network is missing, or is not the one that
        was shipped.
    """
    return describe_models()


def _enhance_path(
    enhancer: Enhancer, path: Path, settings: Settings, progress: Progress | None
) -> Path:
    if os.path.isdir(path):
        raise InvalidValueError("is a folder; enhance takes one picture", path=path)
    (job,) = plan_jobs([path], settings)
    many.run_job(enhancer, job, settings, progress=progress)
    return job.target


def _path(text: PathText) -> Path:
    if not fspath(text):
        raise InvalidValueError("the path is empty")
    return Path(fspath(text))

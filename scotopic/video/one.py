"""One film: what it is, how it is encoded, enhanced in segments, and joined at the end."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import (
    AccessError,
    InvalidValueError,
    MissingFileError,
    ScotopicError,
    TooLargeError,
)
from scotopic.version import __version__
from scotopic.video import containers, encoding, joining, kept, pipeline, source
from scotopic.video.film import Film
from scotopic.video.outcome import Made, VideoOutcome
from scotopic.video.pipeline import Plan, Progress
from scotopic.video.segments import Store
from scotopic.video.settings import VideoSettings

_SAMPLE = 2**20
"""Bytes at the start and at the end of a film by which it is known again."""
_EARLY = 0.5
"""Seconds by which a film may be shorter than it says."""


def enhance_film(
    enhancer: Enhancer,
    path: Path,
    target: Path,
    settings: VideoSettings,
    progress: Progress | None = None,
) -> VideoOutcome:
    """Enhance a film into a file, going on where an interrupted run stopped.

    Parameters
    ----------
    enhancer : Enhancer
    path : Path
    target : Path
        Its suffix says the container.
    settings : VideoSettings
    progress : callable, optional
        As `pipeline.Progress` says.

    Raises
    ------
    ScotopicError
        When the film cannot be read or the result not be written; names the film.
    """
    with named_errors(str(path)):
        if not settings.overwrite and storage.is_there(target):
            raise storage.already_there(target)
        if storage.is_there(target) and path.exists() and target.samefile(path):
            raise InvalidValueError("would take the place of its own source", path=path)
        container = containers.of_target(target)
        plan = plan_of(path, container, settings)
        store = Store(target, key_of(enhancer, path, plan, settings), settings.resume)
        try:
            done = pipeline.run(enhancer, plan, store, settings, progress)
            made = store.folder / f"result{target.suffix}"
            with source.named(str(path)):
                order, left = joining.join(store, plan.result, plan.encoding, container, str(made))
                changed = kept.differences(plan.film, plan.result, str(made), order)
            storage.move_into_place(made, target, settings.overwrite)
        finally:
            store.close()
        store.remove()
        notes = (
            *plan.film.notes,
            *plan.encoding.notes,
            *done.met.notes(),
            *_ends_early(plan.film, max(done.seconds, done.end)),
            *left,
            *changed,
        )
        result = Made(
            model=enhancer.model,
            frames=done.frames,
            resumed_at=done.earlier,
            seconds=round(done.seconds, 3),
            size=(plan.result.width, plan.result.height),
            encoder=plan.encoding.encoder,
            pixel_format=plan.encoding.pixel_format,
            scenes=tuple(scene.as_dict() for scene in done.scenes),
        )
        return VideoOutcome("enhanced", str(path), target, container.name, notes=notes, made=result)


def plan_of(path: Path, container: containers.Container, settings: VideoSettings) -> Plan:
    """Look at a film, and decide how its result is encoded.

    Raises
    ------
    ScotopicError
        As `source.probe` and `encoding.choose`.
    """
    if not path.exists():
        raise MissingFileError("no such file", path=path)
    film = source.probe(source.of_path(path))
    chosen = encoding.choose(film, container, settings)
    result, notes = encoding.of_result(film, chosen, settings.preview)
    chosen = replace(chosen, notes=(*chosen.notes, *notes))
    return Plan(film, result, chosen, settings.preview)


def key_of(enhancer: Enhancer, path: Path, plan: Plan, settings: VideoSettings) -> dict[str, Any]:
    """What a result depends on: film, network, settings, encoder, versions."""
    return {
        "input": fingerprint(path),
        "model": enhancer.network.sha256,
        "provider": enhancer.network.provider,
        "version": __version__,
        "av": av.__version__,
        **settings.of_result(),
        **plan.encoding.as_dict(),
    }


def fingerprint(path: Path) -> dict[str, Any]:
    """Size, time, and SHA-256 of the first and the last MiB: films are too large to be hashed."""
    try:
        found = path.stat()
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_SAMPLE))
            file.seek(max(0, found.st_size - _SAMPLE))
            digest.update(file.read(_SAMPLE))
    except FileNotFoundError as error:
        raise MissingFileError("no such file", path=path) from error
    except OSError as error:
        raise AccessError(f"cannot be read: {error.strerror}", path=path) from error
    return {"size": found.st_size, "time": found.st_mtime_ns, "sha256": digest.hexdigest()}


def _ends_early(film: Film, seconds: float) -> Iterator[str]:
    if film.seconds and seconds < film.seconds - max(_EARLY, 2 / float(film.rate)):
        yield (
            f"it ends early: its pictures end after {seconds:.1f} s, and it says {film.seconds:.1f} s"
        )


@contextlib.contextmanager
def named_errors(name: str) -> Iterator[None]:
    """Make every error a `ScotopicError` that names the film as it was given."""
    try:
        yield
    except ScotopicError as error:
        if error.path is None or Path(error.path) == Path(name).absolute():
            error.path = name
        raise
    except MemoryError as error:
        raise TooLargeError("there is not enough memory for it", path=name) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ScotopicError(f"failed by {reason}", path=name) from error

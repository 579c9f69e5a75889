"""scotopic video."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from scotopic.commands.common import (
    OUTPUT,
    SOME_FAILED,
    STANDARD,
    complain,
    error_record,
    given_options,
    memory_option,
    one_line_errors,
    progress,
    provider_option,
    show_traceback,
    told,
    wish_options,
)
from scotopic.errors import InvalidValueError, MissingPackageError
from scotopic.networks.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from scotopic.enhancer import Enhancer
    from scotopic.video.live import Live
    from scotopic.video.outcome import VideoOutcome
    from scotopic.video.settings import VideoSettings

_PREVIEW_MODEL = "fast"


@dataclass(frozen=True)
class _Call:
    """What the command was called with."""

    paths: tuple[str, ...]
    output: str | None
    suffix: str
    settings: VideoSettings
    model: str
    memory: int
    provider: str
    as_json: bool
    quiet: bool
    verbose: int

    def enhancer(self) -> Enhancer:
        """An enhancer for the films, one after the other."""
        from scotopic.enhancer import Enhancer

        enhancer = Enhancer(self.model, self.memory, self.provider)
        enhancer.network.check(self.settings.wish)
        return enhancer


@click.command()
@click.argument("paths", nargs=-1, required=True, type=OUTPUT, metavar="IN...")
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    help="File or folder to write; - is standard output, for a player. The file's suffix says "
    "the container: .mp4, .mov, .mkv or .webm.  [default: beside each source]",
)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name of a shipped network, or an .onnx file. A preview takes fast.",
)
@wish_options
@click.option(
    "--temporal",
    type=float,
    default=0.5,
    show_default=True,
    help="Strength of the filter over time against noise, from 0 (none) to 1.",
)
@click.option(
    "--crf",
    type=click.IntRange(0, 51),
    help="Constant rate factor of the encoder: lower is better and larger.  [default: 18 for "
    "H.264, 20 for HEVC, 24 for VP9 and AV1]",
)
@memory_option
@provider_option
@click.option(
    "--suffix",
    default="_enhanced",
    show_default=True,
    help="Suffix for the names of results that are written beside their sources.",
)
@click.option(
    "--preview",
    is_flag=True,
    help="For a first look or live pictures: at most 640 pixels on the long side, with the "
    "network fast, encoded in haste.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option(
    "--resume/--no-resume",
    default=True,
    help="Go on where an interrupted call with the same settings stopped.  [default: resume]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per film.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but what failed.")
@click.option("-v", "--verbose", count=True, help="-vv prints tracebacks of errors too.")
@one_line_errors
def video(**options: Any) -> None:
    """Enhance films, folders of films, or live pictures.

    Sound, subtitles, chapters and everything else in a film are copied. An input may also be
    standard input (-), an address such as rtsp://... or a camera: its pictures are enhanced as
    they come, late ones are dropped, and pictures alone are written.
    """
    try:
        from scotopic.video import live
    except ImportError as error:
        raise MissingPackageError(
            "films need PyAV 18 or newer, which needs Python 3.11 or newer",
            remedy="pip install 'scotopic[video]'",
        ) from error
    call = _call(options)
    is_stream = call.output == str(STANDARD) or any(live.is_live(path) for path in call.paths)
    failed = _stream(call) if is_stream else _batch(call)
    raise SystemExit(SOME_FAILED if failed else 0)


def _call(options: dict[str, Any]) -> _Call:
    from scotopic import machine
    from scotopic.video.settings import VideoSettings
    from scotopic.wish import Wish

    def some(*names: str) -> dict[str, Any]:
        return {name: options[name] for name in names}

    settings = VideoSettings(
        Wish(**some("exposure", "ev", "balance", "strength")),
        **some("temporal", "crf", "preview", "overwrite", "resume"),
    )
    if options["preview"] and "model" not in given_options():
        options["model"] = _PREVIEW_MODEL
    rest = some("paths", "output", "suffix", "model", "provider", "as_json", "quiet", "verbose")
    memory = options["memory"] or machine.default_memory()
    return _Call(settings=settings, memory=memory, **rest)


def _batch(call: _Call) -> bool:
    """Enhance all films that the paths lead to; whether anything failed."""
    from scotopic.jobs.record import Record
    from scotopic.video import many, plan

    output = plan.Output.at(call.output, call.suffix)
    planned = plan.plan(map(Path, call.paths), output)
    record = Record(output.folder) if call.settings.resume and output.folder else None
    failed = len(planned.unread)
    enhancer = call.enhancer()
    with contextlib.closing(_Bar(call.quiet)) as bar:
        outcomes = many.enhance_all(enhancer, planned.jobs, call.settings, record, bar.told)
        for outcome in outcomes:
            bar.close()
            _tell(call, outcome)
            failed += outcome.status == "failed"
    for error in planned.unread.values():
        complain(told(error))
    return failed > 0


def _tell(call: _Call, outcome: VideoOutcome) -> None:
    """Print what became of a film."""
    if call.as_json:
        error = None if outcome.error is None else error_record(outcome.error)
        click.echo(json.dumps({**outcome.as_dict(), "error": error}))
    if outcome.error is not None:
        if call.verbose > 1:
            show_traceback(outcome.error)
        complain(told(outcome.error))
    elif outcome.status == "skipped" and not call.quiet:
        complain(f"{outcome.source}: skipped: finished by an earlier call")
    elif not call.quiet and outcome.made is not None:
        made = outcome.made
        earlier = f", {made.resumed_at} of them by an earlier call" if made.resumed_at else ""
        click.echo(f"{outcome.target}: {made.frames} frames{earlier}", err=True)
        for note in outcome.notes:
            click.echo(f"{outcome.target}: {note}", err=True)


class _Bar:
    """A progress bar for each film, with the frames a second and the time that is left."""

    def __init__(self, hidden: bool) -> None:
        self._hidden = hidden
        self._stack = contextlib.ExitStack()
        self._bar: Any = None
        self._seen, self._began = 0, 0.0

    def told(self, done: int, earlier: int, count: int) -> None:
        """Draw how far a film is."""
        if self._bar is None:
            length = max(1, count - earlier)
            self._bar = self._stack.enter_context(progress(length, hidden=self._hidden))
            self._seen, self._began = earlier, time.monotonic()
        spent = time.monotonic() - self._began
        if done > earlier and spent > 0:
            self._bar.label = f"{(done - earlier) / spent:.1f} frames per second"
        self._bar.update(done - self._seen)
        self._seen = done

    def close(self) -> None:
        """End the bar of a film."""
        self._stack.close()
        self._bar = None


def _stream(call: _Call) -> bool:
    """Enhance live pictures, or a film for a player; whether it failed."""
    from scotopic.video import live

    if len(call.paths) > 1:
        raise InvalidValueError("live pictures and standard output are for one input")
    if call.as_json:
        raise InvalidValueError("--json is for films that are files")
    (path,) = call.paths
    name = "standard input" if path == str(STANDARD) else path
    given: str | BinaryIO = sys.stdin.buffer if path == str(STANDARD) else path
    state = live.Live()
    enhancer = call.enhancer()
    with _output(call) as output:
        try:
            live.run(enhancer, given, output, call.settings, name, state)
        except KeyboardInterrupt:
            if not state.frames:
                raise
    if not call.quiet:
        click.echo(_counted(name, state), err=True)
    return False


def _counted(name: str, state: Live) -> str:
    dropped = f", {state.dropped} dropped since they came late" if state.dropped else ""
    return f"{name}: {state.frames} frames{dropped}"


@contextlib.contextmanager
def _output(call: _Call) -> Iterator[BinaryIO]:
    """Standard output, or a file that is put in place when the pictures end."""
    from scotopic import storage
    from scotopic.video import containers

    if call.output in (None, str(STANDARD)):
        if call.output is None and sys.stdout.isatty():
            raise InvalidValueError("live pictures need an output: -o FILE.mkv, or -o - for a pipe")
        yield sys.stdout.buffer
        return
    target = Path(str(call.output))
    if containers.of_target(target) is not containers.MATROSKA:
        raise InvalidValueError("live pictures are written as Matroska (.mkv)", path=target)
    if not call.settings.overwrite and storage.is_there(target):
        raise storage.already_there(target)
    with storage.atomic_file(target, call.settings.overwrite) as file:
        yield file

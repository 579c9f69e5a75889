"""What all commands share: types of options, messages, progress, exit codes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from scotopic.cloud.urls import is_url
from scotopic.errors import InvalidValueError, Parameter, ScotopicError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from scotopic.jobs.settings import Placement, Settings

STANDARD = Path("-")
"""Standard input as a source, standard output as a target."""
SOME_FAILED, WRONG_CALL, INTERRUPTED, TERMINATED = 1, 2, 130, 143
"""Exit codes: something failed and the rest was done; the call is wrong; Ctrl-C; SIGTERM."""
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?b)?\s*", re.IGNORECASE)


class _Path(click.Path):
    """A path that is not empty, as an unset variable would make it; ``-`` is one too."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            self.fail("the path is empty; is a variable unset?", param, ctx)
        if os.fspath(value) != str(STANDARD) and Path(value) == STANDARD:
            value = os.path.abspath(value)  # a file of that name, as ./- means
        return super().convert(value, param, ctx)


class _Place(_Path):
    """A path, or a URL of a store, which stays text."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        if isinstance(value, str) and is_url(value):
            return value
        return super().convert(value, param, ctx)


def size(text: str) -> int:
    """Bytes of a size such as ``512M``, ``1.5G``, ``1GB`` or ``1GiB``; K, M, G are powers of 1024."""
    found = _SIZE.fullmatch(text)
    number = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if number <= 0:
        raise click.BadParameter(f"{text!r} is not a size such as 512M or 2G")
    return number


PATH = _Path(path_type=Path, readable=False)
PLACE = _Place(path_type=Path, readable=False)
"""A path, or a URL as text."""
OUTPUT = _Path(path_type=str, readable=False)
"""As text, in which a slash at the end means a folder."""

_WISH_OPTIONS = (
    click.option(
        "--exposure",
        type=float,
        help="Mean level wanted of the result, between 0 and 1.  [default: automatic]",
    ),
    click.option(
        "--ev",
        type=float,
        default=0.0,
        show_default=True,
        help="Exposure compensation: stops added to the automatic exposure.",
    ),
    click.option(
        "--balance",
        type=float,
        default=1.0,
        show_default=True,
        help="How far the exposure may vary over the picture, from 0 (the same everywhere) to 1 "
        "(as predicted).",
    ),
    click.option(
        "--strength",
        type=float,
        default=1.0,
        show_default=True,
        help="Strength of the effect, from 0 (none) to 1 (all of it).",
    ),
)


def wish_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a picture is to be exposed; see `scotopic.wish.Wish`."""
    for option in reversed(_WISH_OPTIONS):
        command = option(command)
    return command


def settings_of(options: Mapping[str, Any], placement: Placement) -> Settings:
    """What the options of a command ask for of pictures and of their files."""
    from scotopic.jobs.settings import Encoding, Settings
    from scotopic.wish import Wish

    def some(*names: str) -> dict[str, Any]:
        return {name: options[name] for name in names}

    return Settings(
        Wish(**some("exposure", "ev", "balance", "strength", "skip_bright")),
        Encoding(**some("format", "quality", "strip")),
        placement,
        **some("max_megapixels", "allow_truncated"),
    )


memory_option = click.option(
    "--memory",
    type=size,
    help="Memory that the process may take, such as 1G.  [default: half of what is free, at most "
    "4G]",
)
max_megapixels_option = click.option(
    "--max-megapixels",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Refuse larger pictures before they are decoded.",
)
provider_option = click.option(
    "--provider",
    default="cpu",
    show_default=True,
    help="What runs the network: an execution provider of ONNX Runtime, such as cpu or cuda, or "
    "OpenVINO (the extra openvino): openvino computes in bfloat16 where the processor does, which "
    "is faster and about 55 dB (PSNR) from float32; openvino-f32 always computes in float32.",
)


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does."""


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Raise `Terminated` at SIGTERM, unless somebody deals with it already."""
    is_free = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not is_free or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: Any) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a `ScotopicError` into one line and an exit code; Ctrl-C and SIGTERM, too."""

    @wraps(command)
    def guarded(**options: Any) -> None:
        try:
            with _terminable():
                command(**options)
        except ScotopicError as error:
            if options.get("verbose", 0) > 1:
                show_traceback(error)
            complain(told(error))
            raise SystemExit(code_of(error)) from None
        except OSError as error:  # standard output that is full or closed, for example
            complain(str(error))
            raise SystemExit(SOME_FAILED) from None
        except KeyboardInterrupt as error:
            complain("stopped")
            code = TERMINATED if isinstance(error, Terminated) else INTERRUPTED
            raise SystemExit(code) from None

    return guarded


def given_options() -> dict[str, str]:
    """The options that the call has, by the names of their parameters."""
    context = click.get_current_context()
    return {
        param.name: param.opts[0]
        for param in context.command.params
        if param.name and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    }


def code_of(error: ScotopicError) -> int:
    """The exit code of a call that ends by an error."""
    return WRONG_CALL if isinstance(error, InvalidValueError) else SOME_FAILED


def told(error: ScotopicError) -> str:
    """An error in one line, its remedy as an option of the command line."""
    remedy = error.remedy
    if isinstance(remedy, Parameter):
        option = "--" + remedy.name.replace("_", "-")
        remedy = f"use {_with_value(option, remedy)}" if _is_known(option) else None
    return error.told(remedy)


def error_record(error: ScotopicError) -> dict[str, str]:
    """An error for a line of JSON, its remedy as an option of the command line."""
    return {**error.as_dict(), "message": told(error)}


def _is_known(option: str) -> bool:
    """Whether the command that runs has an option."""
    context = click.get_current_context(silent=True)
    return context is None or any(option in known.opts for known in context.command.params)


def _with_value(option: str, parameter: Parameter) -> str:
    if parameter.value is True:
        return option
    value = parameter.value
    if parameter.name == "memory" and isinstance(value, int):
        value = f"{-(-10 * value // 2**30) / 10:.1f}G"  # rounded up, since less is not enough
    return f"{option} {value}"


def show_traceback(error: BaseException) -> None:
    """Write a traceback to standard error."""
    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)


def complain(message: str) -> None:
    """Say a line on standard error, whatever line breaks it has."""
    click.echo(f"scotopic: {' '.join(message.split())}", err=True)


@contextlib.contextmanager
def progress(length: int, label: str = "", hidden: bool = False) -> Iterator[ProgressBar[Any]]:
    """A bar on standard error; nothing unless that is a terminal."""
    hidden = hidden or not sys.stderr.isatty()
    shown: ProgressBar[Any] = click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=hidden,
        item_show_func=lambda item: None if item is None else str(item),
    )
    with shown as bar:
        yield bar

"""What all commands share: messages, progress, exit codes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import click

from scotopic.errors import ScotopicError

PATH = click.Path(path_type=Path)
STREAM = click.Path(path_type=Path, allow_dash=True)
DEFAULT_MODEL = "exposure_unet"


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a `ScotopicError` into one line and exit code 2."""

    @wraps(command)
    def guarded(**options: Any) -> None:
        try:
            command(**options)
        except ScotopicError as error:
            if options.get("verbose", 0) > 1:
                raise
            complain(str(error))
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            complain("stopped")
            raise SystemExit(130) from None

    return guarded


def complain(message: str) -> None:
    """Say a line on standard error, whatever breaks it has."""
    click.echo(f"scotopic: {' '.join(message.split())}", err=True)


@contextlib.contextmanager
def progress(length: int, label: str = "", hidden: bool = False) -> Iterator[Any]:
    """A bar on standard error; nothing unless that is a terminal."""
    hidden = hidden or not sys.stderr.isatty()
    with click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=hidden,
        item_show_func=lambda item: None if item is None else str(item),
    ) as bar:
        yield bar

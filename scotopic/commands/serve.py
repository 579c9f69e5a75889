"""scotopic serve."""

from __future__ import annotations

from typing import Any

import click

from scotopic.commands.common import (
    complain,
    max_megapixels_option,
    memory_option,
    one_line_errors,
    provider_option,
    size,
)
from scotopic.errors import MissingPackageError
from scotopic.networks.registry import DEFAULT_MODEL


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Others than this machine's own need a token.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on.  [default: one that is free]",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--token",
    envvar="SCOTOPIC_TOKEN",
    help="Secret that clients must show, 16 characters or more. The environment variable "
    "SCOTOPIC_TOKEN is safer: other users of this machine can see what a command is called with.",
)
@click.option(
    "--no-token", is_flag=True, help="Let everybody use the server who can reach its address."
)
@click.option(
    "--host-name",
    multiple=True,
    help="Further name by which browsers call the server, such as that of a proxy.",
)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Network for pictures: name of a shipped one, or an .onnx file.",
)
@memory_option
@provider_option
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of pictures worked on at once; they share the memory and the processors.",
)
@click.option(
    "--queue",
    type=click.IntRange(0),
    default=16,
    show_default=True,
    help="Number of pictures that may wait; further ones are refused.",
)
@click.option(
    "--max-bytes", type=size, default="500M", show_default=True, help="Refuse larger uploads."
)
@max_megapixels_option
@one_line_errors
def serve(open_browser: bool, no_token: bool, host_name: tuple[str, ...], **options: Any) -> None:
    """Open a page for enhancing pictures in a browser, with an API for programs.

    The address of the page is printed when the server listens. Pictures stay on this
    machine: the page comes from the server and loads nothing from elsewhere. Ctrl-C ends
    the server; pictures that are being enhanced are finished first.
    """
    from scotopic import machine

    try:
        from scotopic.serve.options import Options
        from scotopic.serve.running import run
    except ImportError as error:
        raise MissingPackageError(
            "serving needs starlette, uvicorn and python-multipart",
            remedy="pip install 'scotopic[serve]'",
        ) from error
    options["memory"] = options["memory"] or machine.default_memory()
    chosen = Options(open_to_all=no_token, host_names=host_name, **options)
    run(chosen, click.echo, complain, open_browser)

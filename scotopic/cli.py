"""The command line: all commands in one group."""

from __future__ import annotations

import click

from scotopic.commands.data import data
from scotopic.commands.enhance import enhance
from scotopic.commands.evaluate import evaluate
from scotopic.commands.inspect import doctor, models
from scotopic.commands.report import report
from scotopic.commands.serve import serve
from scotopic.commands.train import export, train
from scotopic.commands.video import video
from scotopic.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scotopic")
def main() -> None:
    """Turn dark photographs into good ones, on your own machine."""


for command in (enhance, report, video, serve, evaluate, train, export, models, doctor, data):
    main.add_command(command)

"""Write docs/cli.md from the commands' own help."""

from collections.abc import Iterator
from pathlib import Path

import click

from scotopic.cli import main

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = """# Commands

The help of each command below is written by `make docs` from the commands themselves.

**Input and output.** `-` is standard input or standard output. Results for programs go to standard
output, messages for people to standard error. Progress bars are shown on a terminal only. `--json` prints
one JSON object per line. A line of `scotopic enhance --json` is described by
`scotopic/jobs/outcome.schema.json`: every picture has one, those that failed too, with `status` and
`error`.

**Exit codes.** 0: everything is done. 1: something failed; each failure is named, and the rest is done.
2: the call is wrong, and nothing was done. 130: stopped by Ctrl-C. 143: stopped by SIGTERM, as schedulers
send it; it ends every command as Ctrl-C does, with its records written.

**Shell completion** of commands, options and paths:

    eval "$(_SCOTOPIC_COMPLETE=bash_source scotopic)"      # bash, in ~/.bashrc
    eval "$(_SCOTOPIC_COMPLETE=zsh_source scotopic)"       # zsh, in ~/.zshrc
    _SCOTOPIC_COMPLETE=fish_source scotopic | source       # fish, in config.fish
"""


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, in the order of the code."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def text() -> str:
    """The page: each command's help, at a width that does not depend on the terminal."""
    parts = [HEAD]
    root = click.Context(main, info_name="scotopic", terminal_width=100, max_content_width=100)
    for names, command in commands(main):
        context = click.Context(command, info_name=names, parent=root, terminal_width=100)
        parts.append(f"## scotopic {names}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")

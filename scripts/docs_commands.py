"""Write docs/cli.md from the commands' own help."""

from collections.abc import Iterator
from pathlib import Path

import click

from scotopic.cli import main

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, in the order of the code."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def text() -> str:
    """The page: each command's help, at a width that does not depend on the terminal."""
    parts = ["# Commands\n\nWritten by `make docs` from the commands' own help.\n"]
    root = click.Context(main, info_name="scotopic", terminal_width=100, max_content_width=100)
    for names, command in commands(main):
        context = click.Context(command, info_name=names, parent=root, terminal_width=100)
        parts.append(f"## scotopic {names}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")

"""Write docs/cli.md from the commands' own help."""

from pathlib import Path

import click

from scotopic.cli import main

TARGET = Path(__file__).with_name("cli.md")


def text() -> str:
    """The page: each command's help, at a width that does not depend on the terminal."""
    parts = ["# Commands\n\nWritten by `make docs` from the commands' own help.\n"]
    root = click.Context(main, info_name="scotopic", terminal_width=100, max_content_width=100)
    for name in ("enhance", "evaluate", "train", "export", "models", "doctor"):
        context = click.Context(
            main.commands[name], info_name=name, parent=root, terminal_width=100
        )
        parts.append(f"## scotopic {name}\n\n```\n{main.commands[name].get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")

"""Run the command as a module."""

from scotopic.cli import main

main(prog_name="scotopic")

"""The commands, a file for each kind: arguments in, calls out, messages and exit codes."""

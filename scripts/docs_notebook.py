"""Write examples/mirnet.ipynb from the program beside it.

The program is divided into cells by lines ``# %%``, and ``# %% [markdown]``
for text, as editors and jupytext know them. The notebook has no outputs:
`execute` gives it some.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SOURCE = EXAMPLES / "mirnet_from_scratch.py"
TARGET = EXAMPLES / "mirnet.ipynb"
MARK = "# %%"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook: ``code``, or ``markdown`` without its comment signs."""

    kind: str
    text: str


def cells(program: str) -> list[Cell]:
    """The cells of a program, in order."""
    found: list[Cell] = []
    for part in f"\n{program}".split(f"\n{MARK}")[1:]:
        head, _, body = part.partition("\n")
        if head.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.splitlines()]
            found.append(Cell("markdown", "\n".join(lines).strip()))
        else:
            found.append(Cell("code", body.strip()))
    return found


def notebook(program: str) -> dict[str, Any]:
    """The notebook, in format 4.5, as plain values."""
    return {
        "cells": [_as_json(index, cell) for index, cell in enumerate(cells(program))],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _as_json(index: int, cell: Cell) -> dict[str, Any]:
    record: dict[str, Any] = {"cell_type": cell.kind, "id": f"cell-{index:02}", "metadata": {}}
    if cell.kind == "code":
        record |= {"execution_count": None, "outputs": []}
    return {**record, "source": cell.text.splitlines(keepends=True)}


def text() -> str:
    """What the file holds."""
    return json.dumps(notebook(SOURCE.read_text(encoding="utf-8")), indent=1) + "\n"


def execute(folder: Path, seconds: int = 1800) -> Any:
    """Execute the notebook as a notebook is, in a kernel of its own, and return it.

    Parameters
    ----------
    folder : Path
        Where it runs, and where its results go.
    seconds : int
        Limit for each cell.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails; it says which, and how.
    """
    import nbformat
    from nbclient import NotebookClient

    made = nbformat.reads(text(), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(made)
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(made, timeout=seconds, resources=resources).execute()

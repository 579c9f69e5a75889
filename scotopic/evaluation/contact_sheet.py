"""Contact sheets: one row for each picture, one column for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scotopic.evaluation import views
from scotopic.storage import write_atomically
from scotopic.types import Array

COLUMNS = ("input", "autocontrast", "result", "reference")
_WIDTH, _GAP, _LINE = 240, 4, 18


class ContactSheet:
    """A picture with all results of a method, each scaled to 240 pixels wide.

    Parameters
    ----------
    columns : sequence of str
        The headings.
    """

    def __init__(self, columns: Sequence[str] = COLUMNS) -> None:
        self.columns = columns
        self.rows: list[tuple[str, list[Image.Image]]] = []

    def add(self, caption: str, pictures: Sequence[Array]) -> None:
        """Add a row.

        Parameters
        ----------
        caption : str
        pictures : sequence of array, (height, width, 3), uint8
            One for each column.
        """
        self.rows.append((caption, [views.scaled(picture, _WIDTH) for picture in pictures]))

    def draw(self) -> Image.Image:
        """The sheet as an image."""
        heights = [max(p.height for p in pictures) + _LINE + _GAP for _, pictures in self.rows]
        size = (len(self.columns) * (_WIDTH + _GAP) + _GAP, _LINE + _GAP + sum(heights))
        sheet = Image.new("RGB", size, "white")
        draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
        places = [_GAP + index * (_WIDTH + _GAP) for index in range(len(self.columns))]
        for left, name in zip(places, self.columns, strict=True):
            draw.text((left, 2), name, "black", font)
        top = _LINE + _GAP
        for (caption, pictures), height in zip(self.rows, heights, strict=True):
            for left, picture in zip(places, pictures, strict=True):
                sheet.paste(picture, (left, top))
            draw.text((_GAP, top + height - _LINE - _GAP + 1), caption, "black", font)
            top += height
        return sheet

    def save(self, target: Path) -> None:
        """Write the sheet as PNG."""
        write_atomically(views.encoded(self.draw(), "PNG"), target)

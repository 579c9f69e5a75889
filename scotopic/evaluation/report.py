"""Results for eyes: contact sheets, and one HTML file that holds everything."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from scotopic import __version__
from scotopic.storage import write_atomically
from scotopic.types import Array

SHEET = ("low", "autocontrast", "enhanced", "reference")
_WIDTH, _GAP, _LINE = 240, 4, 18
_SHOWN_WIDTH = 800
_SHOWN_EACH_END = 4


def autocontrast(picture: Array) -> Array:
    """Pillow's autocontrast, the classical baseline: uint8 to uint8."""
    return np.asarray(ImageOps.autocontrast(Image.fromarray(picture)))


class ContactSheet:
    """A row a picture, a column a method; pictures are scaled to 240 pixels wide.

    Parameters
    ----------
    columns : sequence of str
        What stands above the columns.
    """

    def __init__(self, columns: Sequence[str] = SHEET) -> None:
        self.columns = columns
        self.rows: list[tuple[str, list[Image.Image]]] = []

    def add(self, caption: str, pictures: Sequence[Array]) -> None:
        """Add a row.

        Parameters
        ----------
        caption : str
        pictures : sequence of array, (height, width, 3), uint8
            One a column.
        """
        self.rows.append((caption, [_small(picture, _WIDTH) for picture in pictures]))

    def save(self, target: Path) -> None:
        """Write the sheet, as PNG."""
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
        write_atomically(_encoded(sheet, "PNG"), target)


class Gallery:
    """The best and the worst pictures of a method by a score, small, for the report.

    No more than those are held, however many are shown to it.

    Parameters
    ----------
    key : str
        Of the score that ranks them.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.shown: list[dict[str, Any]] = []

    def add(self, name: str, value: float, views: Mapping[str, Array]) -> None:
        """Consider a picture: its views by what they are, (height, width, 3), uint8."""
        ranked = sorted([*(entry["value"] for entry in self.shown), value])
        place = ranked.index(value)
        if _SHOWN_EACH_END <= place < len(ranked) - _SHOWN_EACH_END:
            return
        pictures = {kind: _as_data(_small(view, _SHOWN_WIDTH)) for kind, view in views.items()}
        if "reference" in views:
            pictures["error"] = _as_data(
                _small(error_map(views["result"], views["reference"]), _SHOWN_WIDTH)
            )
        self.shown.append({"name": name, "value": value, "views": pictures})
        self.shown.sort(key=lambda entry: float(entry["value"]))
        if len(self.shown) > 2 * _SHOWN_EACH_END:
            del self.shown[_SHOWN_EACH_END]


def error_map(result: Array, reference: Array) -> Array:
    """Absolute differences, times four, as a picture."""
    apart = np.abs(result.astype(np.int16) - reference.astype(np.int16))
    return np.minimum(4 * apart, 255).astype(np.uint8)


def html_report(
    scored: Mapping[str, Any],
    labels: Mapping[str, tuple[str, int]],
    galleries: Mapping[str, Gallery],
    doubts: Sequence[str],
    protocol: str,
) -> str:
    """One HTML file that asks nothing of any other: table, viewer, plots.

    Parameters
    ----------
    scored : mapping
        As `scotopic.evaluation.tables.as_dict` gives it.
    labels : mapping
        Key of each score to its label and its digits after the point.
    galleries : mapping
        A `Gallery` for each method.
    doubts : sequence of str
    protocol : str
        What was judged, and how, in a sentence.
    """
    content = {
        "scored": scored,
        "labels": labels,
        "galleries": {
            name: [
                {**entry, "value": entry["value"] if math.isfinite(entry["value"]) else None}
                for entry in gallery.shown
            ]
            for name, gallery in galleries.items()
        },
        "doubts": list(doubts),
    }
    page = (
        resources.files("scotopic.evaluation").joinpath("report.html").read_text(encoding="utf-8")
    )
    data = json.dumps(content, allow_nan=False).replace("<", "\\u003c")
    page = page.replace("{{version}}", __version__).replace("{{protocol}}", html.escape(protocol))
    return page.replace("{{data}}", data)


def _small(picture: Array, width: int) -> Image.Image:
    image = Image.fromarray(picture)
    if image.width <= width and width != _WIDTH:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _as_data(image: Image.Image) -> str:
    coded = base64.b64encode(_encoded(image, "WEBP", quality=90)).decode()
    return f"data:image/webp;base64,{coded}"


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

"""Sheets for blind judging: a photo's input and its candidates under their letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scotopic import storage
from scotopic.errors import InvalidValueError
from scotopic.evaluation import views
from scotopic.evaluation.blind import ballots, places, trials
from scotopic.evaluation.blind.places import Place
from scotopic.evaluation.blind.trials import Trial
from scotopic.photo import reading
from scotopic.types import Array

WIDEST = 990
"""Width of a sheet at most, in pixels, so that no viewer scales it down."""
_TALLEST = 1300
"""Height at most of a sheet of whole pictures, which are scaled to it."""
_GAP, _TITLE, _LABEL = 6, 20, 24
_SURROUND = (119, 119, 119)
"""Neutral gray of middle lightness: on white, dark pictures look darker than they are."""

Cell = tuple[str, Image.Image]
"""What a sheet shows side by side: a label, and a picture under it."""


@dataclass(frozen=True)
class _View:
    """What is kept of a picture for its sheets: the whole, scaled, and the crops."""

    label: str
    whole: Image.Image
    crops: list[Image.Image]


def write(
    drawn: Sequence[Trial],
    folder: Path,
    seed: int,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> int:
    """Write the sheets of all photos, the empty ballot, and the key.

    Parameters
    ----------
    drawn : sequence of Trial
    folder : Path
    seed : int
        That the letters were drawn with, for the key.
    overwrite : bool
        Whether files that exist may be replaced.
    progress : callable
        Called with the name of each photo whose sheets are written.

    Returns
    -------
    int
        How many sheets there are.

    Raises
    ------
    TargetExistsError
        When a file exists that may not be replaced; nothing is written then.
    ScotopicError
        When a picture cannot be read, or a file cannot be written.
    """
    _check_targets(drawn, folder, overwrite)
    written = 0
    for trial in drawn:
        for name, sheet in draw(trial):
            data = views.encoded(sheet, "PNG")
            storage.write_atomically(data, folder / _file_name(trial, name), overwrite)
            written += 1
        progress(trial.name)
    empty = ballots.empty([trial.name for trial in drawn])
    storage.write_atomically(empty, folder / ballots.BALLOT, overwrite)
    storage.write_json(trials.key_of(drawn, seed), folder / trials.KEY, overwrite)
    return written


def _file_name(trial: Trial, name: str) -> str:
    return f"{trial.name}_{name}.png"


def _check_targets(drawn: Sequence[Trial], folder: Path, overwrite: bool) -> None:
    names = [_file_name(trial, name) for trial in drawn for name in ("whole", *places.RULES)]
    for target in (folder / name for name in (trials.KEY, ballots.BALLOT, *names)):
        if not overwrite and target.exists():
            raise storage.already_there(target)


def draw(trial: Trial) -> Iterator[tuple[str, Image.Image]]:
    """Draw the sheets of one photo: the whole pictures, then the crops.

    Yields
    ------
    name : str
        ``whole``, then each key of `scotopic.evaluation.blind.places.RULES`.
    sheet : image
        At most 990 pixels wide.
    """
    dark = views.as_seen(reading.read(trial.input))
    chosen = places.choose(dark)
    columns, width = _whole_layout(1 + len(trial.candidates), dark.shape)
    shown = [_view("input", dark, chosen, width)]
    for letter, candidate in trial.candidates.items():  # one at a time, for less memory
        pixels = views.as_seen(reading.read(candidate.path))
        if pixels.shape != dark.shape:
            raise InvalidValueError(
                "the result differs in size from its input", path=candidate.path
            )
        shown.append(_view(letter, pixels, chosen, width))
    title = f"{trial.name}: whole pictures, {dark.shape[1]}x{dark.shape[0]}"
    yield "whole", grid(title, [(view.label, view.whole) for view in shown], columns)
    for index, place in enumerate(chosen):
        title = f"{trial.name}: {place.kind}, true pixels at {place.left}, {place.top}"
        cells = [(view.label, view.crops[index]) for view in shown]
        yield place.kind, grid(title, cells, _columns_of_width(place.side, len(cells)))


def _view(label: str, picture: Array, chosen: Sequence[Place], width: int) -> _View:
    crops = [Image.fromarray(place.cut(picture)) for place in chosen]
    return _View(label, views.scaled(picture, width), crops)


def _whole_layout(count: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """Columns of whole pictures, and their width: as large as fits, and never enlarged."""
    height, width = shape[:2]

    def width_in(columns: int) -> int:
        rows = -(-count // columns)
        highest = (_TALLEST - _TITLE - _GAP) // rows - _LABEL - _GAP
        widest = (WIDEST - _GAP) // columns - _GAP
        return max(1, min(width, widest, highest * width // height))

    columns = max(range(count, 0, -1), key=width_in)
    return columns, width_in(columns)


def _columns_of_width(width: int, count: int) -> int:
    """As many columns as fit on a sheet, or fewer if the rows then are as many and even."""
    fitting = max(1, (WIDEST - _GAP) // (width + _GAP))
    rows = -(-count // fitting)
    return -(-count // rows)


def grid(title: str, cells: Sequence[Cell], columns: int) -> Image.Image:
    """Draw pictures of one size in rows, each under its label, none of them scaled.

    Parameters
    ----------
    title : str
        Stands at the top; it is cut off where the sheet ends.
    cells : sequence of (str, image)
    columns : int

    Returns
    -------
    image
        RGB.
    """
    font, small = ImageFont.load_default(18), ImageFont.load_default(13)
    across, down = cells[0][1].width + _GAP, cells[0][1].height + _LABEL + _GAP
    rows = -(-len(cells) // columns)
    for_title = min(WIDEST, round(small.getlength(title)) + 2 * _GAP)
    size = (max(columns * across + _GAP, for_title), _TITLE + _GAP + rows * down)
    sheet = Image.new("RGB", size, _SURROUND)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, 2), title, "white", small)
    for index, (label, picture) in enumerate(cells):
        left, top = _GAP + index % columns * across, _TITLE + index // columns * down
        pen.text((left, top), label, "white", font)
        sheet.paste(picture, (left, top + _LABEL))
    return sheet

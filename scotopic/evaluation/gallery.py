"""The pictures that an HTML report shows: the best and the worst of a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from scotopic.evaluation import views
from scotopic.types import Array

_WIDTH = 800
_EACH_END = 4


@dataclass(frozen=True)
class Entry:
    """A picture that is shown.

    Attributes
    ----------
    name : str
    value : float
        The score that ranks it.
    views : dict of str to str
        A ``data:`` URL for each of ``input``, ``result``, ``reference`` and
        ``error`` that there is.
    """

    name: str
    value: float
    views: dict[str, str]


class Gallery:
    """The four best and the four worst pictures by a score, at most 800 pixels wide.

    No others are held in memory, however many are added.

    Parameters
    ----------
    key : str
        Key of the column that ranks the pictures.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.entries: list[Entry] = []

    def add(self, name: str, value: float, pictures: Mapping[str, Array]) -> None:
        """Add a picture, if it is among the best or the worst so far.

        Parameters
        ----------
        name : str
        value : float
            Its score.
        pictures : mapping of str to array, (height, width, 3), uint8
            By kind: ``result``, and ``input`` and ``reference`` if there are any.
        """
        ranked = sorted([*(entry.value for entry in self.entries), value])
        place = ranked.index(value)
        if _EACH_END <= place < len(ranked) - _EACH_END:
            return
        shown = dict(pictures)
        if "reference" in shown:
            shown["error"] = views.error_map(shown["result"], shown["reference"])
        urls = {kind: views.as_data_url(_small(array)) for kind, array in shown.items()}
        self.entries.append(Entry(name, value, urls))
        self.entries.sort(key=lambda entry: entry.value)
        if len(self.entries) > 2 * _EACH_END:
            del self.entries[_EACH_END]


def _small(picture: Array) -> Image.Image:
    return views.scaled(picture, min(picture.shape[1], _WIDTH))

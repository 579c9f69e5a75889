"""What became of a film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scotopic.jobs.outcome import Outcome


@dataclass(frozen=True)
class Made:
    """How a film was made.

    Attributes
    ----------
    model : str
    frames : int
    resumed_at : int
        Frames that an interrupted run had done before.
    seconds : float
        Length of the film.
    size : (width, height)
    encoder, pixel_format : str
        FFmpeg's names.
    scenes : tuple of dict
        How each scene was exposed.
    """

    model: str
    frames: int
    resumed_at: int
    seconds: float
    size: tuple[int, int]
    encoder: str
    pixel_format: str
    scenes: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**vars(self), "size": list(self.size), "scenes": list(self.scenes)}


@dataclass(frozen=True)
class VideoOutcome(Outcome):
    """What became of a film: as of a picture, and how it was made.

    Its ``format`` is the container of the result, and it has no ``report``: each scene
    has one of its own.

    Attributes
    ----------
    made : Made or None
        None where nothing was made.
    """

    made: Made | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON, as ``outcome.schema.json`` describes them."""
        return {**super().as_dict(), **({} if self.made is None else self.made.as_dict())}

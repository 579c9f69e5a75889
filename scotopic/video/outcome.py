"""What became of a film."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scotopic.errors import ScotopicError

Status = Literal["enhanced", "skipped", "failed"]


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
class VideoOutcome:
    """What became of a film.

    Attributes
    ----------
    status : {"enhanced", "skipped", "failed"}
        ``skipped``: an earlier call made the same result already.
    source : str
    target : Path or None
    format : str or None
        The container of the result; None where nothing was made.
    made : Made or None
    notes : tuple of str
        What had to be converted or could not be kept, and what was wrong with the film.
    error : ScotopicError or None
    """

    status: Status
    source: str
    target: Path | None = None
    format: str | None = None
    made: Made | None = None
    notes: tuple[str, ...] = ()
    error: ScotopicError | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON, as ``outcome.schema.json`` describes them."""
        return {
            "status": self.status,
            "source": self.source,
            "target": None if self.target is None else str(self.target),
            "format": self.format,
            "notes": list(self.notes),
            "error": None if self.error is None else self.error.as_dict(),
            **({} if self.made is None else self.made.as_dict()),
        }

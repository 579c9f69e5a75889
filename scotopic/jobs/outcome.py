"""What became of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scotopic.enhancer import Report
from scotopic.errors import ScotopicError

Status = Literal["enhanced", "copied", "skipped", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of a picture.

    Attributes
    ----------
    status : {"enhanced", "copied", "skipped", "failed"}
        ``copied``: left as it was, since it is bright enough. ``skipped``: an
        earlier call made the same result already.
    source : str
        The file's path, or another name of what was read.
    target : Path, str or None
        The file of the result, or its URL as text; None when the result is given
        back as bytes.
    format : str or None
        Pillow's name of the result's format; None where nothing was made.
    report : Report or None
        How the picture was exposed; None where nothing was made.
    notes : tuple of str
        What had to be converted or could not be kept, each in a sentence.
    error : ScotopicError or None
        Why it failed.
    """

    status: Status
    source: str
    target: Path | str | None = None
    format: str | None = None
    report: Report | None = None
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
            **({} if self.report is None else self.report.as_dict()),
        }

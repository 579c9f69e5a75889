"""What is asked for of films, as one value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from scotopic.errors import InvalidValueError
from scotopic.series.film import TEMPORAL
from scotopic.types import is_number, is_whole_number
from scotopic.wish import Wish

MOST_CRF = 51
PREVIEW_SIDE = 640
"""Long side of a preview, in pixels."""
SEGMENT_SECONDS = 5.0
_MOST_SEGMENT_FRAMES = 300


@dataclass(frozen=True)
class VideoSettings:
    """How films are enhanced and encoded.

    Attributes
    ----------
    wish : Wish
    temporal : float
        Strength of the filter over time, 0 to 1 (`scotopic.pixels.steadying`).
    crf : int, optional
        Constant rate factor of the encoder: 0 for the best, 51 for the smallest. By default
        that of `scotopic.video.encoding`.
    preview : bool
        Reduced to 640 pixels on the long side, and encoded in haste.
    overwrite : bool
        Replace files that exist.
    resume : bool
        Go on where an interrupted run of the same film with the same settings stopped.
    segment_seconds : float
        Seconds of film after which what was done is safe.

    Raises
    ------
    InvalidValueError
        For a value out of its range.
    """

    wish: Wish = field(default_factory=Wish)
    temporal: float = TEMPORAL
    crf: int | None = None
    preview: bool = False
    overwrite: bool = False
    resume: bool = True
    segment_seconds: float = SEGMENT_SECONDS

    def __post_init__(self) -> None:
        if not is_number(self.temporal) or not 0 <= self.temporal <= 1:
            raise InvalidValueError(f"temporal must lie between 0 and 1, not {self.temporal!r}")
        if self.crf is not None and not (is_whole_number(self.crf) and 0 <= self.crf <= MOST_CRF):
            raise InvalidValueError(
                f"crf must be a whole number from 0 to {MOST_CRF}, not {self.crf!r}"
            )
        if not is_number(self.segment_seconds) or not self.segment_seconds > 0:
            raise InvalidValueError(
                f"segment_seconds must be more than 0, not {self.segment_seconds!r}"
            )

    def segment_frames(self, fps: float) -> int:
        """Frames after which a segment ends."""
        return max(1, min(round(self.segment_seconds * fps), _MOST_SEGMENT_FRAMES))

    def of_result(self) -> dict[str, Any]:
        """What a result depends on."""
        own = {"temporal": self.temporal, "crf": self.crf, "preview": self.preview}
        return {**asdict(self.wish), **own, "segment_seconds": self.segment_seconds}

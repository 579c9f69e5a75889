"""What a person asks for of a picture, as one value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scotopic.errors import InvalidValueError
from scotopic.types import is_number

MOST_STOPS = 8


@dataclass(frozen=True)
class Wish:
    """How a picture is to be enhanced.

    Attributes
    ----------
    exposure : float, optional
        Mean level wanted of the result, between 0 and 1. It is never limited.
    ev : float
        Stops added to the automatic exposure, -8 to 8. They are never limited.
    balance : float
        How far the gain may vary over the picture: 0 for one gain, 1 as
        predicted.
    strength : float
        0 gives the picture back, 1 the whole effect.
    limited : bool
        Whether the automatic exposure is limited by what the picture can bear
        (`scotopic.pixels.restraint`).
    skip_bright : bool
        Leave a picture as it is if it is as bright as predicted already.

    Raises
    ------
    InvalidValueError
        When a value is no number or out of its range, or both an exposure and
        ev are given.
    """

    exposure: float | None = None
    ev: float = 0.0
    balance: float = 1.0
    strength: float = 1.0
    limited: bool = True
    skip_bright: bool = False

    def __post_init__(self) -> None:
        for name in ("exposure", "ev", "balance", "strength"):
            value = getattr(self, name)
            if not is_number(value) and not (name == "exposure" and value is None):
                raise InvalidValueError(f"{name} must be a number, not {value!r}")
        if self.exposure is not None and not 0 < self.exposure < 1:
            raise InvalidValueError(f"exposure must lie between 0 and 1, not {self.exposure}")
        if self.exposure is not None and self.ev:
            raise InvalidValueError("give either an exposure or ev, not both")
        if not (math.isfinite(self.ev) and abs(self.ev) <= MOST_STOPS):
            raise InvalidValueError(f"ev must lie between -8 and 8 stops, not {self.ev}")
        for name in ("balance", "strength"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidValueError(
                    f"{name} must lie between 0 and 1, not {getattr(self, name)}"
                )

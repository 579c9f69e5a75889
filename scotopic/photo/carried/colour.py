"""Colour told by numbers instead of a profile: in PNG, AVIF and HEIC.

ITU-T H.273, tables 2 and 3, for the codes; PNG specification, third edition, 11.3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scotopic.photo.carried import curves, icc
from scotopic.photo.carried.curves import Curve

_D65 = (0.3127, 0.3290)
_XY = {
    1: (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    4: (0.310, 0.316, 0.670, 0.330, 0.210, 0.710, 0.140, 0.080),
    5: (*_D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
"""Codes of primaries to x and y of white, red, green and blue."""
_EXPONENTS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
"""Codes of curves that are powers."""
_HDR = {16: curves.PQ, 18: curves.HLG}
_UNSPECIFIED = 2
_USUAL_EXPONENT, _NEAR = 2.2, 0.02
_NEAR_XY = 0.002
_SANE = (0.1, 10.0)


@dataclass(frozen=True)
class Colour:
    """What numbers in a file say of its colours.

    Attributes
    ----------
    codes : (int, int) or None
        Of the primaries and of the curve, as in H.273.
    xy : tuple of 8 floats or None
        Chromaticities of white, red, green and blue, for a PNG without codes.
    exponent : float or None
        Of the power of a value that is light, for a PNG without codes.
    chunks : bytes
        The chunks of a PNG that say so, and are kept in a PNG.
    """

    codes: tuple[int, int] | None = None
    xy: tuple[float, ...] | None = None
    exponent: float | None = None
    chunks: bytes = b""

    def curve(self) -> Curve | None:
        """The curve of the values; None for that of sRGB and those that are taken for it.

        That of BT.709 is among these, as in browsers.
        """
        if self.codes and self.codes[1] in _HDR:
            return _HDR[self.codes[1]]
        exponent = self._power()
        if exponent is None or abs(exponent / _USUAL_EXPONENT - 1) <= _NEAR:
            return None
        return curves.LINEAR if exponent == 1 else curves.power(exponent)

    def profile(self, is_gray: bool) -> bytes | None:
        """A profile that says the same, of a curve of HDR that of sRGB.

        None where that is sRGB, or the numbers make no sense.
        """
        exponent, xy = self._power(), self._primaries()
        is_usual = xy is None or np.abs(np.subtract(xy, _XY[1])).max() <= _NEAR_XY
        if (is_usual or is_gray) and self.curve() in (None, *_HDR.values()):
            return None
        return icc.made(_XY[1] if xy is None else xy, exponent, is_gray)

    def _power(self) -> float | None:
        exponent = _EXPONENTS.get(self.codes[1]) if self.codes else self.exponent
        return exponent if exponent and _SANE[0] <= exponent <= _SANE[1] else None

    def _primaries(self) -> tuple[float, ...] | None:
        return _XY.get(self.codes[0]) if self.codes else self.xy


def of_codes(primaries: int, transfer: int) -> Colour | None:
    """The colour of codes; None if they tell nothing."""
    if primaries == transfer == _UNSPECIFIED:
        return None
    return Colour((primaries, transfer))

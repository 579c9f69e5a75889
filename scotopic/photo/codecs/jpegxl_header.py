"""What the start of a JPEG XL codestream says. ISO/IEC 18181-1, annexes C (sizes) and D, E."""

from __future__ import annotations

from dataclasses import dataclass

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SRGB = 1, 1, 13
"""White point, primaries and transfer function of sRGB."""
_GRAY, _XYB, _CUSTOM, _LINEAR = 1, 2, 2, 8
_ALPHA, _SPOT, _CFA = 0, 2, 5
_HALF_FLOAT = 16
Choices = tuple[tuple[int, int], ...]
_SIZES: Choices = ((1, 9), (1, 13), (1, 18), (1, 30))
_ENUM: Choices = ((0, 0), (1, 0), (2, 4), (18, 6))


@dataclass
class JxlHeader:
    """What is said of the picture.

    Attributes
    ----------
    size : (width, height)
        As it is to be shown, upright.
    bits : int
        A channel.
    is_float : bool
    is_animated : bool
    is_xyb : bool
        Whether it is stored in the colours of lossy compression.
    is_srgb : bool
        Whether its colours are those of sRGB, or gray on its curve.
    linear_at : int or None
        For colours that are sRGB's but linear: the bit of the codestream where four
        bits say so.
    """

    size: tuple[int, int]
    bits: int = 8
    is_float: bool = False
    is_animated: bool = False
    is_xyb: bool = True
    is_srgb: bool = True
    linear_at: int | None = None


class _Bits:
    """Numbers of the codestream, from the lowest bit of each byte; zeros behind its end."""

    def __init__(self, data: bytes) -> None:
        self._all, self._at = int.from_bytes(data, "little"), 0

    @property
    def at(self) -> int:
        """The next bit, counted from the start of the codestream."""
        return self._at + 16

    def number(self, count: int) -> int:
        value = self._all >> self._at & (1 << count) - 1
        self._at += count
        return value

    def flag(self) -> bool:
        return bool(self.number(1))

    def choice(self, choices: Choices) -> int:
        """One of four: a number, and how many bits follow that are added to it."""
        least, count = choices[self.number(2)]
        return least + self.number(count)

    def half(self) -> None:
        self.number(_HALF_FLOAT)


def header_of(codestream: bytes) -> JxlHeader:
    """Read the header of a codestream, from its first bytes; 256 are enough."""
    bits = _Bits(codestream[2:258])
    header, turned = JxlHeader(_size(bits)), False
    if bits.flag():
        return header
    if bits.flag():
        turned = bits.number(3) >= 4
        if bits.flag():
            _size(bits)
        if bits.flag():
            _preview(bits)
        header.is_animated = bits.flag()
        if header.is_animated:
            _animation(bits)
    header.bits, header.is_float = _depth(bits)
    bits.flag()  # whether 16 bits are enough for its buffers
    for _ in range(bits.choice(((0, 0), (1, 0), (2, 4), (1, 12)))):
        _extra_channel(bits)
    header.is_xyb = bits.flag()
    header.is_srgb, header.linear_at = _colours(bits)
    if turned:
        header.size = header.size[::-1]
    return header


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()
    height = 8 * (1 + bits.number(5)) if small else bits.choice(_SIZES)
    ratio = bits.number(3)
    if ratio:
        above, below = _RATIOS[ratio - 1]
        return height * above // below, height
    return (8 * (1 + bits.number(5)) if small else bits.choice(_SIZES)), height


def _preview(bits: _Bits) -> None:
    by_eight = bits.flag()
    sizes: Choices = (
        ((16, 0), (32, 0), (1, 5), (33, 9))
        if by_eight
        else (
            (1, 6),
            (65, 8),
            (321, 10),
            (1345, 12),
        )
    )
    bits.choice(sizes)
    if not bits.number(3):
        bits.choice(sizes)


def _animation(bits: _Bits) -> None:
    bits.choice(((100, 0), (1000, 0), (1, 10), (1, 30)))
    bits.choice(((1, 0), (1001, 0), (1, 8), (1, 10)))
    bits.choice(((0, 0), (0, 3), (0, 16), (0, 32)))
    bits.flag()


def _depth(bits: _Bits) -> tuple[int, bool]:
    if not bits.flag():
        return bits.choice(((8, 0), (10, 0), (12, 0), (1, 6))), False
    depth = bits.choice(((32, 0), (16, 0), (24, 0), (1, 6)))
    bits.number(4)
    return depth, True


def _extra_channel(bits: _Bits) -> None:
    if bits.flag():
        return
    kind = bits.choice(_ENUM)
    _depth(bits)
    bits.choice(((0, 0), (3, 0), (4, 0), (1, 3)))
    bits.number(8 * bits.choice(((0, 0), (0, 4), (16, 5), (48, 10))))
    if kind == _ALPHA:
        bits.flag()
    elif kind == _SPOT:
        for _ in range(4):
            bits.half()
    elif kind == _CFA:
        bits.choice(((1, 0), (0, 2), (3, 4), (19, 8)))


def with_curve_of_srgb(codestream: bytes) -> bytes:
    """A codestream whose colours are said to be linear, said to have the curve of sRGB."""
    at = header_of(codestream).linear_at
    if at is None:
        return codestream
    start = int.from_bytes(codestream[:258], "little")
    start = start & ~(15 << at) | (_SRGB[2] - _ENUM[2][0]) << at
    return start.to_bytes(min(258, len(codestream)), "little") + codestream[258:]


def _colours(bits: _Bits) -> tuple[bool, int | None]:
    """Whether colours are those of sRGB, and where it stands that they are its linear ones."""
    if bits.flag():
        return True, None
    if bits.flag():  # a profile
        return False, None
    space = bits.choice(_ENUM)
    if space == _XYB:
        return False, None
    white = bits.choice(_ENUM)
    primaries = _SRGB[1] if space == _GRAY else bits.choice(_ENUM)
    if white == _CUSTOM or primaries == _CUSTOM or bits.flag():  # numbers of their own, or a gamma
        return False, None
    curve = bits.choice(_ENUM)
    at = bits.at - _ENUM[2][1] if (white, primaries, curve) == (*_SRGB[:2], _LINEAR) else None
    return (white, primaries, curve) == _SRGB, at

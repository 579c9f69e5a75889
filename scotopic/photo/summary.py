"""What EXIF says of how a picture was taken, for people to see."""

from __future__ import annotations

from dataclasses import dataclass

from scotopic.photo.carried.exif_block import PREFIX, Directory, Order, Tags, of_tiff

_MAKE, _MODEL, _CHANGED = 0x010F, 0x0110, 0x0132
_SECONDS, _APERTURE, _ISO, _TAKEN, _FOCAL_LENGTH, _LENS = (
    *(0x829A, 0x829D, 0x8827, 0x9003),
    *(0x920A, 0xA434),
)
_LATITUDE, _LONGITUDE = 2, 4
_SIZES = {3: 2, 4: 4}
_MOST_TEXT = 120


@dataclass(frozen=True)
class Summary:
    """How a picture was taken; None for what its EXIF does not say.

    Attributes
    ----------
    camera, lens : str or None
    taken : str or None
        Such as ``2024-05-01 20:15:03``, by the camera's clock.
    exposure : str or None
        Such as ``1/60 s``.
    aperture : str or None
        Such as ``f/2.8``.
    focal_length : str or None
        Such as ``35 mm``.
    iso : int or None
    place : bool
        Whether it says where.
    """

    camera: str | None = None
    lens: str | None = None
    taken: str | None = None
    exposure: str | None = None
    aperture: str | None = None
    focal_length: str | None = None
    iso: int | None = None
    place: bool = False


def summary_of(exif: bytes | None) -> Summary:
    """Sum up an EXIF block; what of it is damaged counts as not there."""
    if not exif:
        return Summary()
    tags = of_tiff(exif.removeprefix(PREFIX))
    seconds, aperture = (_ratio(tags, tag) for tag in (_SECONDS, _APERTURE))
    length = _ratio(tags, _FOCAL_LENGTH)
    return Summary(
        camera=_camera(tags.main),
        lens=_text(tags.exif, _LENS),
        taken=_date(_text(tags.exif, _TAKEN) or _text(tags.main, _CHANGED)),
        exposure=None if seconds is None else _duration(seconds),
        aperture=None if aperture is None else f"f/{aperture:.3g}",
        focal_length=None if length is None else f"{length:.4g} mm",
        iso=_number(tags.exif, _ISO, tags.order),
        place=_LATITUDE in tags.gps and _LONGITUDE in tags.gps,
    )


def _text(directory: Directory, tag: int) -> str | None:
    """A text up to its first zero, of characters that can be seen."""
    if tag not in directory:
        return None
    text = directory[tag].data.split(b"\0")[0].decode("utf-8", "replace")
    seen = "".join(each for each in text if each.isprintable())
    return " ".join(seen.split())[:_MOST_TEXT] or None


def _camera(main: Directory) -> str | None:
    """Maker and model, without the maker where the model names it."""
    make, model = _text(main, _MAKE), _text(main, _MODEL)
    if make is None or model is None:
        return model or make
    return model if model.lower().startswith(make.split()[0].lower()) else f"{make} {model}"


def _date(text: str | None) -> str | None:
    """A date of EXIF, whose parts are divided by colons, as people write it."""
    if text is None or not any(each in "123456789" for each in text):
        return None
    day, _, time = text.partition(" ")
    return f"{day.replace(':', '-')} {time}".strip()


def _number(directory: Directory, tag: int, order: Order) -> int | None:
    value = directory.get(tag)
    if value is None or value.kind not in _SIZES:
        return None
    return int.from_bytes(value.data[: _SIZES[value.kind]], order) or None


def _ratio(tags: Tags, tag: int) -> float | None:
    """A positive number that is written as two whole ones."""
    value = tags.exif.get(tag)
    if value is None or value.kind not in (5, 10) or len(value.data) < 8:
        return None
    above, below = (int.from_bytes(value.data[at : at + 4], tags.order) for at in (0, 4))
    return above / below if above and below else None


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 0.3 else f"1/{1 / seconds:.0f} s"

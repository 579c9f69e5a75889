"""ModelSpec: what an ONNX file says of itself, checked when the file is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from scotopic.errors import ModelError

METADATA_PREFIX = "scotopic."
LAYOUT = "NCHW"
CURVE = "m: g*m/(1+(g-1)*m); x/m: h*r/(1+(h-1)*r), h=(1+(g-1)*m)^0.3"
NO_CURVE = "none"
ENCODING = "as stored, gamma, RGB in 0..1"


@dataclass(frozen=True)
class ModelSpec:
    """Everything that running a network needs, as stored in its file.

    There are two kinds of network. One predicts a gain map from a thumbnail
    and corrects tiles of the picture under any such map; the other takes the picture
    alone, pools over all of it, and has None where this is said below.

    Attributes
    ----------
    name, version : str
    size_multiple : int
        Sides of the tiles that the network is given are multiples of it.
    receptive_radius : int or None
        Pixels that the inputs of an aligned block of ``size_multiple`` pixels
        reach beyond it. None when the network takes the picture alone: tiles
        of it are not the picture whole.
    thumbnail_size, context_size : int or None
        None when the network takes the picture alone.
    bytes_per_pixel : int
        Working memory for each pixel of a tile.
    training_data, licence, recipe_sha256 : str
    layout : str
        ``NCHW``: batch, channels, height, width.
    curve : str
        The exposing curve of the brightest channel m and of the ratios x/m, as
        in `scotopic.pixels.exposure`; or ``none`` when the network takes the
        picture alone.
    encoding : str
        Colour encoding expected.
    """

    name: str
    version: str
    size_multiple: int
    receptive_radius: int | None
    thumbnail_size: int | None
    context_size: int | None
    bytes_per_pixel: int
    training_data: str
    licence: str
    recipe_sha256: str
    layout: str = LAYOUT
    curve: str = CURVE
    encoding: str = ENCODING

    @property
    def predicts_exposure(self) -> bool:
        """Whether the network predicts an exposure, and corrects at any."""
        return self.thumbnail_size is not None

    def metadata(self) -> dict[str, str]:
        """As key and value for an ONNX file."""
        return {METADATA_PREFIX + k: json.dumps(v) for k, v in asdict(self).items()}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str], source: str) -> ModelSpec:
        """Read and check what `metadata` wrote.

        Parameters
        ----------
        metadata : dict
            All metadata of an ONNX file; keys of other programs are ignored.
        source : str
            The file, for messages.

        Raises
        ------
        ModelError
            When a field is missing, unknown, of another type, out of its
            range, or contradicts the others. It names the file and the field.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if METADATA_PREFIX + name not in metadata]
        if missing:
            raise ModelError(
                f"not a scotopic network: its metadata lacks {', '.join(missing)}", path=source
            )
        values = {}
        for key, text in metadata.items():
            if key.startswith(METADATA_PREFIX):
                field = key.removeprefix(METADATA_PREFIX)
                values[field] = _checked(field, text, source)
        _check_kind(values, source)
        return cls(**values)


def _checked(field: str, text: str, source: str) -> Any:
    """The value of one field."""
    if field not in _RULES:
        raise ModelError(f"its metadata has an unknown field {field}", path=source)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ModelError(
            f"its metadata field {field} is not JSON: {text!r}", path=source
        ) from error
    accepts, wanted = _RULES[field]
    if not accepts(value):
        raise ModelError(f"its metadata field {field} must be {wanted}, not {value!r}", path=source)
    return value


def _check_kind(values: dict[str, Any], source: str) -> None:
    """Refuse fields that belong to different kinds of network."""
    alone = values["thumbnail_size"] is None
    for field in ("context_size", "receptive_radius"):
        if (values[field] is None) != alone:
            needed = "null" if alone else "a number"
            raise ModelError(
                f"its metadata field {field} must be {needed}, as thumbnail_size is", path=source
            )
    curve = NO_CURVE if alone else CURVE
    if values["curve"] != curve:
        kind = "takes the picture alone" if alone else "predicts an exposure"
        raise ModelError(
            f"its metadata field curve must be {curve!r} for a network that {kind},"
            f" not {values['curve']!r}",
            path=source,
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _at_least(least: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and value >= least


def _at_least_or_none(least: int) -> Callable[[object], bool]:
    return lambda value: value is None or (type(value) is int and value >= least)


def _one_of(*allowed: str) -> Callable[[object], bool]:
    return lambda value: value in allowed


_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "name": (_is_name, "a text that is not empty"),
    "version": (_is_text, "a text"),
    "size_multiple": (_at_least(1), "a whole number from 1"),
    "receptive_radius": (_at_least_or_none(0), "a whole number from 0, or null"),
    "thumbnail_size": (_at_least_or_none(1), "a whole number from 1, or null"),
    "context_size": (_at_least_or_none(1), "a whole number from 1, or null"),
    "bytes_per_pixel": (_at_least(1), "a whole number from 1"),
    "training_data": (_is_text, "a text"),
    "licence": (_is_text, "a text"),
    "recipe_sha256": (_is_text, "a text"),
    "layout": (_one_of(LAYOUT), repr(LAYOUT)),
    "curve": (_one_of(CURVE, NO_CURVE), f"{CURVE!r} or {NO_CURVE!r}"),
    "encoding": (_one_of(ENCODING), repr(ENCODING)),
}
"""What each field may be, and how a message says so."""
